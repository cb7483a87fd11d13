"""Every table of the shop in one place: for migrations, and for the lake's column types."""

from sqlalchemy import Table

from transactional.catalog import models as catalog
from transactional.change_log import change_log, is_logged
from transactional.checkout import models as checkout
from transactional.database import metadata
from transactional.idempotency import idempotency_keys
from transactional.invoices import models as invoices
from transactional.ledger import models as ledger
from transactional.members import models as members
from transactional.orders import change_models as order_changes
from transactional.orders import models as orders
from transactional.payments import models as payments
from transactional.payments.payouts import models as payouts
from transactional.promotions import models as promotions
from transactional.staff import models as staff
from transactional.stock import models as stock

__all__ = [
    "LOGGED_TABLES",
    "catalog",
    "change_log",
    "checkout",
    "idempotency_keys",
    "invoices",
    "ledger",
    "members",
    "metadata",
    "order_changes",
    "orders",
    "payments",
    "payouts",
    "promotions",
    "staff",
    "stock",
]

# The tables whose changes go to the lake, parents before children.
LOGGED_TABLES: list[Table] = [
    table for table in metadata.sorted_tables if is_logged(table) and table is not change_log
]
