"""What the shop's events post, and what the ledger refuses."""

import pytest
from shopping import paid_order, placed_order, rows_of, shipped_order
from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError
from test_races import at_once

from transactional.database import writing
from transactional.errors import NotFound
from transactional.ledger import chart, service, statements
from transactional.ledger.chart import held
from transactional.ledger.errors import InsufficientFunds, WrongCurrency
from transactional.ledger.models import journal_entries, ledger_accounts, postings
from transactional.ledger.rules import Entry, Posting
from transactional.ledger.statements import Period
from transactional.orders import after_sales
from transactional.orders import service as orders
from transactional.orders.models import shipments
from transactional.payments import service as payments
from transactional.payments import settlement
from transactional.payments.models import refunds
from transactional.shop import Shop
from transactional.unit_of_work import UnitOfWork

SANDBOX = held(chart.RECEIVABLE, "sandbox")
CARD = held(chart.GIFT_CARD, "card-1")
GIVEN = [Posting(SANDBOX, CARD, 500, "GBP")]


def posted(shop: Shop, reference: str) -> list[tuple[str, str, int]]:
    with shop.database.read() as db:
        found = service.find(db, reference).postings
    return [(posting.source, posting.destination, posting.amount) for posting in found]


def balances(shop: Shop) -> dict[str, int]:
    """All balances; checks that the ledger sums to zero."""
    everything = Period(shop.database.clock().replace(year=2000), shop.database.clock().replace(year=2100))
    with shop.database.read() as db:
        found = statements.trial_balance(db, everything)
    assert sum(each.debits for each in found) == sum(each.credits for each in found)
    return {each.account: each.balance for each in found if each.balance}


def post(uow: UnitOfWork, reference: str, *made: Posting) -> bool:
    return service.post(uow, Entry(reference, "test", "test", made))


STOCK = 6 * 10 * 400  # what fills the shelves


@pytest.mark.usefixtures("shelves")
class TestEvents:
    def test_received_goods_are_owed_to_the_supplier(self, shop: Shop) -> None:
        assert balances(shop) == {chart.INVENTORY: STOCK, chart.PAYABLE: STOCK}

    def test_an_order_posts_nothing_until_it_is_paid(self, shop: Shop) -> None:
        placed_order(shop, SHIRT0_S=1)
        assert [row["reason"] for row in rows_of(shop, journal_entries)] == ["goods received"]

    def test_a_paid_order_is_revenue_at_list_price_less_discounts(self, shop: Shop) -> None:
        placed = paid_order(shop, SHIRT0_S=2)
        assert posted(shop, f"order:{placed.number}:paid") == [
            (SANDBOX, chart.SALES, 1_667),
            (SANDBOX, chart.SHIPPING, 329),
            (SANDBOX, chart.TAX, 333 + 66),
            (chart.DISCOUNTS, chart.SALES, 333),
        ]
        assert balances(shop)[SANDBOX] == placed.total == 2_395

    def test_a_shipped_order_costs_what_its_goods_cost(self, shop: Shop) -> None:
        shipped_order(shop, SHIRT0_S=2, SHIRT1_M=1)
        (shipment,) = rows_of(shop, shipments)
        assert posted(shop, f"shipment:{shipment['number']}") == [
            (chart.COST_OF_GOODS, chart.INVENTORY, 1_200)
        ]
        assert balances(shop)[chart.INVENTORY] == STOCK - 1_200

    def test_a_cancelled_order_owes_its_money_until_the_provider_has_sent_it(self, shop: Shop) -> None:
        placed = paid_order(shop, SHIRT0_S=2)
        with shop.database.transaction("staff") as uow:
            note = after_sales.cancel(uow, placed.order_id, "not wanted")
        assert note is not None
        assert posted(shop, f"credit_note:{note.number}") == [
            (chart.RETURNS, chart.REFUNDS, 1_667),
            (chart.SHIPPING, chart.REFUNDS, 329),
            (chart.TAX, chart.REFUNDS, 399),
        ]
        assert balances(shop)[chart.REFUNDS] == placed.total
        (refund,) = rows_of(shop, refunds)
        with shop.database.transaction("provider:sandbox") as uow:
            payments.record_refund(uow, refund["id"], "ref_1")
        assert posted(shop, f"refund:{refund['id']}") == [(chart.REFUNDS, SANDBOX, placed.total)]
        left = balances(shop)
        assert SANDBOX not in left
        assert chart.REFUNDS not in left

    def test_a_refund_that_failed_is_still_owed(self, shop: Shop) -> None:
        placed = paid_order(shop, SHIRT0_S=1)
        with shop.database.transaction("staff") as uow:
            after_sales.cancel(uow, placed.order_id, "not wanted")
        (refund,) = rows_of(shop, refunds)
        with shop.database.transaction("provider:sandbox") as uow:
            payments.record_refund(uow, refund["id"], "ref_1", succeeded=False)
        assert balances(shop)[chart.REFUNDS] == placed.total

    def test_returned_units_are_credited_and_back_in_the_inventory(self, shop: Shop) -> None:
        placed = shipped_order(shop, SHIRT1_S=3)
        with shop.database.transaction("staff") as uow:
            (line,) = orders.find(uow, placed.order_id).lines
            note = after_sales.return_lines(uow, placed.order_id, {line["id"]: 2}, "too small")
        assert posted(shop, f"credit_note:{note.number}") == [
            (chart.RETURNS, chart.REFUNDS, 2_222),
            (chart.TAX, chart.REFUNDS, 444),
        ]
        assert posted(shop, f"goods_returned:{note.number}") == [(chart.INVENTORY, chart.COST_OF_GOODS, 800)]
        assert balances(shop)[chart.COST_OF_GOODS] == 400

    def test_money_for_an_order_that_cannot_have_it_is_owed_and_no_revenue(self, shop: Shop) -> None:
        placed = placed_order(shop, SHIRT0_S=1)
        with shop.database.transaction("provider:sandbox") as uow:
            settlement.record_capture(uow, placed.payment_id, "pay_1", 1, "GBP")
        reference = f"payment:{placed.payment_id}:not_accepted"
        assert posted(shop, reference) == [(SANDBOX, chart.REFUNDS, 1)]
        assert chart.SALES not in balances(shop)


class TestPosting:
    def test_an_entry_is_posted_once(self, shop: Shop) -> None:
        with shop.database.transaction("test") as uow:
            assert post(uow, "gift:1", *GIVEN)
            assert not post(uow, "gift:1", *GIVEN)
            assert service.balance(uow, CARD) == 500
        assert len(rows_of(shop, postings)) == 1

    def test_an_entry_posted_by_several_at_once_is_posted_once(self, shop: Shop) -> None:
        def give(_: int) -> str:
            with shop.database.transaction("test") as uow:
                return "posted" if post(uow, "gift:1", *GIVEN) else "known"

        assert sorted(at_once(6, give)) == ["known"] * 5 + ["posted"]
        assert [row["balance"] for row in rows_of(shop, ledger_accounts)] == [500]
        assert len(rows_of(shop, postings)) == 1

    def test_an_account_first_used_by_several_at_once_is_opened_once(self, shop: Shop) -> None:
        def give(number: int) -> str:
            with shop.database.transaction("test") as uow:
                return str(post(uow, f"gift:{number}", *GIVEN))

        assert at_once(6, give) == ["True"] * 6
        assert [row["balance"] for row in rows_of(shop, ledger_accounts)] == [3_000]

    def test_an_entry_without_postings_is_not_written(self, shop: Shop) -> None:
        with shop.database.transaction("test") as uow:
            assert not post(uow, "nothing")
        assert rows_of(shop, journal_entries) == []

    def test_an_account_that_the_chart_does_not_have_is_a_fault(self, shop: Shop) -> None:
        with pytest.raises(KeyError), shop.database.transaction("test") as uow:
            post(uow, "typo", Posting("asset:recievable:sandbox", chart.TAX, 1, "GBP"))

    def test_what_is_posted_cannot_be_changed_past_the_shop(self, shop: Shop) -> None:
        with shop.database.transaction("test") as uow:
            post(uow, "gift:1", *GIVEN)
        for table in (journal_entries, postings):
            for change in (update(table).values(id=table.c.id), delete(table)):
                with pytest.raises(IntegrityError, match="written once"), writing(shop.database.engine) as db:
                    db.execute(change)


class TestGuardedAccounts:
    def spend(self, uow: UnitOfWork, reference: str, amount: int) -> bool:
        return post(uow, reference, Posting(CARD, chart.SALES, amount, "GBP"))

    def test_what_is_not_there_is_not_spent(self, shop: Shop) -> None:
        with pytest.raises(InsufficientFunds) as refused, shop.database.transaction("test") as uow:
            post(uow, "gift:1", *GIVEN)
            self.spend(uow, "order:1", 501)
        assert refused.value.details == {"account": CARD, "wanted": 501, "available": 500}
        assert rows_of(shop, journal_entries) == []

    def test_an_account_that_was_never_opened_has_nothing(self, shop: Shop) -> None:
        with pytest.raises(InsufficientFunds), shop.database.transaction("test") as uow:
            self.spend(uow, "order:1", 1)

    def test_spenders_at_once_spend_what_is_there(self, shop: Shop) -> None:
        with shop.database.transaction("test") as uow:
            post(uow, "gift:1", *GIVEN)

        def spend(number: int) -> str:
            with shop.database.transaction("test") as uow:
                self.spend(uow, f"order:{number}", 200)
            return "spent"

        assert sorted(at_once(5, spend)) == ["insufficient_funds"] * 3 + ["spent"] * 2
        assert [row["balance"] for row in rows_of(shop, ledger_accounts)] == [100]
        assert balances(shop)[chart.GIFT_CARD] == 100

    def test_spenders_of_several_accounts_in_any_order_do_not_block_each_other(self, shop: Shop) -> None:
        other = held(chart.BALANCE, "ada")
        with shop.database.transaction("test") as uow:
            post(uow, "given", *GIVEN, Posting(SANDBOX, other, 500, "GBP"))

        def spend(number: int) -> str:
            spent = [Posting(account, chart.SALES, 50, "GBP") for account in (CARD, other)]
            with shop.database.transaction("test") as uow:
                post(uow, f"order:{number}", *(spent if number % 2 else spent[::-1]))
            return "spent"

        assert at_once(8, spend) == ["spent"] * 8
        assert {row["balance"] for row in rows_of(shop, ledger_accounts)} == {100}

    def test_the_database_itself_refuses_a_balance_below_zero(self, shop: Shop) -> None:
        with shop.database.transaction("test") as uow:
            post(uow, "gift:1", *GIVEN)
        with pytest.raises(IntegrityError), writing(shop.database.engine) as db:
            db.execute(update(ledger_accounts).values(balance=-1))

    def test_an_account_is_kept_in_one_currency(self, shop: Shop) -> None:
        with pytest.raises(WrongCurrency), shop.database.transaction("test") as uow:
            post(uow, "gift:1", *GIVEN)
            post(uow, "gift:2", Posting(SANDBOX, CARD, 500, "EUR"))


class TestReversal:
    def test_it_swaps_the_postings_and_names_what_it_undoes(self, shop: Shop) -> None:
        with shop.database.transaction("test") as uow:
            post(uow, "gift:1", *GIVEN, Posting(SANDBOX, chart.TAX, 7, "GBP"))
            assert service.reverse(uow, "gift:1", "bought by mistake")
        assert posted(shop, "reversal:gift:1") == [(chart.TAX, SANDBOX, 7), (CARD, SANDBOX, 500)]
        first, second = sorted(rows_of(shop, journal_entries), key=lambda row: len(row["reference"]))
        assert (second["reverses_id"], second["reason"]) == (first["id"], "bought by mistake")
        assert balances(shop) == {}

    def test_an_entry_is_reversed_once_also_by_several_at_once(self, shop: Shop) -> None:
        with shop.database.transaction("test") as uow:
            post(uow, "gift:1", *GIVEN)

        def undo(_: int) -> str:
            with shop.database.transaction("test") as uow:
                return "reversed" if service.reverse(uow, "gift:1", "mistake") else "known"

        assert sorted(at_once(4, undo)) == ["known"] * 3 + ["reversed"]

    def test_what_was_spent_cannot_be_taken_back(self, shop: Shop) -> None:
        with pytest.raises(InsufficientFunds), shop.database.transaction("test") as uow:
            post(uow, "gift:1", *GIVEN)
            post(uow, "order:1", Posting(CARD, chart.SALES, 1, "GBP"))
            service.reverse(uow, "gift:1", "mistake")

    def test_an_entry_that_is_not_there_cannot_be_reversed(self, shop: Shop) -> None:
        with pytest.raises(NotFound), shop.database.transaction("test") as uow:
            service.reverse(uow, "gift:1", "mistake")
