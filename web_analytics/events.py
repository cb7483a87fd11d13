"""What a browser may post: the shape of an event, and how it becomes a line of the spool."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from msgspec import DecodeError, Meta, Raw, Struct, ValidationError, json

MAX_BODY_BYTES = 65_536
MAX_BATCH = 100

INT32 = Meta(ge=-(2**31), le=2**31 - 1)
INT64 = Meta(ge=-(2**63), le=2**63 - 1)
Int32 = Annotated[int, INT32]
Int64 = Annotated[int, INT64]
Name = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Word = Annotated[str, Meta(max_length=128)]
Text = Annotated[str, Meta(max_length=1024)]
Url = Annotated[str, Meta(min_length=1, max_length=4096)]
Currency = Annotated[str, Meta(pattern="^[A-Z]{3}$")]
# Any day from 1970 to 2100: a wrong clock is the warehouse's to judge, a nonsensical one is an error.
EpochMilliseconds = Annotated[int, Meta(ge=0, le=4_102_444_800_000)]
Moment = Annotated[datetime, Meta(tz=True)]


class Item(Struct, kw_only=True, omit_defaults=True, gc=False):
    """One product of an e-commerce event, in GA4's words; money in minor units."""

    item_id: Annotated[str, Meta(min_length=1, max_length=128)]
    item_name: Text | None = None
    item_brand: Text | None = None
    item_category: Text | None = None
    item_variant: Text | None = None
    price: Int64 | None = None
    quantity: Int32 | None = None
    index: Int32 | None = None
    item_list_name: Text | None = None


class Event(Struct, kw_only=True, gc=False):
    """One event as the tracker sends it; fields the shop does not know are ignored."""

    event_id: UUID
    event_name: Name
    occurred_at: EpochMilliseconds | Moment
    page_url: Url
    visitor_id: Annotated[str, Meta(min_length=1, max_length=64)] | None = None
    customer_id: Word | None = None
    page_title: Text | None = None
    referrer: Annotated[str, Meta(max_length=4096)] | None = None
    language: Word | None = None
    viewport_width: Int32 | None = None
    value: Int64 | None = None
    currency: Currency | None = None
    transaction_id: Word | None = None
    search_term: Text | None = None
    items: Annotated[list[Item], Meta(max_length=200)] | None = None
    params: Annotated[dict[Word, Text | Int64 | float | bool], Meta(max_length=50)] | None = None


class Arrival(Struct, gc=False):
    """What the collector knows of a request; `visitor_id` stands in where the event has none."""

    shop_id: str
    received_at: datetime
    user_agent: str | None
    source: str
    visitor_id: str | None = None
    overrule_visitor: bool = False


class _Line(Struct, omit_defaults=True, gc=False):
    """One row of the lake's events, as the spool holds it."""

    shop_id: str
    event_id: UUID
    event_name: str
    occurred_at: datetime
    received_at: datetime
    source: str
    page_url: str
    visitor_id: str | None = None
    customer_id: str | None = None
    page_title: str | None = None
    referrer: str | None = None
    user_agent: str | None = None
    language: str | None = None
    viewport_width: int | None = None
    value: int | None = None
    currency: str | None = None
    transaction_id: str | None = None
    search_term: str | None = None
    items: list[Item] | None = None
    params: str | None = None


class _QuarantineLine(Struct):
    received_at: datetime
    shop_id: str
    reason: str
    body: str


class Invalid(Struct, frozen=True):
    """What was posted and cannot be an event, with the reason a person can act on."""

    reason: str
    body: str


_decoder = json.Decoder(Event | list[Event])
_one = json.Decoder(Event)
_raws = json.Decoder(list[Raw])
_encoder = json.Encoder()


def parse(body: bytes) -> tuple[Sequence[Event], Sequence[Invalid]]:
    """Sort a request's body into valid events and what is to be quarantined."""
    try:
        posted = _decoder.decode(body)
    except (DecodeError, UnicodeDecodeError):
        return _sort_one_by_one(body)
    if isinstance(posted, Event):
        return (posted,), ()
    if not 1 <= len(posted) <= MAX_BATCH:
        return (), (Invalid(f"a batch holds 1 to {MAX_BATCH} events, this one {len(posted)}", _text(body)),)
    return posted, ()


def _sort_one_by_one(body: bytes) -> tuple[Sequence[Event], Sequence[Invalid]]:
    """The slow way, once something is known to be wrong."""
    try:
        raws = _raws.decode(body) if body.lstrip().startswith(b"[") else [Raw(body)]
    except (DecodeError, UnicodeDecodeError) as problem:
        return (), (Invalid(f"not JSON: {problem}", _text(body)),)
    if len(raws) > MAX_BATCH:
        return (), (Invalid(f"a batch holds 1 to {MAX_BATCH} events, this one {len(raws)}", _text(body)),)
    events: list[Event] = []
    invalid: list[Invalid] = []
    for raw in raws:
        try:
            events.append(_one.decode(raw))
        except ValidationError as problem:
            invalid.append(Invalid(str(problem), _text(bytes(raw))))
        except (DecodeError, UnicodeDecodeError) as problem:
            invalid.append(Invalid(f"not JSON: {problem}", _text(bytes(raw))))
    return events, invalid


def event_lines(events: Sequence[Event], arrival: Arrival) -> bytes:
    """The events as lines of the spool, each with its newline."""
    return _encoder.encode_lines([_line(event, arrival) for event in events])


def quarantine_lines(invalid: Sequence[Invalid], arrival: Arrival) -> bytes:
    return _encoder.encode_lines(
        [_QuarantineLine(arrival.received_at, arrival.shop_id, one.reason, one.body) for one in invalid]
    )


def _line(event: Event, arrival: Arrival) -> _Line:
    occurred_at = event.occurred_at
    if isinstance(occurred_at, int):
        occurred_at = datetime.fromtimestamp(occurred_at / 1000, UTC)
    elif occurred_at.tzinfo is not UTC:
        occurred_at = occurred_at.astimezone(UTC)
    own = None if arrival.overrule_visitor else event.visitor_id
    return _Line(
        arrival.shop_id,
        event.event_id,
        event.event_name,
        occurred_at,
        arrival.received_at,
        arrival.source,
        event.page_url,
        own or arrival.visitor_id,
        event.customer_id,
        event.page_title,
        event.referrer,
        arrival.user_agent,
        event.language,
        event.viewport_width,
        event.value,
        event.currency,
        event.transaction_id,
        event.search_term,
        event.items,
        None if event.params is None else _encoder.encode(event.params).decode(),
    )


def _text(body: bytes) -> str:
    """What was sent, readable: bytes that are no UTF-8 are escaped, not lost."""
    return body.decode("utf-8", "backslashreplace")
