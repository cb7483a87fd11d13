"""How errors look on the wire: one body for all, from every layer."""

import logging
from typing import TYPE_CHECKING

import pydantic_core
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from sqlalchemy.exc import DataError, OperationalError
from starlette.exceptions import HTTPException

from transactional.errors import (
    DatabaseBusy,
    IdempotencyKeyRequired,
    RateLimited,
    ShopError,
)

if TYPE_CHECKING:
    from fastapi import FastAPI, Request

log = logging.getLogger(__name__)
_CODES = {404: "not_found", 405: "method_not_allowed"}


def _response(
    status: int, code: str, message: str, details: object, retry_after: int | None = None
) -> Response:
    body = pydantic_core.to_json({"code": code, "message": message, "details": details}, fallback=str)
    headers = {} if retry_after is None else {"retry-after": str(retry_after)}
    return Response(body, status, headers, media_type="application/json")


def problem_response(problem: ShopError) -> Response:
    retry_after = 1 if isinstance(problem, (RateLimited, DatabaseBusy)) else None
    return _response(problem.status, problem.code, problem.message, problem.details, retry_after)


def add_handlers(app: "FastAPI") -> None:
    """Answer every error of the app with a `Problem`."""

    @app.exception_handler(ShopError)
    async def refused(_: "Request", problem: ShopError) -> Response:
        return problem_response(problem)

    @app.exception_handler(RequestValidationError)
    async def malformed(_: "Request", problem: RequestValidationError) -> Response:
        errors = [{"at": list(e["loc"]), "message": e["msg"]} for e in problem.errors()]
        if any([str(part).lower() for part in e["at"]] == ["header", "idempotency-key"] for e in errors):
            return problem_response(IdempotencyKeyRequired())
        return _response(422, "invalid_request", "The request is malformed.", {"errors": errors})

    @app.exception_handler(HTTPException)
    async def not_served(_: "Request", problem: HTTPException) -> Response:
        code = _CODES.get(problem.status_code, "http_error")
        return _response(problem.status_code, code, str(problem.detail), {})

    @app.exception_handler(DataError)
    async def unstorable(_: "Request", problem: DataError) -> Response:
        # PostgreSQL takes no zero bytes in text, and nothing else gets past the schemas.
        return _response(422, "invalid_request", "The request holds text that cannot be stored.", {})

    @app.exception_handler(OperationalError)
    async def busy(_: "Request", problem: OperationalError) -> Response:
        log.warning("the database refused: %s", problem)
        return problem_response(DatabaseBusy())

    @app.exception_handler(Exception)
    async def failed(_: "Request", problem: Exception) -> Response:
        log.error("unexpected error", exc_info=problem)
        return _response(500, "internal_error", "Something went wrong here; nothing was changed.", {})
