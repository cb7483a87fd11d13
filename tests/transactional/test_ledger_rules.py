"""Which postings an event makes."""

from hypothesis import given
from hypothesis import strategies as st

from transactional.ledger import chart, rules
from transactional.ledger.rules import Posting

SANDBOX = chart.held(chart.RECEIVABLE, "sandbox")
money = st.integers(0, 10**9)
accounts = st.sampled_from([*chart.CHART, SANDBOX, "liability:gift_card:a", "liability:balance:b"])
entries = st.lists(
    st.builds(Posting, accounts, accounts, st.integers(1, 10**9), st.sampled_from(["GBP", "EUR"])), max_size=8
)


def moved(postings: list[Posting]) -> dict[str, int]:
    """What each account gained (destination) less what it gave (source)."""
    sums: dict[str, int] = {}
    for posting in postings:
        sums[posting.source] = sums.get(posting.source, 0) - posting.amount
        sums[posting.destination] = sums.get(posting.destination, 0) + posting.amount
    return {account: amount for account, amount in sums.items() if amount}


def test_a_paid_order_is_sold_at_list_price_with_its_discount_beside_it() -> None:
    made = rules.order_paid([(SANDBOX, 1_355)], "GBP", gross=1_000, discount=200, shipping=329, tax=226)
    assert moved(made) == {
        SANDBOX: -1_355,
        chart.DISCOUNTS: -200,
        chart.SALES: 1_000,
        chart.SHIPPING: 329,
        chart.TAX: 226,
    }


def test_what_is_nothing_makes_no_posting() -> None:
    made = rules.order_paid([(SANDBOX, 1_000)], "GBP", gross=1_000, discount=0, shipping=0, tax=0)
    assert made == [Posting(SANDBOX, chart.SALES, 1_000, "GBP")]
    assert rules.goods_shipped("GBP", 0, 0) == []


def test_a_tax_of_minus_one_flows_back() -> None:
    made = rules.credited("GBP", goods=1, shipping=0, tax=-1)
    assert made == [
        Posting(chart.RETURNS, chart.REFUNDS, 1, "GBP"),
        Posting(chart.REFUNDS, chart.TAX, 1, "GBP"),
    ]


@given(gross=money, discount=money, shipping=money, tax=money)
def test_an_order_that_is_credited_and_refunded_whole_leaves_what_was_taken_back_as_returns(
    gross: int, discount: int, shipping: int, tax: int
) -> None:
    gross += discount
    total = gross - discount + shipping + tax
    made = rules.order_paid(
        [(SANDBOX, total)], "GBP", gross=gross, discount=discount, shipping=shipping, tax=tax
    )
    assert moved(made).get(SANDBOX, 0) == -total
    made += rules.credited("GBP", goods=gross - discount, shipping=shipping, tax=tax)
    made += rules.refunded(SANDBOX, "GBP", total) if total else []
    left = {chart.SALES: gross, chart.DISCOUNTS: -discount, chart.RETURNS: discount - gross}
    assert moved(made) == {account: amount for account, amount in left.items() if amount}


@given(entries)
def test_every_posting_is_above_zero_and_a_reversal_undoes_it(entry: list[Posting]) -> None:
    undone = rules.reversal(entry)
    assert moved(entry + undone) == {}
    assert rules.reversal(undone) == entry


@given(entries)
def test_guarded_accounts_change_by_their_postings_in_the_order_of_their_codes(entry: list[Posting]) -> None:
    changes = rules.guarded_changes(entry)
    assert list(changes) == sorted(changes)
    for currency in ("GBP", "EUR"):
        sums = moved([posting for posting in entry if posting.currency == currency])
        guarded = {code: amount for code, amount in sums.items() if chart.is_guarded(code)}
        assert {code: by for (code, kept_in), by in changes.items() if kept_in == currency} == guarded


def test_a_balance_is_positive_where_its_kind_grows() -> None:
    assert chart.balance_of(chart.INVENTORY, 500, 100) == 400
    assert chart.balance_of(chart.COST_OF_GOODS, 500, 100) == 400
    assert chart.balance_of(chart.TAX, 100, 500) == 400
    assert chart.balance_of(chart.DISCOUNTS, 500, 0) == -500


def test_only_accounts_of_the_chart_are_known() -> None:
    assert chart.is_known(SANDBOX)
    assert chart.is_known(chart.TAX)
    assert not chart.is_known("asset:recievable:sandbox")
    assert not chart.is_known("liability:gift_card")
