"""How errors look: a `Problem` for programs, a page for people; from every layer, decided by the path."""

import logging
from html import escape
from typing import TYPE_CHECKING

import pydantic_core
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.exc import DataError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException

from transactional.database import is_busy
from transactional.errors import DatabaseBusy, IdempotencyKeyRequired, RateLimited, ShopError

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI, Request

    # (request, status, heading, message) -> the page in the shop's own dress
    ProblemPage = Callable[["Request", int, str, str], Response]

log = logging.getLogger(__name__)
_CODES = {404: "not_found", 405: "method_not_allowed"}
_FOR_PROGRAMS = ("/api/", "/healthz")
_HEADINGS = {
    404: "There is nothing here",
    405: "That cannot be done here",
    413: "That was too much",
    429: "One moment, please",
    503: "One moment, please",
}
_PLAIN = (
    '<!doctype html><html lang="en"><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1"><title>{0}</title>'
    '<link rel="stylesheet" href="/static/theme.css"><link rel="stylesheet" href="/static/shop.css">'
    '<main><h1>{0}</h1><p>{1}</p><a class="button" href="/">To the shop</a></main></html>'
)


def is_page(path: str) -> bool:
    """Whether a person looks at what is served at `path`."""
    return not path.startswith(_FOR_PROGRAMS)


def plain_page(status: int, message: str, headers: dict[str, str]) -> Response:
    """An error as a person sees it, without looking anything up."""
    return HTMLResponse(_PLAIN.format(_heading(status), escape(message)), status, headers)


def refusal(path: str, problem: ShopError) -> Response:
    """The answer of the gate, which knows no shop: it must cost almost nothing."""
    if is_page(path):
        return plain_page(problem.status, problem.message, _retry(problem))
    return _json(problem.status, problem.code, problem.message, problem.details, _retry(problem))


def _heading(status: int) -> str:
    return _HEADINGS.get(status, "That did not work")


def _retry(problem: ShopError) -> dict[str, str]:
    return {"retry-after": "1"} if isinstance(problem, (RateLimited, DatabaseBusy)) else {}


def _json(status: int, code: str, message: str, details: object, headers: dict[str, str]) -> Response:
    body = pydantic_core.to_json({"code": code, "message": message, "details": details}, fallback=str)
    return Response(body, status, headers, media_type="application/json")


def add_handlers(app: "FastAPI", page: "ProblemPage") -> None:
    """Answer every error of the app with a `Problem`, or with `page` where a person looks."""

    def answer(
        request: "Request",
        status: int,
        code: str,
        message: str,
        details: object = None,
        headers: dict[str, str] | None = None,
    ) -> Response:
        headers = headers or {}
        if not is_page(request.url.path):
            return _json(status, code, message, details or {}, headers)
        if status >= 500:
            return plain_page(status, message, headers)  # the database may be what does not answer
        shown = page(request, status, _heading(status), message)
        shown.headers.update(headers)
        return shown

    @app.exception_handler(ShopError)
    async def refused(request: "Request", problem: ShopError) -> Response:
        return answer(
            request, problem.status, problem.code, problem.message, problem.details, _retry(problem)
        )

    @app.exception_handler(RequestValidationError)
    async def malformed(request: "Request", problem: RequestValidationError) -> Response:
        errors = [{"at": list(e["loc"]), "message": e["msg"]} for e in problem.errors()]
        if any([str(part).lower() for part in e["at"]] == ["header", "idempotency-key"] for e in errors):
            return await refused(request, IdempotencyKeyRequired())
        return answer(request, 422, "invalid_request", "The request is malformed.", {"errors": errors})

    @app.exception_handler(HTTPException)
    async def not_served(request: "Request", problem: HTTPException) -> Response:
        status = problem.status_code
        headers = dict(problem.headers or {})
        return answer(request, status, _CODES.get(status, "http_error"), str(problem.detail), headers=headers)

    @app.exception_handler(DataError)
    async def unstorable(request: "Request", _: DataError) -> Response:
        # PostgreSQL takes no zero bytes in text, and nothing else gets past the schemas.
        return answer(request, 422, "invalid_request", "The request holds text that cannot be stored.")

    @app.exception_handler(IntegrityError)
    async def overtaken(request: "Request", problem: IntegrityError) -> Response:
        # What was looked up to be free was taken before this transaction committed.
        log.warning("the database refused: %s", problem.orig)
        return answer(request, 409, "conflict", "Somebody else changed the same just now: look again.")

    @app.exception_handler(OperationalError)
    async def unreached(request: "Request", problem: OperationalError) -> Response:
        return await (busy if is_busy(problem) else failed)(request, problem)

    @app.exception_handler(PoolTimeoutError)
    async def busy(request: "Request", problem: Exception) -> Response:
        log.warning("the database refused: %s", problem)
        return await refused(request, DatabaseBusy())

    @app.exception_handler(Exception)
    async def failed(request: "Request", problem: Exception) -> Response:
        log.error("unexpected error", exc_info=problem)
        return answer(request, 500, "internal_error", "Something went wrong here; nothing was changed.")
