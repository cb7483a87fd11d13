"""`storehouse dagster`: the page with the lineage from lake to dashboard."""

import os
import sys

import typer

from settings import Settings

app = typer.Typer()


@app.command(epilog="Example: STOREHOUSE_DAGSTER_PORT=3100 storehouse dagster")
def dagster() -> None:
    """Serve Dagster's page: lineage, checks, and runs that wait for the worker to yield the warehouse."""
    from orchestration.dagster_home import prepare
    from orchestration.transform import Transform

    settings = Settings()
    prepare(settings)
    Transform(settings)  # leaves the parsed project, so that loading the definitions parses nothing
    arguments = ["--module-name", "orchestration.defs.definitions", "--host", settings.host]
    arguments += [
        "--port",
        str(settings.dagster_port),
        "--log-level",
        "warning",
        "--code-server-log-level",
        "warning",
    ]
    # Dagster's own command replaces this process, which gives back the memory parsing took.
    os.execv(sys.executable, [sys.executable, "-m", "dagster_webserver", *arguments])  # noqa: S606
