"""Where the pages, their static files and the products' pictures are served."""

from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.responses import Response
from fastapi.staticfiles import StaticFiles

from transactional.api import shop_of
from transactional.pages import basket, browsing, checkout, feedback, group, ordering
from transactional.pages.rendering import HERE, page
from transactional.shop import Shop

_NO_PAGE = "No page of the shop has this address."


def add_pages(app: FastAPI, shop: Shop) -> None:
    """Serve the shop's pages beside its API."""
    for module in (browsing, basket, checkout, ordering, group, feedback):
        app.include_router(module.router)
    app.mount("/static", StaticFiles(directory=HERE / "static"))
    app.mount("/media", StaticFiles(directory=shop.settings.media, check_dir=False))


def problem_page(request: Request, status: int, heading: str, message: str) -> Response:
    """An error as a person sees it."""
    shop = shop_of(request)
    # The address of an order opens it, also where something went wrong with it.
    secret = {"secret_path": "/orders/problem"} if request.url.path.startswith("/orders/") else {}
    told = _NO_PAGE if message == HTTPStatus.NOT_FOUND.phrase else message
    lost = status == HTTPStatus.NOT_FOUND
    with shop.database.read() as db:
        return page(
            request, shop, db, "problem.html", status, heading=heading, explanation=told, lost=lost, **secret
        )
