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


# Where each service's `create_app(settings)` is, and the setting that holds its port.
_SERVICES: dict[Service, tuple[str, str]] = {
    Service.shop: ("transactional.app", "shop_port"),
    Service.sandbox: ("transactional.payments.sandbox.app", "sandbox_port"),
    Service.collector: ("web_analytics.collector", "collector_port"),
}


@app.command(epilog="Example: storehouse serve shop")
def serve(service: Service) -> None:
    """Serve the shop, the sandbox payment provider or the event collector until it is stopped."""
    import uvicorn

    settings = Settings()
    module, port = _SERVICES[service]
    application = import_module(module).create_app(settings)
    uvicorn.run(
        application,
        host=settings.host,
        port=getattr(settings, port),
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=10,
    )
