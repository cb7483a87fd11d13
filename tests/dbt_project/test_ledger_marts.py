"""The ledger's report, and the audit that compares it with what was sold."""

from lakes import Lake, change, credit_note, order, order_line, shop

from orchestration.batch import Batches
from orchestration.serving import open_published, read_status
from settings import Settings

SANDBOX = "asset:receivable:sandbox"


def post(
    lake: Lake,
    document: str,
    minutes: float,
    *postings: tuple[str, str, int],
    name: str = "test",
    currency: str = "GBP",
) -> None:
    """Write a journal entry with its postings, as the shop does: together."""
    happened = order(document, minutes)["placed_at"]
    entry_id = f"entry-{name}-{document}"
    entry = {"id": entry_id, "reference": f"{name}:{document}", "document": document}
    lake.write("journal_entries", change(entry | {"reason": "test", "occurred_at": happened}))
    rows = [
        change(
            {
                "id": f"posting-{name}-{document}-{position}",
                "entry_id": entry_id,
                "position": position,
                "source": source,
                "destination": destination,
                "amount": amount,
                "currency": currency,
                "occurred_at": happened,
            }
        )
        for position, (source, destination, amount) in enumerate(postings, 1)
    ]
    lake.write("postings", *rows)


def sell(lake: Lake, number: str, minutes: float, revenue: int = 1_000) -> None:
    """A paid order of 10.00 and 2.00 tax, and what the ledger says about it."""
    lake.order(number, minutes)
    post(lake, number, minutes, (SANDBOX, "income:sales", revenue), (SANDBOX, "liability:tax", 200))


def test_an_order_and_its_return_are_in_the_ledger_what_they_are_in_sales(
    settings: Settings, batches: Batches, lake: Lake
) -> None:
    sell(lake, "A1", 0)
    header, line = credit_note("C1", "A1", 60)
    lake.write("credit_notes", header)
    lake.write("credit_note_lines", line)
    owed = "liability:refunds"
    post(lake, "C1", 60, ("income:returns", owed, 1_000), ("liability:tax", owed, 200))
    batches.run()
    assert read_status(settings).state == "ok"
    with open_published(settings) as published:
        rows = published.execute(
            "select account, sum(amount) from marts.fct_ledger_postings group by all order by all"
        ).fetchall()
    assert rows == [
        (SANDBOX, 1_200),
        ("income:returns", 1_000),
        ("income:sales", -1_000),
        (owed, -1_200),
        ("liability:tax", 0),
    ]


def test_what_is_given_away_is_neither_in_the_ledgers_income_nor_a_sale(
    settings: Settings, batches: Batches, lake: Lake
) -> None:
    sell(lake, "A1", 0)
    lake.write("orders", order("A2", 10, purpose="sample", discount=1_000, tax=0, total=0))
    lake.write("order_lines", order_line("A2", discount=1_000, tax=0))
    post(lake, "S2", 20, ("expense:given_away", "asset:inventory", 400))
    batches.run()
    assert read_status(settings).state == "ok"
    with open_published(settings) as published:
        rows = published.execute(
            "select order_number, purpose, is_sale, gross_sales, discounts from marts.fct_orders order by all"
        ).fetchall()
    assert rows == [("A1", "sale", True, 1_000, 0), ("A2", "sample", False, 0, 0)]


def test_an_order_that_the_ledger_tells_differently_is_not_published(
    settings: Settings, batches: Batches, lake: Lake
) -> None:
    sell(lake, "A1", 0)
    batches.run()
    assert read_status(settings).state == "ok"
    sell(lake, "A2", 5, revenue=999)
    batches.run()
    assert "ledger_agrees_with_sales" in str(read_status(settings))


def test_an_order_that_the_ledger_does_not_have_is_not_published(
    settings: Settings, batches: Batches, lake: Lake
) -> None:
    sell(lake, "A1", 0)
    lake.order("A2", 5)
    batches.run()
    assert "ledger_agrees_with_sales" in str(read_status(settings))


def test_what_was_sold_before_there_was_a_ledger_is_not_missed(
    settings: Settings, batches: Batches, lake: Lake
) -> None:
    lake.write("shops", shop(shop_id="import"))
    lake.order("A1", 0)
    lake.write("orders", order("B1", 30, shop_id="import"))
    lake.write("order_lines", order_line("B1", shop_id="import"))
    sell(lake, "A2", 5)
    batches.run()
    assert read_status(settings).state == "ok"
