"""Where the pages, their static files and the products' pictures are served."""

from fastapi import FastAPI, Request
from fastapi.responses import Response
from fastapi.staticfiles import StaticFiles

from transactional.api import shop_of
from transactional.pages import basket, browsing, ordering
from transactional.pages.rendering import HERE, page
from transactional.shop import Shop

HEADINGS = {404: "There is nothing here", 405: "There is nothing here", 429: "One moment, please"}


def add_pages(app: FastAPI, shop: Shop) -> None:
    """Serve the shop's pages beside its API."""
    for module in (browsing, basket, ordering):
        app.include_router(module.router)
    app.mount("/static", StaticFiles(directory=HERE / "static"))
    app.mount("/media", StaticFiles(directory=shop.settings.media, check_dir=False))


def problem_page(request: Request, status: int, message: str) -> Response:
    """An error as a person sees it."""
    shop = shop_of(request)
    with shop.database.read() as db:
        heading = HEADINGS.get(status, "That did not work")
        return page(request, shop, db, "problem.html", status, heading=heading, explanation=message)
