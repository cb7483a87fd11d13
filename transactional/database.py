"""The shop's database: column types, engine and unit of work with its change log."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, Dialect, ForeignKey, MetaData, String, TypeDecorator
from sqlalchemy.dialects import postgresql

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# UUIDv7 as text: native on PostgreSQL, no conversion cost on SQLite.
Id = String(36).with_variant(postgresql.UUID(as_uuid=False), "postgresql")

# An amount of money in minor units (pence, cents); its currency stands in the same row.
Money = BigInteger


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC with microseconds; refuses a datetime without a time zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def id_column() -> Column[str]:
    return Column("id", Id, primary_key=True)


def reference(name: str, target: str, *, nullable: bool = False, index: bool = False) -> Column[str]:
    """A foreign key column `name` to `target` ("table.column")."""
    return Column(name, Id, ForeignKey(target), nullable=nullable, index=index)


def moment(name: str, *, nullable: bool = False) -> Column[datetime]:
    return Column(name, UtcDateTime, nullable=nullable)
