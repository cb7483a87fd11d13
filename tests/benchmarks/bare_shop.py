"""What the shop is measured against: the same requests on FastAPI with hand-written SQL, and no domain.

It reads and writes only what an order cannot do without: no ledger, no change log, no answers kept, no
movements, no tokens. Run as `python -m tests.benchmarks.bare_shop PORT DATABASE PROVIDER SECRET`, where
DATABASE is what `fill` filled: the path of a SQLite file or a postgresql:// URL.
"""

import json
import sqlite3
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import uvicorn
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

from transactional.database import SQLITE_PRAGMAS

TABLES = """
create table products (id text primary key, slug text not null unique, name text not null, description text,
    brand text, category text not null, image text, status text not null);
create table skus (id text primary key, product_id text not null references products,
    code text not null unique, options text not null, list_price bigint not null, price bigint not null,
    on_hand integer not null, reserved integer not null default 0, check (reserved <= on_hand));
create index skus_product on skus (product_id);
create table gift_cards (code text primary key, balance bigint not null check (balance >= 0));
create table carts (id text primary key, status text not null, created_at text not null);
create table cart_lines (id text primary key, cart_id text not null references carts,
    sku_id text not null references skus, quantity integer not null);
create index cart_lines_cart on cart_lines (cart_id);
create table orders (id text primary key, cart_id text not null unique references carts, status text not null,
    email text not null, address text not null, discount bigint not null, total bigint not null,
    placed_at text not null, paid_at text);
create table order_lines (id text primary key, order_id text not null references orders,
    sku text not null, quantity integer not null, price bigint not null);
create index order_lines_order on order_lines (order_id);
create table payments (id text primary key, order_id text not null references orders, method text not null,
    external_id text, amount bigint not null, status text not null);
create index payments_order on payments (order_id);
"""
PERCENT_OFF = 10


class Database:
    """One connection with one placeholder style; a transaction never awaits, so one is enough."""

    def __init__(self, address: str) -> None:
        self._is_sqlite = not address.startswith("postgresql")
        self._connection: Any = (
            sqlite3.connect(address, isolation_level=None)
            if self._is_sqlite
            else psycopg.connect(address, autocommit=True)
        )
        if self._is_sqlite:
            for pragma in SQLITE_PRAGMAS:
                self._connection.execute(f"pragma {pragma}")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self.run("begin immediate" if self._is_sqlite else "begin")
        try:
            yield
        except BaseException:
            self.run("rollback")
            raise
        self.run("commit")

    def run(self, sql: str, *values: Any) -> Any:
        return self._connection.execute(sql if self._is_sqlite else sql.replace("?", "%s"), values)

    def many(self, sql: str, rows: Iterable[tuple[Any, ...]]) -> None:
        if self._is_sqlite:
            self._connection.executemany(sql, rows)
        else:
            with self._connection.cursor() as cursor:
                cursor.executemany(sql.replace("?", "%s"), rows)

    def script(self, sql: str) -> None:
        for statement in filter(str.strip, sql.split(";")):
            self.run(statement)


class LineIn(BaseModel):
    sku: str
    quantity: int


class LinesIn(BaseModel):
    lines: list[LineIn]


class Buyer(BaseModel):
    email: str
    name: str
    address: str
    city: str
    postal_code: str
    country: str
    region: str | None = None


class TenderIn(BaseModel):
    method: str
    code: str
    amount: int


class OrderIn(BaseModel):
    cart: str
    buyer: Buyer
    tenders: list[TenderIn]


def fill(address: str, products: list[dict[str, Any]], gift_cards: list[str]) -> None:
    """Make the tables, and put the shop's own products and SKUs into them."""
    database = Database(address)
    database.script(TABLES)
    with database.transaction():
        database.many(
            "insert into products values (?, ?, ?, ?, ?, ?, ?, 'live')",
            [
                tuple(
                    p[name]
                    for name in ("id", "slug", "name", "description", "brand_id", "category_id", "image")
                )
                for p in products
            ],
        )
        database.many(
            "insert into skus values (?, ?, ?, ?, ?, ?, 1000000, 0)",
            [
                (s["id"], p["id"], s["code"], json.dumps(s["options"]), s["list_price"], s["price"])
                for p in products
                for s in p["skus"]
            ],
        )
        database.many("insert into gift_cards values (?, 1000000000)", [(code,) for code in gift_cards])


def create_app(address: str, provider: str, secret: str) -> FastAPI:
    db = Database(address)
    http = httpx.AsyncClient(
        base_url=provider,
        headers={"authorization": f"Bearer {secret}"},
        limits=httpx.Limits(keepalive_expiry=3),  # the sandbox closes what is idle for 5 s
        timeout=5,
        trust_env=False,
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> Any:
        yield
        await http.aclose()

    app = FastAPI(lifespan=lifespan)

    @app.get("/healthz")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    def cart_of(cart_id: str) -> dict[str, Any]:
        lines = db.run(
            "select l.id, s.code, s.price, l.quantity, p.name, s.options, p.image, s.on_hand - s.reserved"
            " from cart_lines l join skus s on s.id = l.sku_id join products p on p.id = s.product_id"
            " where l.cart_id = ?",
            cart_id,
        ).fetchall()
        names = ("id", "sku", "price", "quantity", "name", "options", "image", "available")
        return {"token": cart_id, "lines": [dict(zip(names, line, strict=True)) for line in lines]}

    @app.post("/api/v1/carts", status_code=201)
    async def create_cart() -> dict[str, Any]:
        cart_id = str(uuid4())
        with db.transaction():
            db.run("insert into carts values (?, 'open', ?)", cart_id, _now())
        return {"token": cart_id, "lines": []}

    @app.post("/api/v1/carts/{cart_id}/lines", status_code=201)
    async def add_lines(cart_id: str, body: LinesIn) -> dict[str, Any]:
        with db.transaction():
            for line in body.lines:
                (sku_id,) = db.run("select id from skus where code = ?", line.sku).fetchone()
                db.run(
                    "insert into cart_lines values (?, ?, ?, ?)", str(uuid4()), cart_id, sku_id, line.quantity
                )
            return cart_of(cart_id)

    @app.post("/api/v1/orders", status_code=201)
    async def place(body: OrderIn) -> dict[str, Any]:
        order_id, payment_id = str(uuid4()), str(uuid4())
        with db.transaction():
            lines = cart_of(body.cart)["lines"]
            goods = sum(line["price"] * line["quantity"] for line in lines)
            discount = goods * PERCENT_OFF // 100
            total = goods - discount + 395
            for line in sorted(lines, key=lambda line: line["sku"]):
                taken = db.run(
                    "update skus set reserved = reserved + ? where code = ? and on_hand - reserved >= ?",
                    line["quantity"],
                    line["sku"],
                    line["quantity"],
                )
                if not taken.rowcount:
                    raise HTTPException(409, "out of stock")
            db.run("update carts set status = 'ordered' where id = ?", body.cart)
            db.run(
                "insert into orders values (?, ?, 'pending_payment', ?, ?, ?, ?, ?, null)",
                order_id,
                body.cart,
                body.buyer.email,
                body.buyer.model_dump_json(),
                discount,
                total,
                _now(),
            )
            db.many(
                "insert into order_lines values (?, ?, ?, ?, ?)",
                [(str(uuid4()), order_id, line["sku"], line["quantity"], line["price"]) for line in lines],
            )
            rest = total - sum(_spend(db, order_id, each.code, each.amount) for each in body.tenders)
            db.run(
                "insert into payments values (?, ?, 'card', null, ?, 'pending')", payment_id, order_id, rest
            )
        return {"token": order_id, "total": total, "lines": lines}

    @app.post("/api/v1/orders/{order_id}/payments", status_code=201)
    async def pay(order_id: str) -> dict[str, Any]:
        payment_id, amount = db.run(
            "select id, amount from payments where order_id = ? and status = 'pending'", order_id
        ).fetchone()
        asked = {
            "reference": payment_id,
            "amount": amount,
            "currency": "GBP",
            "description": f"Order {order_id}",
            "return_url": f"http://127.0.0.1/orders/{order_id}",
            "webhook_url": f"http://127.0.0.1/webhooks/{order_id}",
        }
        answer = await http.post("/v1/payments", json=asked, headers={"idempotency-key": payment_id})
        answer.raise_for_status()
        remote = answer.json()
        with db.transaction():
            db.run("update payments set external_id = ? where id = ?", remote["id"], payment_id)
        return {
            "payment_id": payment_id,
            "amount": amount,
            "currency": "GBP",
            "redirect_url": remote["pay_url"],
        }

    @app.post("/api/v1/webhooks/sandbox")
    async def webhook(event: dict[str, Any]) -> dict[str, Any]:
        payment_id = event["payment"]["reference"]
        with db.transaction():
            (order_id,) = db.run("select order_id from payments where id = ?", payment_id).fetchone()
            db.run("update payments set status = 'captured' where id = ?", payment_id)
            db.run("update orders set status = 'paid', paid_at = ? where id = ?", _now(), order_id)
        return {"outcome": "paid"}

    @app.get("/api/v1/products")
    async def list_products(page: int = 1, page_size: int = 20) -> dict[str, Any]:
        (total,) = db.run("select count(*) from products where status = 'live'").fetchone()
        rows = db.run(
            "select p.id, p.slug, p.name, p.brand, p.category, p.image, min(s.price), min(s.list_price),"
            " sum(s.on_hand - s.reserved) from (select * from products where status = 'live'"
            " order by id desc limit ? offset ?) p join skus s on s.product_id = p.id"
            " group by p.id, p.slug, p.name, p.brand, p.category, p.image order by p.id desc",
            page_size,
            (page - 1) * page_size,
        ).fetchall()
        names = ("id", "slug", "name", "brand", "category", "image", "price_from", "list_price_from")
        items = [{**dict(zip(names, row[:-1], strict=True)), "available": int(row[-1])} for row in rows]
        return {"items": items, "page": page, "page_size": page_size, "total": total}

    @app.get("/api/v1/products/{slug}")
    async def detail(slug: str) -> dict[str, Any]:
        product = db.run(
            "select id, slug, name, description, brand, category, image from products"
            " where slug = ? and status = 'live'",
            slug,
        ).fetchone()
        if product is None:
            raise HTTPException(404)
        skus = db.run(
            "select id, code, options, price, list_price, on_hand - reserved from skus where product_id = ?",
            product[0],
        ).fetchall()
        names = ("id", "slug", "name", "description", "brand", "category", "image")
        sku_names = ("id", "code", "options", "price", "list_price", "available")
        offered = [dict(zip(sku_names, sku, strict=True)) for sku in skus]
        return {
            **dict(zip(names, product, strict=True)),
            "skus": [{**sku, "options": json.loads(sku["options"])} for sku in offered],
        }

    return app


def _spend(db: Database, order_id: str, code: str, amount: int) -> int:
    spent = db.run(
        "update gift_cards set balance = balance - ? where code = ? and balance >= ?", amount, code, amount
    )
    if not spent.rowcount:
        raise HTTPException(409, "not enough on the gift card")
    db.run(
        "insert into payments values (?, ?, 'gift_card', ?, ?, 'captured')",
        str(uuid4()),
        order_id,
        None,
        amount,
    )
    return amount


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


if __name__ == "__main__":
    port, address, provider, secret = sys.argv[1:]
    uvicorn.run(
        create_app(address, provider, Path(secret).read_text().strip()),
        host="127.0.0.1",
        port=int(port),
        log_level="warning",
        access_log=False,
    )
