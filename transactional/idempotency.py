"""Idempotency keys: the first answer to a POST is stored with its effects, and a repeat gets it again."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Column, Integer, String, Table, Text, bindparam, delete, insert, select
from sqlalchemy.exc import IntegrityError

from transactional.database import metadata, moment
from transactional.errors import IdempotencyKeyReused, ShopError
from transactional.transactions import Database
from transactional.unit_of_work import Reading, UnitOfWork

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("key", String(128), primary_key=True),
    Column("fingerprint", String(64), nullable=False, comment="Hash of method, path and body."),
    Column("status", Integer, nullable=False, comment="HTTP status of the first answer."),
    Column("body", Text, nullable=False, comment="The first answer."),
    Column("created_at", moment("created_at").type, nullable=False, index=True),
    info={"logged": False},
)

_keys = idempotency_keys.c
_find = select(idempotency_keys).where(_keys.key == bindparam("wanted"))
_keep = insert(idempotency_keys)
_forget = delete(idempotency_keys).where(_keys.created_at < bindparam("before"))


@dataclass(frozen=True)
class Answer:
    """An answer to a POST.

    Args:
        status: of HTTP.
        replayed: whether it is the one given before.
    """

    status: int
    body: str
    replayed: bool = False


def fingerprint(method: str, address: str, body: bytes) -> str:
    return sha256(b"\n".join((method.encode(), address.encode(), body))).hexdigest()


async def once(
    database: Database,
    actor: str,
    request_id: str,
    key: str,
    request: str,
    work: Callable[[UnitOfWork], Answer],
) -> Answer:
    """Execute a request once per key: what it does and its answer are one transaction.

    The key is not looked for first, which hardly a request needs: the database takes an answer once, so what
    a repeat did is rolled back with its answer. Two at once with one key: the second waits until the first
    has committed, then gets its answer. An error changes nothing and is not kept: the request may be tried
    again.

    `work` must do nothing that a rollback does not undo.

    Args:
        actor: see `Database.transaction`.
        request: the request's `fingerprint`.

    Raises:
        IdempotencyKeyReused: the key stands for another request.
    """
    try:
        async with database.request(actor, request_id) as uow:
            answer = work(uow)
            _keep_answer(uow, key, request, answer)
        return answer
    except (IntegrityError, ShopError):
        # What a repeat finds done may also refuse it: a cart that has become the order asked for.
        with database.read() as db:
            before = stored(db, key, request)
        if before is None:
            raise
        return before


def _keep_answer(uow: UnitOfWork, key: str, request: str, answer: Answer) -> None:
    kept = {"key": key, "fingerprint": request, "status": answer.status, "body": answer.body}
    uow.write(_keep, **kept, created_at=uow.now)


def stored(db: Reading, key: str, request: str) -> Answer | None:
    """The answer kept under a key, if there is one.

    Raises:
        IdempotencyKeyReused: the key stands for another request.
    """
    found = db.row(_find, wanted=key)
    if found is None:
        return None
    if found["fingerprint"] != request:
        raise IdempotencyKeyReused
    return Answer(found["status"], found["body"], replayed=True)


def forget(uow: UnitOfWork, before: datetime) -> None:
    """Remove answers that were kept before a moment."""
    uow.write(_forget, before=before)
