"""Carts know their channel and their customer, customers their groups, invoices what they were issued for."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

ID = sa.String(36).with_variant(sa.UUID(as_uuid=False), "postgresql")
BEFORE = "(kind = 'free_over') = (free_from is not null)"
SINCE = "case kind when 'flat' then free_from is null when 'weight' then true else free_from is not null end"


def upgrade() -> None:
    _place_carts()
    with op.batch_alter_table("customers", recreate="never") as batch_op:
        batch_op.add_column(
            sa.Column(
                "groups",
                sa.JSON(none_as_null=True),
                nullable=True,
                comment="Whose prices and offers are the customer's too; null for none.",
            )
        )
    with op.batch_alter_table("tax_zones", recreate="never") as batch_op:
        batch_op.add_column(
            sa.Column(
                "reverse_charge",
                sa.Boolean(),
                server_default=sa.false(),
                nullable=False,
                comment="Whether companies of other countries than the shop's owe the tax themselves.",
            )
        )
    _tell_more_on_invoices()
    _allow_free_by_weight()


def _place_carts() -> None:
    with op.batch_alter_table("carts", recreate="never") as batch_op:
        batch_op.add_column(
            sa.Column(
                "channel",
                sa.String(length=32),
                server_default="web",
                nullable=False,
                comment="Where it was opened: web, api, phone, staff or group.",
            )
        )
    customer = sa.Column(
        "customer_id",
        ID,
        sa.ForeignKey("customers.id", name=op.f("fk_carts_customer_id")),
        nullable=True,
        comment="Who proved to be its buyer.",
    )
    # SQLite can only add a reference together with its column; PostgreSQL would name that one itself.
    op.add_column("carts", customer, inline_references=op.get_bind().dialect.name == "sqlite")


def _tell_more_on_invoices() -> None:
    with op.batch_alter_table("invoice_requests", recreate="never") as batch_op:
        batch_op.add_column(
            sa.Column(
                "reverse_charge",
                sa.Boolean(),
                server_default=sa.false(),
                nullable=False,
                comment="Whether the order was sold without tax, as the buyer accounts for it.",
            )
        )
    with op.batch_alter_table("invoices", recreate="never") as batch_op:
        batch_op.add_column(
            sa.Column(
                "corrects", sa.String(length=32), nullable=True, comment="Number of a credit note's invoice."
            )
        )
        batch_op.add_column(
            sa.Column(
                "sent_on",
                sa.Date(),
                nullable=True,
                comment="Day of the shop's calendar on which the goods left.",
            )
        )
        batch_op.add_column(
            sa.Column(
                "promised_on",
                sa.Date(),
                nullable=True,
                comment="By when they were to arrive, while none has left.",
            )
        )
        batch_op.add_column(
            sa.Column(
                "reverse_charge",
                sa.Boolean(),
                server_default=sa.false(),
                nullable=False,
                comment="Whether the buyer accounts for the tax.",
            )
        )
    if op.get_bind().dialect.name == "postgresql":  # SQLite keeps no comments
        told = "Name, SKU, quantity, unit price, discount, net, tax and its rate."
        op.alter_column("invoices", "lines", comment=told)
    op.create_index(op.f("ix_invoices_issued_at"), "invoices", ["issued_at"])


def _allow_free_by_weight() -> None:
    connection = op.get_bind()
    name = op.f("ck_delivery_rates_free_from")
    if connection.dialect.name == "postgresql":
        op.drop_constraint(name, "delivery_rates", type_="check")
        op.create_check_constraint(name, "delivery_rates", SINCE)
        return
    # As in 0010: a check is only text, and the table need not be made anew.
    version: int = connection.execute(sa.text("pragma schema_version")).scalar_one()
    connection.execute(sa.text("pragma writable_schema = on"))
    connection.execute(
        sa.text("update sqlite_master set sql = replace(sql, :before, :since) where name = 'delivery_rates'"),
        {"before": BEFORE, "since": SINCE},
    )
    connection.execute(sa.text(f"pragma schema_version = {version + 1}"))
    connection.execute(sa.text("pragma writable_schema = off"))
