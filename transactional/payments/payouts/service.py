"""Takes payout files in: all of a file or nothing, and the same file once."""

import hashlib
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import bindparam, select

from transactional.catalog.csv_reading import Fault
from transactional.errors import ImportRefused
from transactional.ledger import events as ledger
from transactional.payments.errors import PayoutKnown
from transactional.payments.payouts import files
from transactional.payments.payouts.files import FileFormat, PayoutLine
from transactional.payments.payouts.models import payout_lines, payouts
from transactional.unit_of_work import Row, UnitOfWork

_of_file = (
    select(payouts)
    .where(payouts.c.provider == bindparam("provider"), payouts.c.content_hash == bindparam("content_hash"))
    .order_by(payouts.c.external_id)
)
_known_lines = select(payout_lines.c.external_id).where(
    payout_lines.c.provider == bindparam("provider"),
    payout_lines.c.external_id.in_(bindparam("ids", expanding=True)),
)


@dataclass(frozen=True)
class TakenIn:
    """The payouts of a file; `new` is false when the file had come before."""

    payouts: list[Row]
    new: bool


def take_in(uow: UnitOfWork, provider: FileFormat, data: bytes) -> TakenIn:
    """Note and post the payouts of a provider's file.

    Raises:
        ImportRefused: names every fault with its line and column; the transaction must not be committed.
        PayoutKnown: another file told of one of its payouts; the same holds.
    """
    digest = hashlib.sha256(data).hexdigest()
    before = uow.rows(_of_file, provider=provider, content_hash=digest)
    if before:
        return TakenIn(before, new=False)
    lines = sorted(files.read(provider, data), key=lambda line: (line.payout, line.number))
    try:
        made = [
            _payout(uow, provider, digest, payout, list(its))
            for payout, its in groupby(lines, key=lambda line: line.payout)
        ]
    except PayoutKnown:
        before = uow.rows(_of_file, provider=provider, content_hash=digest)
        if not before:
            raise
        return TakenIn(before, new=False)  # the same file came at the same moment and was first
    _refuse_known(uow, provider, lines)
    by_id = {row["external_id"]: row["id"] for row in made}
    uow.insert_many(payout_lines, [_row(uow, provider, by_id[line.payout], line) for line in lines])
    for row in made:
        ledger.paid_out(uow, row)
    return TakenIn(made, new=True)


def _payout(uow: UnitOfWork, provider: str, digest: str, external_id: str, lines: list[PayoutLine]) -> Row:
    row = {
        "id": uow.new_id(),
        "provider": provider,
        "external_id": external_id,
        "content_hash": digest,
        "currency": lines[0].currency,
        "gross": sum(line.gross for line in lines),
        "fee": sum(line.fee for line in lines),
        "net": sum(line.net for line in lines),
        "lines": len(lines),
        "received_at": uow.now,
    }
    if not uow.insert_unless_there(payouts, row, "provider", "external_id"):
        raise PayoutKnown(external_id)
    return row


def _refuse_known(uow: UnitOfWork, provider: str, lines: list[PayoutLine]) -> None:
    ids = [line.external_id for line in lines]
    known = {row["external_id"] for row in uow.rows(_known_lines, provider=provider, ids=ids)}
    faults = [
        Fault(line.number, "", "came with another payout") for line in lines if line.external_id in known
    ]
    if faults:
        raise ImportRefused(sorted(faults))


def _row(uow: UnitOfWork, provider: str, payout_id: str, line: PayoutLine) -> Row:
    row = {name: value for name, value in vars(line).items() if name not in ("number", "payout")}
    return {
        "id": uow.new_id(),
        "payout_id": payout_id,
        "provider": provider,
        "position": line.number,
        **row,
    }
