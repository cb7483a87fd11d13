"""`storehouse publish`: what is loaded becomes the published build."""

import typer
from rich.console import Console

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
    with Console(stderr=True).status("Starting") as status, open_warehouse(settings) as warehouse:
        transform = Transform(settings, tell=status.update)
        results, build = build_and_publish(warehouse, transform, Steps(), [])
    if build is None:
        failed = ", ".join(f"{failure.name} on {failure.model}" for failure in failures(results))
        raise UserError(f"nothing is published, because these failed: {failed}")
    typer.echo(build)
