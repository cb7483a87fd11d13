"""`storehouse publish`: what is loaded becomes the published build."""

import typer

from settings import Settings, UserError

app = typer.Typer()


@app.command(epilog="Example: storehouse publish")
def publish() -> None:
    """Build what is not built yet, audit what is not published yet, and publish it."""
    import logging

    from orchestration.batch import Steps, build_and_publish, failures
    from orchestration.transform import Transform
    from orchestration.warehouse import open_warehouse

    logging.basicConfig(level=logging.CRITICAL)
    settings = Settings()
    with open_warehouse(settings) as warehouse:
        results, build = build_and_publish(warehouse, Transform(settings), Steps(), [])
    if build is None:
        failed = ", ".join(f"{failure.name} on {failure.model}" for failure in failures(results))
        raise UserError(f"nothing is published, because these failed: {failed}")
    typer.echo(build)
