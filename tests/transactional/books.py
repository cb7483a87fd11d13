"""What must hold in a shop whatever happened to it: each function reads the tables and says it by itself."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

import replaying
from bank import Bank
from shopping import rows_of

from transactional.catalog.models import skus
from transactional.change_log import Change
from transactional.ledger import chart, tax
from transactional.ledger.chart import held
from transactional.ledger.models import journal_entries, ledger_accounts, postings
from transactional.ledger.statements import Period
from transactional.orders.change_models import order_change_additions, order_change_removals, order_changes
from transactional.orders.models import (
    credit_note_lines,
    credit_notes,
    order_lines,
    order_transitions,
    orders,
    shipment_lines,
    shipments,
)
from transactional.orders.rules import TRANSITIONS
from transactional.payments.models import gift_cards, payments, refunds, tender_events
from transactional.payments.rules import Holding, TenderEvent, holding
from transactional.promotions.models import (
    order_promotions,
    promotion_budgets,
    promotion_codes,
    promotion_customers,
)
from transactional.shop import Shop
from transactional.stock.models import backorders, stock_levels, stock_movements, transfer_lines, transfers
from transactional.unit_of_work import Row

HOLDS_STOCK = ("pending_payment", "paid", "gathering", "in_review", "approved", "partly_shipped")
NOTHING_KEPT = ("cancelled", "expired", "returned")
LEGAL = {(before, after) for (before, _), after in TRANSITIONS.items()}


def add_up(shop: Shop, bank: Bank) -> None:
    """Everything below, once all messages of the bank have arrived."""
    currency = shop.terms.currency
    currencies = (currency, *shop.terms.other_currencies)
    ledger, changes = ledger_of(shop), replaying.changes_of(shop)
    order_states_are_legal(changes)
    transitions_tell_every_state(shop, changes)
    stock_adds_up(shop)
    units_are_sent_or_taken_off_once(shop)
    inventory_adds_up(shop, ledger, currency)
    goods_cost_what_they_were_sold_at(shop, ledger, currency)
    tenders_add_up(shop, bank, ledger)
    orders_hold_what_they_cost(shop)
    goods_cost_the_shops_own_money(ledger, currency)
    for each in currencies:
        revenue_adds_up(shop, ledger, each)
        holders_have_what_is_theirs(shop, ledger, each)
        what_is_kept_back_is_in_review(shop, ledger, each)
    tax_is_told_by_rate(shop)
    points_are_those_of_the_orders(shop)
    refunds_are_owed(shop, ledger)
    promotions_are_counted(shop)
    replaying.log_gives_the_tables(shop, changes)


def total(rows: Iterable[Row], name: str) -> int:
    return sum(row[name] for row in rows)


def summed(rows: Iterable[Row], key: str, name: str) -> Counter[Any]:
    found: Counter[Any] = Counter()
    for row in rows:
        found[row[key]] += row[name]
    return found


def ledger_of(shop: Shop) -> Counter[tuple[str, str]]:
    """Balances by account and currency, credits above zero, recomputed from the postings."""
    found: Counter[tuple[str, str]] = Counter()
    for row in rows_of(shop, postings):
        assert chart.is_known(row["source"]) and chart.is_known(row["destination"]) and row["amount"] > 0
        found[row["source"], row["currency"]] -= row["amount"]
        found[row["destination"], row["currency"]] += row["amount"]
    return found


def holdings_of(shop: Shop) -> dict[str, Holding]:
    """What each tender holds, by payment id."""
    told: dict[str, list[TenderEvent]] = {}
    for row in rows_of(shop, tender_events):
        event = TenderEvent(row["type"], row["outcome"], row["reference"], row["amount"])
        told.setdefault(row["payment_id"], []).append(event)
    return {row["id"]: holding(told[row["id"]]) for row in rows_of(shop, payments)}


def order_states_are_legal(changes: Iterable[Change]) -> None:
    """Orders begin waiting for their money, and change only as the state machine says."""
    for change in changes:
        if change.table_name == "orders":
            before, after = (
                json.loads(side)["status"] if side else None for side in (change.before, change.after)
            )
            assert before == after or (before, after) in LEGAL | {(None, "pending_payment")}, change


def transitions_tell_every_state(shop: Shop, changes: Iterable[Change]) -> None:
    """Each order's transitions lead through all states the log saw it in, each as the table says."""
    seen: dict[str, list[str]] = {}
    for change in changes:
        if change.table_name == "orders" and change.after:
            status = json.loads(change.after)["status"]
            states = seen.setdefault(change.row_id, [status])
            if status != states[-1]:
                states.append(status)
    told = {order_id: states[:1] for order_id, states in seen.items()}
    for row in sorted(rows_of(shop, order_transitions), key=lambda each: int(each["position"])):
        assert TRANSITIONS[row["from_status"], row["event"]] == row["to_status"]
        assert told[row["order_id"]][-1] == row["from_status"] and row["actor"]
        if row["to_status"] != row["from_status"]:
            told[row["order_id"]].append(row["to_status"])
    assert told == seen


def stock_adds_up(shop: Shop) -> None:
    """Levels are the sums of their movements; what is reserved is what orders wait for."""
    there: Counter[tuple[str, str]] = Counter()
    promised: Counter[tuple[str, str]] = Counter()
    for row in rows_of(shop, stock_movements):
        there[row["sku_id"], row["warehouse_id"]] += row["on_hand_change"]
        promised[row["sku_id"], row["warehouse_id"]] += row["reserved_change"]
    levels = rows_of(shop, stock_levels)
    for row in levels:
        shelf = (row["sku_id"], row["warehouse_id"])
        assert (row["on_hand"], row["reserved"]) == (there[shelf], promised[shelf])
        assert 0 <= row["reserved"] <= row["on_hand"]
    waiting = {row["id"] for row in rows_of(shop, orders) if row["status"] in HOLDS_STOCK}
    lines = {row["id"]: row for row in rows_of(shop, order_lines) if row["order_id"] in waiting}
    wanted = summed(lines.values(), "sku_id", "quantity")
    called_off = {row["id"] for row in rows_of(shop, credit_notes) if row["kind"] == "cancellation"}
    for row in rows_of(shop, credit_note_lines):
        if (line := lines.get(row["order_line_id"])) and row["credit_note_id"] in called_off:
            wanted[line["sku_id"]] -= row["quantity"]
    for row in rows_of(shop, shipment_lines):
        if line := lines.get(row["order_line_id"]):
            wanted[line["sku_id"]] -= row["quantity"]
    wanted += kept_for_changes(shop)
    # Who waits holds nothing yet.
    wanted.subtract(summed(rows_of(shop, backorders), "sku_id", "waiting"))
    assert summed(levels, "sku_id", "reserved") == Counter(
        {row["sku_id"]: wanted[row["sku_id"]] for row in levels}
    )


def kept_for_changes(shop: Shop) -> Counter[str]:
    """Units by SKU id that open changes would add to what their orders hold."""
    lines = {row["id"]: row["sku_id"] for row in rows_of(shop, order_lines)}
    kept: Counter[str] = Counter()
    for change in rows_of(shop, order_changes):
        if change["status"] == "open":
            net: Counter[str] = Counter()
            for row in rows_of(shop, order_change_additions):
                net[row["sku_id"]] += row["quantity"] if row["change_id"] == change["id"] else 0
            for row in rows_of(shop, order_change_removals):
                net[lines[row["order_line_id"]]] -= row["quantity"] if row["change_id"] == change["id"] else 0
            kept += +net
    return kept


def units_are_sent_or_taken_off_once(shop: Shop) -> None:
    """No more of a line is sent, taken off or returned than there is; an order's state says how far it is."""
    kinds = {row["id"]: row["kind"] for row in rows_of(shop, credit_notes)}
    sent = summed(rows_of(shop, shipment_lines), "order_line_id", "quantity")
    credited: Counter[tuple[str, str]] = Counter()
    for row in rows_of(shop, credit_note_lines):
        credited[row["order_line_id"], kinds[row["credit_note_id"]]] += row["quantity"]
    away = {row["order_id"] for row in rows_of(shop, shipments) if row["status"] == "shipped"}
    for order in rows_of(shop, orders):
        mine = [row for row in rows_of(shop, order_lines) if row["order_id"] == order["id"]]
        left = [row["quantity"] - sent[row["id"]] - credited[row["id"], "cancellation"] for row in mine]
        kept = [sent[row["id"]] - credited[row["id"], "return"] for row in mine]
        assert min(*left, *kept) >= 0, order
        match order["status"]:
            case "pending_payment" | "paid" | "gathering" | "in_review" | "approved":
                assert sum(left) > 0 and not any(sent[row["id"]] for row in mine)
            case "partly_shipped":
                assert sum(left) > 0 and any(sent[row["id"]] for row in mine)
            case "shipped" | "delivered" | "completed":
                assert sum(left) == 0 < sum(kept)
                assert (order["id"] in away) == (order["status"] == "shipped")
            case "returned":
                assert sum(left) == sum(kept) == 0


def inventory_adds_up(shop: Shop, ledger: Mapping[tuple[str, str], int], currency: str) -> None:
    """The ledger's inventory is what lies on shelves and between them, at cost."""
    costs = {row["id"]: row["cost"] for row in rows_of(shop, skus)}
    travelling = {row["id"] for row in rows_of(shop, transfers) if row["status"] == "in_transit"}
    units = summed(rows_of(shop, stock_levels), "sku_id", "on_hand")
    for row in rows_of(shop, transfer_lines):
        under_way = row["sent"] - row["received"] - row["lost"]
        assert under_way == 0 or row["transfer_id"] in travelling
        units[row["sku_id"]] += under_way
    worth = sum(count * costs[sku_id] for sku_id, count in units.items())
    assert -ledger[chart.INVENTORY, currency] == worth
    expenses = (
        chart.COST_OF_GOODS,
        chart.GIVEN_AWAY,
        chart.SHRINKAGE,
        chart.REVALUED,
        chart.PRICE_VARIANCE,
    )
    gone = sum(ledger[expense, currency] for expense in expenses)
    owed = sum(amount for (code, _), amount in ledger.items() if code.startswith(chart.PAYABLE))
    assert owed + gone == worth


def goods_cost_what_they_were_sold_at(
    shop: Shop, ledger: Mapping[tuple[str, str], int], currency: str
) -> None:
    """Cost of goods is what the units that buyers have cost when they were ordered, whatever it is now."""
    kinds = {row["id"]: row["purpose"] for row in rows_of(shop, orders)}
    lines = {row["id"]: row for row in rows_of(shop, order_lines)}
    back = {row["id"] for row in rows_of(shop, credit_notes) if row["kind"] == "return"}
    sold = given = 0
    moved = [(row["order_line_id"], row["quantity"]) for row in rows_of(shop, shipment_lines)]
    moved += [
        (row["order_line_id"], -row["quantity"])
        for row in rows_of(shop, credit_note_lines)
        if row["credit_note_id"] in back and row["order_line_id"]
    ]
    for line_id, count in moved:
        line = lines[line_id]
        cost = count * line["cost"]
        sold, given = (sold + cost, given) if kinds[line["order_id"]] == "sale" else (sold, given + cost)
    assert -ledger[chart.COST_OF_GOODS, currency] == sold
    assert -ledger[chart.GIVEN_AWAY, currency] == given


def goods_cost_the_shops_own_money(ledger: Mapping[tuple[str, str], int], currency: str) -> None:
    """Whatever goods are sold in, what they cost is the shop's own currency; so are balance and points."""
    own = (chart.INVENTORY, chart.COST_OF_GOODS, chart.GIVEN_AWAY, chart.REVALUED, chart.SHRINKAGE)
    for (code, kept_in), amount in ledger.items():
        is_own = code in (*own, chart.LOYALTY) or code.startswith((chart.POINTS, chart.BALANCE))
        assert kept_in == currency or not is_own or amount == 0, (code, kept_in)


def tenders_add_up(shop: Shop, bank: Bank, ledger: Mapping[tuple[str, str], int]) -> None:
    """No tender gives back more than it took; the ledger and the provider say the same of each."""
    found = holdings_of(shop)
    sent: Counter[str] = Counter()
    on_balances: Counter[str] = Counter()
    for row in rows_of(shop, refunds):
        if row["status"] != "failed":
            sent[row["payment_id"]] += row["amount"]
            on_balances[row["payment_id"]] += row["amount"] if row["account"] else 0
    at_provider: Counter[str] = Counter()
    for row in rows_of(shop, payments):
        tender = found[row["id"]]
        assert tender.captured == (row["amount"] if row["status"] == "captured" else 0)
        assert tender.refunding + tender.refunded == sent[row["id"]]
        assert tender.refunded + tender.charged_back <= tender.captured + on_balances[row["id"]]
        if row["kind"] == "external":
            kept = tender.captured - tender.refunded - tender.charged_back + on_balances[row["id"]]
            deal = bank.deals.get(f"bank_{row['id']}")
            assert kept == (deal.left if deal else 0)
            assert deal is None or deal.remote.status != "authorised", "nobody's money is held for nothing"
            at_provider[row["currency"]] += kept
    for currency, amount in at_provider.items():
        assert -ledger[held(chart.RECEIVABLE, bank.name), currency] == amount


def orders_hold_what_they_cost(shop: Shop) -> None:
    """A paid order's tenders are its total less its credit notes; one that was called off holds nothing."""
    found = holdings_of(shop)
    money = rows_of(shop, payments)
    lost = {row["payment_id"] for row in rows_of(shop, refunds) if row["status"] == "failed"}
    # Holders' part is not taken again when they spent it before the dispute was won, and what the bank's
    # dashboard gave back has no credit note.
    short = {
        row["payment_id"]
        for row in rows_of(shop, refunds)
        if (row["reversal"] or "").startswith(("chargeback:", "outside:"))
    }
    notes = {row["id"]: row["order_id"] for row in rows_of(shop, credit_notes)}
    credited: Counter[str] = Counter()
    for row in rows_of(shop, credit_note_lines):
        credited[notes[row["credit_note_id"]]] += row["amount"] + row["shipping"] + row["tax"]
    for order in rows_of(shop, orders):
        tenders = [row for row in money if row["order_id"] == order["id"]]
        assert credited[order["id"]] <= order["total"]
        if any(row["id"] in lost | short or found[row["id"]].charged_back for row in tenders):
            continue
        left = sum(found[row["id"]].left for row in tenders)
        if order["status"] == "pending_payment":
            assert (
                left
                == total((row for row in tenders if row["kind"] == "internal"), "amount")
                < order["total"]
            )
        else:
            paid = order["total"] if order["paid_at"] else 0
            assert left == paid - credited[order["id"]], order


def revenue_adds_up(shop: Shop, ledger: Mapping[tuple[str, str], int], currency: str) -> None:
    """Income and tax are those of the sales that were paid less their credit notes, without gift cards."""
    all_sold = [row for row in rows_of(shop, orders) if row["paid_at"] and row["purpose"] == "sale"]
    sold = {row["id"]: row for row in all_sold if row["currency"] == currency}
    lines = {row["id"]: row for row in rows_of(shop, order_lines) if row["order_id"] in sold}
    notes = {row["id"] for row in rows_of(shop, credit_notes) if row["order_id"] in sold}
    credited = [row for row in rows_of(shop, credit_note_lines) if row["credit_note_id"] in notes]
    goods = [row for row in lines.values() if not row["is_gift_card"]]
    discount = total(lines.values(), "discount")
    returned = 0
    for row in credited:
        if row["order_line_id"] is None:  # delivery alone
            continue
        line = lines[row["order_line_id"]]
        if line["is_gift_card"]:
            discount -= line["gross"] // line["quantity"] * row["quantity"] - row["amount"]
        else:
            returned += row["amount"]
    assert ledger[chart.SALES, currency] == total(goods, "gross")
    assert -ledger[chart.DISCOUNTS, currency] == discount
    assert -ledger[chart.RETURNS, currency] == returned
    assert ledger[chart.SHIPPING, currency] == total(sold.values(), "shipping") - total(credited, "shipping")
    assert ledger[chart.TAX, currency] == total(sold.values(), "tax") - total(credited, "tax")
    references = {row["reference"] for row in rows_of(shop, journal_entries)}
    costing = [row for row in all_sold if row["gross"] or row["shipping"]]  # nothing else is posted
    paid = {f"order:{row['number']}:paid" for row in costing}
    assert {each for each in references if each.startswith("order:")} == paid


def tax_is_told_by_rate(shop: Shop) -> None:
    """The lines of sales and credit notes tell, at any moment, the tax that the ledger has."""
    moments = sorted({row["occurred_at"] for row in rows_of(shop, journal_entries)})
    for until in (*moments[::7], moments[-1] + timedelta(days=1)):
        with shop.database.read() as db:
            found = tax.of_period(db, Period(moments[0], until))
        told = summed([vars(each) | {"tax": each.tax} for each in found.rates], "currency", "tax")
        assert +told == +Counter(found.posted), until
        assert all(each.sold_tax <= each.sold for each in found.rates if each.rate_bp)
        assert all(each.tax == 0 for each in found.rates if each.rate_bp == 0)


def holders_have_what_is_theirs(shop: Shop, ledger: Mapping[tuple[str, str], int], currency: str) -> None:
    """What was given to balances, cards and points is left there, spent on orders, or taken back."""
    found = holdings_of(shop)
    spent: Counter[str] = Counter()
    waiting = 0
    unpaid = {row["id"] for row in rows_of(shop, orders) if row["paid_at"] is None}
    for row in rows_of(shop, payments):
        if row["kind"] == "internal":
            spent[row["account"]] += found[row["id"]].left
            is_waiting = row["order_id"] in unpaid and row["currency"] == currency
            waiting += found[row["id"]].left if is_waiting else 0
    assert ledger[chart.TENDERED, currency] == waiting
    given, taken = _given_and_taken(shop)
    for account in rows_of(shop, ledger_accounts):
        code = account["code"]
        assert 0 <= account["balance"] == ledger[code, account["currency"]]
        assert account["balance"] == given[code] - taken[code] - spent[code], code
    for card in rows_of(shop, gift_cards):
        code = held(chart.GIFT_CARD, card["id"])
        assert given[code] == card["initial"]
        is_gone = card["status"] in ("charged_back", "disabled")
        assert 0 <= taken[code] <= (card["initial"] if is_gone else 0)


def _given_and_taken(shop: Shop) -> tuple[Counter[str], Counter[str]]:
    """What holders got other than back from their orders, and what was taken other than for orders."""
    of_orders = (chart.TENDERED, chart.REFUNDS, chart.CHARGEBACKS)
    given: Counter[str] = Counter()
    taken: Counter[str] = Counter()
    entries = {row["id"]: row["reference"] for row in rows_of(shop, journal_entries)}
    for row in rows_of(shop, postings):
        if entries[row["entry_id"]].startswith("won:"):  # what a chargeback had taken is there again
            taken[row["destination"]] -= row["amount"]
            continue
        is_card_taken = row["source"].startswith(chart.GIFT_CARD) and row["destination"] in of_orders[1:]
        if is_card_taken or row["destination"] in (chart.LOYALTY, chart.DISCOUNTS):
            taken[row["source"]] += row["amount"]
        if not entries[row["entry_id"]].startswith("given_back:"):
            given[row["destination"]] += row["amount"]
    return given, taken


def points_are_those_of_the_orders(shop: Shop) -> None:
    """Each paid order gave its points once; no more of them was taken back."""
    numbers = {row["id"]: row["number"] for row in rows_of(shop, orders)}
    of_change = {row["number"]: numbers[row["order_id"]] for row in rows_of(shop, order_changes)}
    documents = {
        row["id"]: of_change.get(row["document"], row["document"]) for row in rows_of(shop, journal_entries)
    }
    references = {row["id"]: row["reference"] for row in rows_of(shop, journal_entries)}
    given: Counter[str] = Counter()
    taken: Counter[str] = Counter()
    for row in rows_of(shop, postings):
        if row["source"] == chart.LOYALTY and references[row["entry_id"]].startswith("won:"):
            taken[documents[row["entry_id"]]] -= row["amount"]
        elif row["source"] == chart.LOYALTY:
            given[documents[row["entry_id"]]] += row["amount"]
        if row["destination"] == chart.LOYALTY:
            taken[documents[row["entry_id"]]] += row["amount"]
    for order in rows_of(shop, orders):
        assert given[order["number"]] == (order["points"] if order["paid_at"] else 0)
        assert 0 <= taken[order["number"]] <= given[order["number"]]


def what_is_kept_back_is_in_review(shop: Shop, ledger: Mapping[tuple[str, str], int], currency: str) -> None:
    """Nothing is kept back of an order that was sent or called off, and such an order has no cards yet."""
    kept: Counter[str] = Counter()
    numbers = {row["id"]: row["number"] for row in rows_of(shop, orders)}
    of_change = {row["number"]: numbers[row["order_id"]] for row in rows_of(shop, order_changes)}
    of_note = {row["number"]: numbers[row["order_id"]] for row in rows_of(shop, credit_notes)}
    documents = {row["id"]: row["document"] for row in rows_of(shop, journal_entries)}
    for row in rows_of(shop, postings):
        if row["currency"] != currency:
            continue
        document = documents[row["entry_id"]]
        number = of_change.get(document) or of_note.get(document) or document
        kept[number] += row["amount"] if row["destination"] == chart.UNRELEASED else 0
        kept[number] -= row["amount"] if row["source"] == chart.UNRELEASED else 0
    assert ledger[chart.UNRELEASED, currency] == sum(kept.values())
    mine = [row for row in rows_of(shop, orders) if row["currency"] == currency]
    for order in mine:
        is_looked_at = order["status"] in ("in_review", "gathering", "paid") and order["needs_review"]
        assert kept[order["number"]] >= 0 if is_looked_at else kept[order["number"]] == 0, order


def refunds_are_owed(shop: Shop, ledger: Mapping[tuple[str, str], int]) -> None:
    """What is owed to buyers is what providers have still to send, or could not and nobody gave otherwise."""
    external = {row["id"] for row in rows_of(shop, payments) if row["kind"] == "external"}
    mine = [row for row in rows_of(shop, refunds) if row["payment_id"] in external]
    keys = {row["reversal"] for row in mine}
    for currency in {row["currency"] for row in mine}:
        owed = (
            row["status"] == "pending" or (row["status"] == "failed" and f"retry:{row['id']}" not in keys)
            for row in mine
        )
        waiting = [row for row, is_owed in zip(mine, owed, strict=True) if is_owed]
        assert ledger[chart.REFUNDS, currency] == total(
            (row for row in waiting if row["currency"] == currency), "amount"
        )


def promotions_are_counted(shop: Shop) -> None:
    """What a promotion gave is what orders have of which something is kept, and within its limits."""
    alive = {row["id"]: row for row in rows_of(shop, orders) if row["status"] not in NOTHING_KEPT}
    given = [row for row in rows_of(shop, order_promotions) if row["order_id"] in alive]

    def is_counted_in(row: Row, budget: Row) -> bool:
        return bool(alive[row["order_id"]]["currency"] == budget["currency"])

    for budget in rows_of(shop, promotion_budgets):
        mine = [row for row in given if row["promotion_id"] == budget["promotion_id"]]
        counted = {
            "money": total((row for row in mine if is_counted_in(row, budget)), "amount"),
            "units": total(mine, "units"),
            "uses": len({row["order_id"] for row in mine}),
        }
        for name, count in counted.items():
            limit = budget[f"max_{name}"]
            assert budget[name] == count and (limit is None or count <= limit), (name, budget)
    for row in rows_of(shop, promotion_customers):
        uses = {
            each["order_id"]
            for each in given
            if each["promotion_id"] == row["promotion_id"]
            and alive[each["order_id"]]["customer_id"] == row["customer_id"]
        }
        assert row["uses"] == len(uses) <= row["max_uses"]
    for code in rows_of(shop, promotion_codes):
        uses = {row["order_id"] for row in given if row["code"] == code["code"]}
        assert code["uses"] == len(uses) and (code["max_uses"] is None or len(uses) <= code["max_uses"])
