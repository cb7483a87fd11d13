"""What all routes share: the shop of a request, answers, and POSTs that are executed once."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, cast

from fastapi import Depends, Header, Query, Request
from fastapi.responses import Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel

from transactional import idempotency
from transactional.idempotency import Answer
from transactional.shop import Shop
from transactional.unit_of_work import UnitOfWork

API = "/api/v1"

IdempotencyKey = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        min_length=8,
        max_length=128,
        description="A UUID of your own: repeating the request with it gets the first answer again.",
        examples=["6f1c2a52-8f6e-4a3c-9d83-0c3c1a5a3f10"],
    ),
]

Currency = Annotated[
    str | None, Query(max_length=3, description="ISO 4217; without it the shop's own.", examples=["GBP"])
]


class Problem(BaseModel):
    """Every error: `code` is for programs, `message` for people, `details` are the numbers behind it."""

    code: str
    message: str
    details: dict[str, Any] = {}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI entry of a route's refusals."""
    return {status: {"model": Problem} for status in statuses}


def shop_of(request: Request) -> Shop:
    return cast(Shop, request.app.state.shop)


def request_id(request: Request) -> str:
    return cast(str, request.scope["request_id"])


_bearer = HTTPBearer(auto_error=False, description="The staff token.")


async def _authorise_staff(
    request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> None:
    shop_of(request).keys.authorise_staff(f"{given.scheme} {given.credentials}" if given else None)


STAFF_ONLY = Depends(_authorise_staff)  # for a router whose every route is the staff's


def respond(view: BaseModel, status: int = 200) -> Response:
    """Answer with `view` as it is: routes build views themselves, so FastAPI need not validate them again."""
    return Response(view.model_dump_json(), status, media_type="application/json")


async def once(
    request: Request,
    key: str,
    actor: str,
    work: Callable[[UnitOfWork], BaseModel],
    status: int = 201,
) -> Response:
    """Execute a POST once per Idempotency-Key; see `idempotency.once`."""
    fingerprint = await _fingerprint(request)

    def answered(uow: UnitOfWork) -> Answer:
        return Answer(status, work(uow).model_dump_json())

    database = shop_of(request).database
    return _respond(await idempotency.once(database, actor, request_id(request), key, fingerprint, answered))


async def once_after(
    request: Request,
    key: str,
    actor: str,
    prepare: Callable[[], Awaitable[Callable[[UnitOfWork], BaseModel]]],
    status: int = 201,
) -> Response:
    """Like `once`, for work that first talks to somebody else, which must not happen inside a transaction."""
    fingerprint = await _fingerprint(request)
    with shop_of(request).database.read() as db:
        answer = idempotency.stored(db, key, fingerprint)
    if answer is not None:
        return _respond(answer)
    return await once(request, key, actor, await prepare(), status)


async def _fingerprint(request: Request) -> str:
    address = f"{request.scope['path']}?{request.scope['query_string'].decode('latin-1')}"
    return idempotency.fingerprint(request.method, address, await request.body())


def _respond(answer: Answer) -> Response:
    headers = {"idempotency-replayed": "true"} if answer.replayed else None
    return Response(answer.body, answer.status, headers, media_type="application/json")
