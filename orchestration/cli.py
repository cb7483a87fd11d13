"""The `storehouse` command: each subcommand does one thing and lives in `orchestration/commands/`."""

import sys
from importlib import import_module
from typing import Any

import typer
import typer.core
from pydantic import ValidationError
from rich.console import Console

from settings import UserError

# Subcommand -> module of orchestration.commands whose `app` it is; heavy imports stand inside functions.
COMMANDS: dict[str, str] = {
    "dagster": "dagster",
    "dashboards": "dashboards",
    "import": "import_",
    "load": "load",
    "publish": "publish",
    "query": "query",
    "rebuild": "rebuild",
    "serve": "serve",
    "simulate": "simulate",
    "status": "status",
    "up": "up",
    "worker": "worker",
}


class LazyGroup(typer.core.TyperGroup):
    """Imports a subcommand only when it is asked for: `storehouse query` does not pay for dbt or Dagster."""

    def list_commands(self, ctx: Any) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"orchestration.commands.{COMMANDS[cmd_name]}")
        command = typer.main.get_command(module.app)
        command.name = cmd_name
        return command


app = typer.Typer(cls=LazyGroup, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def storehouse() -> None:
    """A shop whose warehouse is built in."""


def main() -> None:
    """Run the command line; what the caller can mend ends in one line on stderr and exit code 1."""
    stderr = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        app()
    except UserError as problem:
        stderr.print(f"storehouse: {problem}", markup=False)
        sys.exit(1)
    except ValidationError as problem:
        for error in problem.errors():
            name = "STOREHOUSE_" + "_".join(str(part) for part in error["loc"]).upper()
            stderr.print(f"storehouse: setting {name}: {error['msg']}", markup=False)
        sys.exit(1)
