"""Idempotency keys: the first answer to a POST is stored with its effects, and a repeat gets it again."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Column, Integer, String, Table, Text, bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from transactional.database import metadata, moment
from transactional.errors import IdempotencyKeyReused
from transactional.unit_of_work import Reading, UnitOfWork

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("key", String(128), primary_key=True),
    Column("fingerprint", String(64), nullable=False, comment="Hash of method, path and body."),
    Column("status", Integer, nullable=True, comment="HTTP status of the first answer."),
    Column("body", Text, nullable=True, comment="The first answer."),
    Column("created_at", moment("created_at").type, nullable=False, index=True),
    info={"logged": False},
)

_keys = idempotency_keys.c
_claims = {
    name: dialect.insert(idempotency_keys).on_conflict_do_nothing(index_elements=["key"]).returning(_keys.key)
    for name, dialect in (("sqlite", sqlite), ("postgresql", postgresql))
}
_find = select(idempotency_keys).where(_keys.key == bindparam("wanted"))
_keep = (
    update(idempotency_keys)
    .where(_keys.key == bindparam("wanted"))
    .values(status=bindparam("answer_status"), body=bindparam("answer_body"))
)
_forget = delete(idempotency_keys).where(_keys.created_at < bindparam("before"))


@dataclass(frozen=True)
class Answer:
    status: int
    body: str


def fingerprint(method: str, address: str, body: bytes) -> str:
    return sha256(b"\n".join((method.encode(), address.encode(), body))).hexdigest()


def claim(uow: UnitOfWork, key: str, request: str) -> Answer | None:
    """Take a key for this transaction; None when it is new and the request is to be executed.

    Two at once with one key: the second waits here until the first has committed, then gets its answer.

    Args:
        request: the request's `fingerprint`.

    Raises:
        IdempotencyKeyReused: the key stands for another request.
    """
    row = {"key": key, "fingerprint": request, "status": None, "body": None, "created_at": uow.now}
    if uow.rows(_claims[uow.dialect], **row):
        return None
    return stored(uow, key, request)


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
    return Answer(found["status"], found["body"])


def keep(uow: UnitOfWork, key: str, answer: Answer) -> None:
    """Store the answer of a claimed key in the transaction that did what it says."""
    uow.write(_keep, wanted=key, answer_status=answer.status, answer_body=answer.body)


def forget(uow: UnitOfWork, before: datetime) -> None:
    """Remove keys claimed before a moment."""
    uow.write(_forget, before=before)
