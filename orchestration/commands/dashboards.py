"""`storehouse dashboards`: the Streamlit pages."""

import os
import sys
from pathlib import Path

import typer

app = typer.Typer()

PAGE = Path(__file__).parents[2] / "dashboards" / "app.py"


@app.command(epilog="Example: STOREHOUSE_DASHBOARDS_PORT=8600 storehouse dashboards")
def dashboards() -> None:
    """Serve the dashboards on the published warehouse."""
    from settings import Settings, theme

    settings, colours = Settings(), theme().colours
    options = {
        "server.address": settings.host,
        "server.port": settings.dashboards_port,
        "server.headless": "true",
        "server.fileWatcherType": "none",
        "browser.gatherUsageStats": "false",
        "client.toolbarMode": "viewer",
        "client.showErrorDetails": "none",
        "theme.base": "light",
        "theme.primaryColor": colours.accent,
        "theme.textColor": colours.ink,
        "theme.backgroundColor": colours.ground,
        "theme.secondaryBackgroundColor": colours.surface,
        "theme.borderColor": colours.line,
        "theme.font": theme().type.family,
        "theme.greenTextColor": colours.good,
        "theme.redTextColor": colours.bad,
    }
    flags = [f"--{name}={value}" for name, value in options.items()]
    # Streamlit's own command replaces this process: it installs its signal handlers and nothing runs twice.
    os.execv(sys.executable, [sys.executable, "-m", "streamlit", "run", str(PAGE), *flags])  # noqa: S606
