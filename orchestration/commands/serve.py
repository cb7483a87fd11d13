"""`storehouse serve`: one server of Storehouse in the foreground."""

from enum import Enum
from importlib import import_module

import typer

from settings import Settings

app = typer.Typer()


class Service(str, Enum):  # noqa: UP042 - typer shows the values of a str enum
    shop = "shop"
    sandbox = "sandbox"
    collector = "collector"


# Where the `run(settings)` of each service is.
_MODULES = {
    Service.shop: "transactional.app",
    Service.sandbox: "transactional.payments.sandbox.app",
    Service.collector: "web_analytics.collector",
}


@app.command(epilog="Example: storehouse serve shop")
def serve(service: Service) -> None:
    """Serve the shop, the sandbox payment provider or the event collector until it is stopped."""
    import_module(_MODULES[service]).run(Settings())
