"""One shop: its database, terms, keys and payment providers, opened from the settings."""

from collections.abc import Mapping
from dataclasses import dataclass

from settings import Settings
from transactional.checkout import sale_terms
from transactional.database import Clock, connect, utc_now
from transactional.migrations import migrate
from transactional.payments.provider import Provider
from transactional.payments.providers import open_providers
from transactional.security import Keys
from transactional.staff import service as staff
from transactional.staff.service import Terms
from transactional.stock import service as stock
from transactional.transactions import Database
from transactional.unit_of_work import NewId, uuid7


@dataclass(frozen=True)
class Shop:
    settings: Settings
    database: Database
    terms: Terms
    keys: Keys
    providers: Mapping[str, Provider]


def open_shop(
    settings: Settings,
    clock: Clock = utc_now,
    new_id: NewId = uuid7,
    providers: Mapping[str, Provider] | None = None,
) -> Shop:
    """Open the shop, bringing its database to the newest schema; safe when several start at once.

    Args:
        clock: tells the time to everything the shop does; a simulator replays history through it.
        new_id: makes ids from that time.
        providers: take the payments, by name; those of the settings when none are given.

    Raises:
        UserError: the settings have no provider, or a provider whose settings are incomplete.
    """
    settings.home.mkdir(parents=True, exist_ok=True)
    engine = connect(settings.shop_database_url)
    migrate(engine)
    database = Database(engine, clock, new_id)
    with database.transaction("system:start") as uow:
        terms = staff.terms(uow, settings)
        stock.open_main(uow, settings.shop_id, settings.shop_country)
        sale_terms.open_first(uow, terms)
    return Shop(settings, database, terms, Keys.of(settings), providers or open_providers(settings))
