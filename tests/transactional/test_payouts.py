import csv
import io
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from conftest import MovableClock
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from replaying import changes_of, replayed
from shopping import Shelves, key, ordered_over_http, paid_order, placed_order, rows_of

from transactional.change_log import as_json
from transactional.errors import ImportRefused
from transactional.ledger import chart, statements
from transactional.ledger.models import journal_entries
from transactional.ledger.statements import Period
from transactional.orders import after_sales
from transactional.payments import chargebacks, refund_news
from transactional.payments import service as payments_service
from transactional.payments.errors import PayoutKnown
from transactional.payments.models import payments, refunds
from transactional.payments.payouts import files, reconciliation
from transactional.payments.payouts.models import payout_lines, payouts
from transactional.payments.payouts.reconciliation import Outcome, Reconciliation
from transactional.payments.payouts.service import TakenIn, take_in
from transactional.payments.provider import DisputeStage, RefundNews
from transactional.payments.sandbox.payouts import COLUMNS
from transactional.security import sandbox_secret
from transactional.shop import Shop
from transactional.unit_of_work import Reading, UnitOfWork

EVERY: tuple[Outcome, ...] = ("matched", "differing", "extra", "missing", "awaited")
STRIPE = (
    "automatic_payout_id,balance_transaction_id,created_utc,currency,gross,fee,net,"
    "reporting_category,source_id,payment_intent_id\r\n"
    "po_1,txn_1,2026-11-21 10:00:00,gbp,13.95,0.41,13.54,charge,ch_1,pi_1\r\n"
    "po_1,txn_2,2026-11-21 11:00:00,gbp,-13.95,0.00,-13.95,refund,re_1,pi_1\r\n"
    "po_1,txn_3,2026-11-21 12:00:00,gbp,-2.00,0.00,-2.00,fee,,\r\n"
    "po_2,txn_4,2026-11-21 12:00:00,jpy,500,20,480,charge,ch_2,pi_2\r\n"
)
ALIPAY = (
    "#支付宝业务明细查询\r\n#账号：[20881234567890120156]\r\n"
    "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,订单金额（元）,商家实收（元）,"
    "退款批次号/请求号,服务费（元）,分润（元）,备注\r\n"
    "2026112122001\t,0190a\t,交易\t,衬衫,2026-11-21 17:59:00,2026-11-21 18:00:00,13.95,13.95,,-0.08,0.00,\r\n"
    "2026112122001\t,0190a\t,退款\t,衬衫,2026-11-21 19:00:00,2026-11-21 19:00:00,-3.95,-3.95,"
    "0190b\t,0.02,0.00,\r\n"
    "#-----------------------------------------业务明细列表结束\r\n"
).encode("gb18030")


def sandbox_file(*lines: dict[str, Any]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    usual = {"payout_id": "po_1", "kind": "payment", "fee": "0.00", "currency": "GBP"}
    for number, line in enumerate(lines):
        row = usual | {"line_id": f"mov_{number}", "occurred_at": "2026-11-22T10:00:00Z"} | line
        writer.writerow({"net": row["gross"], **row})
    return text.getvalue().encode()


def take(shop: Shop, data: bytes, provider: files.FileFormat = "sandbox") -> TakenIn:
    with shop.database.transaction("staff") as uow:
        return take_in(uow, provider, data)


def reconciled(db: Reading, until: datetime, **given: Any) -> Reconciliation:
    return reconciliation.reconcile(db, "sandbox", until, EVERY, **given)


def seen(shop: Shop, at: datetime) -> list[tuple[str, str, str]]:
    """Class, kind and age of everything, as it stood at a moment."""
    with shop.database.read() as db:
        return [
            (row["outcome"], row["kind"], row["age"])
            for row in reconciled(db, at + timedelta(microseconds=1)).items
        ]


def captured(shop: Shop) -> str:
    """A payment of 13.95; returns the provider's id."""
    placed = paid_order(shop, SHIRT0_S=1)
    return f"pay_{placed.payment_id}"


class TestDisputes:
    @pytest.fixture
    def disputed(self, shop: Shop, shelves: Shelves) -> str:
        """A payment of 13.95 whose dispute took 10.00; returns the payment's id."""
        placed = paid_order(shop, SHIRT0_S=1)
        self.tell(shop, str(placed.payment_id), "succeeded")
        return str(placed.payment_id)

    def tell(self, shop: Shop, payment_id: str, stage: DisputeStage) -> None:
        with shop.database.transaction("provider:sandbox") as uow:
            chargebacks.record(uow, payment_id, "dp_1", 1_000, stage)

    def test_one_that_no_file_names_is_awaited_and_then_missing(
        self, shop: Shop, clock: MovableClock, disputed: str
    ) -> None:
        assert ("awaited", "dispute", "0-1") in seen(shop, clock.now)
        clock.forward(days=5)
        assert ("missing", "dispute", "2-7") in seen(shop, clock.now)

    @pytest.mark.parametrize(("gross", "outcome"), [("-10.00", "matched"), ("-9.00", "differing")])
    def test_its_line_is_matched_with_it(
        self, shop: Shop, clock: MovableClock, disputed: str, gross: str, outcome: str
    ) -> None:
        take(shop, sandbox_file({"gross": gross, "kind": "dispute", "reference": "dp_1"}))
        assert [kind[0] for kind in seen(shop, clock.now) if kind[1] == "dispute"] == [outcome]

    def test_one_that_we_have_not_heard_of_is_extra(
        self, shop: Shop, clock: MovableClock, disputed: str
    ) -> None:
        take(shop, sandbox_file({"gross": "-10.00", "kind": "dispute", "reference": "dp_2"}))
        found = sorted(kind[0] for kind in seen(shop, clock.now) if kind[1] == "dispute")
        assert found == ["awaited", "extra"]

    def test_what_is_won_has_a_line_of_its_own(self, shop: Shop, clock: MovableClock, disputed: str) -> None:
        self.tell(shop, disputed, "failed")
        assert ("awaited", "dispute_reversal", "0-1") in seen(shop, clock.now)
        lines = [
            {"gross": "-10.00", "kind": "dispute", "reference": "dp_1"},
            {"gross": "10.00", "kind": "dispute_reversal", "reference": "dp_1"},
        ]
        take(shop, sandbox_file(*lines))
        found = [(kind, outcome) for outcome, kind, _ in seen(shop, clock.now) if kind != "payment"]
        assert sorted(found) == [("dispute", "matched"), ("dispute_reversal", "matched")]


class TestFailedRefunds:
    """A refund of 13.95 that arrived and came back to the provider two days later."""

    @pytest.fixture
    def first_day(self, shop: Shop, shelves: Shelves, clock: MovableClock) -> datetime:
        placed = paid_order(shop, SHIRT0_S=1)
        with shop.database.transaction("staff") as uow:
            after_sales.cancel(uow, placed.order_id, "not wanted")
        self.tell(shop, succeeded=True)
        take(shop, sandbox_file({"gross": "-13.95", "kind": "refund", "reference": "re_1"}))
        clock.forward(days=1)
        day = clock.now
        clock.forward(days=1)
        self.tell(shop, succeeded=False)
        return day

    def tell(self, shop: Shop, *, succeeded: bool) -> None:
        (refund,) = rows_of(shop, refunds)
        with shop.database.transaction("provider:sandbox") as uow:
            refund_news.record(uow, RefundNews(refund["id"], "re_1", succeeded))

    def of_refunds(self, shop: Shop, at: datetime) -> list[tuple[str, str]]:
        return sorted((kind, outcome) for outcome, kind, _ in seen(shop, at) if kind != "payment")

    def test_it_stays_what_it_was_on_days_before(
        self, shop: Shop, clock: MovableClock, first_day: datetime
    ) -> None:
        clock.forward(seconds=1)
        assert self.of_refunds(shop, first_day) == [("refund", "matched")]
        assert self.of_refunds(shop, clock.now) == [("refund", "matched"), ("refund_failure", "awaited")]

    def test_the_providers_line_of_the_failure_is_matched_with_it(
        self, shop: Shop, clock: MovableClock, first_day: datetime
    ) -> None:
        line = {"gross": "13.95", "kind": "refund_failure", "reference": "re_1", "payout_id": "po_2"} | {
            "line_id": "mov_9"
        }
        take(shop, sandbox_file(line))
        clock.forward(seconds=1)
        assert self.of_refunds(shop, clock.now) == [("refund", "matched"), ("refund_failure", "matched")]


class TestFormats:
    def test_stripes_itemised_report(self) -> None:
        charge, refund, fee, yen = files.read("stripe", STRIPE.encode())
        assert (charge.payout, charge.kind, charge.reference) == ("po_1", "payment", "pi_1")
        assert (charge.gross, charge.fee, charge.net, charge.currency) == (1_395, 41, 1_354, "GBP")
        assert (refund.kind, refund.reference, refund.gross) == ("refund", "re_1", -1_395)
        assert (fee.kind, fee.reference, fee.gross, fee.fee, fee.net) == ("fee", None, 0, 200, -200)
        assert (yen.gross, yen.currency) == (500, "JPY")

    def test_alipays_bill(self) -> None:
        trade, refund = files.read("alipay", ALIPAY)
        assert (trade.number, trade.kind, trade.reference) == (4, "payment", "0190a")
        assert (trade.gross, trade.fee, trade.net) == (1_395, 8, 1_387)
        assert trade.occurred_at.isoformat() == "2026-11-21T10:00:00+00:00"
        assert (refund.kind, refund.reference) == ("refund", "0190b")
        assert (refund.gross, refund.fee, refund.net) == (-395, -2, -393)

    @pytest.mark.parametrize(
        ("wrong", "line", "field"),
        [
            ({"gross": "1.234", "net": "1.23"}, 2, "gross"),
            ({"gross": "twelve", "net": "1.00"}, 2, "gross"),
            ({"gross": "1.00", "net": "2.00"}, 2, "net"),
            ({"gross": "1.00", "currency": "pounds"}, 2, "currency"),
            ({"gross": "1.00", "occurred_at": "yesterday"}, 2, "occurred_at"),
            ({"gross": "1.00", "payout_id": ""}, 2, "payout_id"),
            ({"gross": "1.00", "payout_id": "p" * 65}, 2, "payout_id"),
            ({"gross": "1.00", "reference": ""}, 2, "reference"),
            ({"gross": "1.00", "line_id": "mov_1"}, 3, "line_id"),
            ({"gross": "1.00", "currency": "EUR"}, 3, "currency"),
        ],
    )
    def test_a_malformed_line_is_named_and_nothing_is_taken_in(
        self, shop: Shop, wrong: dict[str, str], line: int, field: str
    ) -> None:
        data = sandbox_file({"reference": "pay_1"} | wrong, {"reference": "pay_2", "gross": "1.00"})
        with pytest.raises(ImportRefused) as refused:
            take(shop, data)
        faults = refused.value.details["faults"]
        assert [(fault["line"], fault["field"]) for fault in faults] == [(line, field)]
        assert rows_of(shop, payouts) == []


CELLS = st.sampled_from(
    ["", "GBP", "-", "-1.00", "1e3", "9" * 30, "0001-01-01", "2026-11-22T10:00Z", "é'=", "#"]
)


@pytest.mark.parametrize("provider", ["sandbox", "stripe", "alipay"])
@given(st.data())
def test_whatever_is_in_a_file_is_read_or_refused(provider: files.FileFormat, data: st.DataObject) -> None:
    whole = {"sandbox": sandbox_file({"gross": "1.00"}), "stripe": STRIPE.encode(), "alipay": ALIPAY}[
        provider
    ]
    text = whole.decode("gb18030" if provider == "alipay" else "utf-8").splitlines()
    header = next(line for line in text if "," in line)
    cells = data.draw(st.lists(CELLS, min_size=header.count(",") + 1, max_size=header.count(",") + 1))
    raw = data.draw(st.sampled_from([f"{header}\n{','.join(cells)}\n".encode(), whole, b""]))
    raw += data.draw(st.binary(max_size=20))
    try:
        assert all(line.net == line.gross - line.fee for line in files.read(provider, raw))
    except ImportRefused as refused:
        assert refused.details["faults"]


class TestTakingIn:
    def test_a_payout_is_posted_with_its_fees(self, shop: Shop, clock: MovableClock) -> None:
        take(shop, STRIPE.encode(), "stripe")
        period = Period(clock.now - timedelta(days=1), clock.now + timedelta(days=1))
        with shop.database.read() as db:
            found = {
                (each.account, each.currency): each.balance for each in statements.trial_balance(db, period)
            }
        assert found == {
            (chart.BANK, "GBP"): -241,
            (chart.PAYMENT_FEES, "GBP"): 241,
            (chart.BANK, "JPY"): 480,
            (chart.PAYMENT_FEES, "JPY"): 20,
            ("asset:receivable:stripe", "GBP"): 0,
            ("asset:receivable:stripe", "JPY"): -500,
        }

    def test_the_same_file_twice_changes_nothing(self, shop: Shop) -> None:
        first, again = (take(shop, STRIPE.encode(), "stripe") for _ in range(2))
        assert (first.new, again.new) == (True, False)
        assert again.payouts == first.payouts
        assert (len(rows_of(shop, payouts)), len(rows_of(shop, payout_lines))) == (2, 4)

    def test_the_same_file_at_the_same_moment_is_taken_in_once(self, shop: Shop) -> None:
        with ThreadPoolExecutor(8) as staff:
            taken = list(staff.map(lambda _: take(shop, STRIPE.encode(), "stripe"), range(8)))
        assert sorted(each.new for each in taken) == [False] * 7 + [True]
        assert (len(rows_of(shop, payouts)), len(rows_of(shop, payout_lines))) == (2, 4)
        assert len(rows_of(shop, journal_entries)) == 2

    def test_the_change_log_has_every_line(self, shop: Shop) -> None:
        take(shop, STRIPE.encode(), "stripe")
        logged = replayed(changes_of(shop))
        for table in (payouts, payout_lines):
            assert logged[table.name] == {
                row["id"]: json.loads(as_json(table, row)) for row in rows_of(shop, table)
            }

    def test_another_file_about_a_known_payout_is_refused(self, shop: Shop) -> None:
        take(shop, sandbox_file({"reference": "pay_1", "gross": "1.00"}))
        with pytest.raises(PayoutKnown):
            take(shop, sandbox_file({"reference": "pay_1", "gross": "2.00"}))
        with pytest.raises(ImportRefused):
            take(shop, sandbox_file({"reference": "pay_1", "gross": "1.00", "payout_id": "po_2"}))
        assert [row["net"] for row in rows_of(shop, payouts)] == [100]

    def test_providers_may_use_the_same_ids(self, shop: Shop) -> None:
        take(shop, sandbox_file({"reference": "pay_1", "gross": "1.00", "line_id": "txn_1"}))
        take(shop, STRIPE.encode(), "stripe")
        assert len(rows_of(shop, payouts)) == 3


@pytest.mark.usefixtures("shelves")
class TestReconciliation:
    def test_what_agrees_is_matched_whenever_it_was_told(self, shop: Shop, clock: MovableClock) -> None:
        take(shop, sandbox_file({"reference": "pay_later", "gross": "13.95"}))
        assert seen(shop, clock.now) == [("extra", "payment", "0-1")]
        placed = placed_order(shop, SHIRT0_S=1)
        with shop.database.transaction("test") as uow:
            payment = payments_service.lock(uow, placed.payment_id)
            uow.update(payments, payment, status="captured", external_id="pay_later", captured_at=uow.now)
        assert seen(shop, clock.now) == [("matched", "payment", "0-1")]

    @pytest.mark.parametrize("told", [{"gross": "13.94"}, {"gross": "13.95", "currency": "EUR"}])
    def test_another_amount_or_currency_differs(
        self, shop: Shop, clock: MovableClock, told: dict[str, str]
    ) -> None:
        take(shop, sandbox_file({"reference": captured(shop), **told}))
        assert seen(shop, clock.now) == [("differing", "payment", "0-1")]

    def test_a_payment_told_twice_is_matched_once(self, shop: Shop, clock: MovableClock) -> None:
        told = {"reference": captured(shop), "gross": "13.95"}
        take(shop, sandbox_file(told, told))
        assert sorted(seen(shop, clock.now)) == [
            ("extra", "payment", "0-1"),
            ("matched", "payment", "0-1"),
        ]

    def test_refunds_are_matched_by_what_went_back(self, shop: Shop, clock: MovableClock) -> None:
        placed = paid_order(shop, SHIRT0_S=1)
        with shop.database.transaction("test") as uow:
            after_sales.cancel(uow, placed.order_id, "not wanted")
            (refund,) = uow.rows(refunds.select())
            payments_service.record_refund(uow, refund["id"], "ref_1")
        take(
            shop,
            sandbox_file(
                {"reference": f"pay_{placed.payment_id}", "gross": "13.95"},
                {"reference": "ref_1", "gross": "-13.95", "kind": "refund"},
                {"reference": "", "gross": "-2.00", "kind": "fee"},
            ),
        )
        assert sorted(seen(shop, clock.now)) == [
            ("matched", "fee", "0-1"),
            ("matched", "payment", "0-1"),
            ("matched", "refund", "0-1"),
        ]

    @pytest.mark.parametrize(
        ("days", "outcome", "age"),
        [
            (0, "awaited", "0-1"),
            (1.9, "awaited", "0-1"),
            (2.1, "awaited", "2-7"),
            (3.1, "missing", "2-7"),
            (8.1, "missing", "8-30"),
            (30.9, "missing", "8-30"),
            (31.1, "missing", ">30"),
        ],
    )
    def test_what_no_file_names_grows_old(
        self, shop: Shop, clock: MovableClock, days: float, outcome: str, age: str
    ) -> None:
        captured(shop)
        clock.forward(days=days)
        assert seen(shop, clock.now) == [(outcome, "payment", age)]

    def test_it_shows_what_was_known_then(self, shop: Shop, clock: MovableClock) -> None:
        paid_at = clock.now
        reference = captured(shop)
        clock.forward(days=5)
        take(shop, sandbox_file({"reference": reference, "gross": "13.95"}))
        assert seen(shop, paid_at - timedelta(hours=1)) == []
        assert seen(shop, paid_at + timedelta(days=4)) == [("missing", "payment", "2-7")]
        assert seen(shop, clock.now) == [("matched", "payment", "2-7")]


class Undone(Exception):  # noqa: N818 - ends a transaction that was only tried
    pass


TOLD = st.sampled_from(["not", "as it was", "another amount", "another currency", "twice"])
MOVEMENTS = st.lists(st.tuples(st.integers(1, 10**9), TOLD, st.integers(0, 40)), max_size=8)
STRANGERS = st.lists(
    st.tuples(st.sampled_from(["payment", "refund", "fee", "other"]), st.integers(-999, 999)), max_size=4
)


def told_lines(reference: str, amount: int, how: str) -> list[dict[str, Any]]:
    line = {"reference": reference, "gross": files_amount(amount), "currency": "GBP"}
    match how:
        case "not":
            return []
        case "another amount":
            return [line | {"gross": files_amount(amount + 1)}]
        case "another currency":
            return [line | {"currency": "EUR", "payout_id": "po_eur"}]
        case "twice":
            return [line, line]
    return [line]


def files_amount(minor: int) -> str:
    sign = "-" if minor < 0 else ""
    return f"{sign}{abs(minor) // 100}.{abs(minor) % 100:02}"


def made_up(uow: UnitOfWork, order_id: str, amount: int, days: int) -> str:
    """A captured payment of so many days ago; returns the provider's id."""
    row = payments_service.external(uow, order_id, "sandbox", amount, "GBP")
    payment_id = payments_service.open_tenders(uow, [row])[0]["id"]
    at = uow.now - timedelta(days=days)
    payment = payments_service.lock(uow, payment_id)
    uow.update(payments, payment, status="captured", external_id=f"pay_{payment_id}", captured_at=at)
    return f"pay_{payment_id}"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(MOVEMENTS, STRANGERS)
def test_every_line_is_in_one_class_and_the_sums_agree(
    shop: Shop, shelves: Shelves, ours: list[tuple[int, str, int]], strangers: list[tuple[str, int]]
) -> None:
    if not rows_of(shop, payments):
        placed_order(shop, SHIRT0_S=1)
    order_id = rows_of(shop, payments)[0]["order_id"]
    with pytest.raises(Undone), shop.database.transaction("test") as uow:
        lines = [
            line
            for amount, how, days in ours
            for line in told_lines(made_up(uow, order_id, amount, days), amount, how)
        ]
        lines += [
            {"reference": f"who_{n}", "kind": kind, "gross": files_amount(gross)}
            for n, (kind, gross) in enumerate(strangers)
        ]
        taken = take_in(uow, "sandbox", sandbox_file(*lines)).payouts if lines else []
        found = reconciled(uow, uow.now + timedelta(seconds=1), page_size=100)
        ids = [row["line"] for row in found.items if row["line"] is not None]
        assert sorted(ids) == sorted(f"mov_{number}" for number in range(len(lines)))
        documents = [row["document_id"] for row in found.items if row["document_id"] is not None]
        assert len(documents) == len(set(documents)) == len(ours)
        assert sum(row["our_amount"] for row in found.totals) == sum(amount for amount, _, _ in ours)
        assert sum(row["their_amount"] for row in found.totals) == sum(row["gross"] for row in taken)
        assert sum(row["lines"] for row in found.totals) == len(found.items)
        matched = [row for row in found.totals if row["outcome"] == "matched"]
        assert sum(row["our_amount"] for row in matched) == sum(row["their_amount"] for row in matched)
        raise Undone


class TestApi:
    def test_the_sandboxs_payout_file_is_what_the_shop_took(
        self,
        client: TestClient,
        sandbox: TestClient,
        open_for_business: Shop,
        staff: dict[str, str],
        clock: MovableClock,
    ) -> None:
        order = ordered_over_http(client, SHIRT0_S=1)
        started = client.post(f"/api/v1/orders/{order['token']}/payments", json={}, headers=key()).json()
        sandbox.post(started["redirect_url"], data={"action": "pay"})
        assert client.get(f"/api/v1/orders/{order['token']}/return").json()["status"] == "paid"
        secret = sandbox_secret(open_for_business.settings).decode()
        opened = {"Authorization": f"Bearer {secret}"}
        assert sandbox.get("/v1/payouts.csv?day=2026-11-22", headers=opened).status_code == 409
        clock.forward(days=1)
        data = sandbox.get("/v1/payouts.csv", headers=opened).content
        address = "/api/v1/staff/payouts?provider=sandbox"
        for new in (True, False):
            answer = client.post(address, content=data, headers=staff | key() | {"content-type": "text/csv"})
            assert (answer.status_code, answer.json()["new"]) == (201, new)
        (payout,) = answer.json()["payouts"]
        assert (payout["gross"], payout["fee"], payout["net"]) == (1_395, 41, 1_354)
        shown = client.get("/api/v1/staff/payouts/reconciliation?provider=sandbox", headers=staff).json()
        (total,) = shown["totals"]
        assert (total["outcome"], total["age"], total["lines"]) == ("matched", "0-1", 1)
        assert (total["our_amount"], total["their_amount"]) == (1_395, 1_395)
        assert shown["items"] == []
        matched = client.get(
            "/api/v1/staff/payouts/reconciliation?provider=sandbox&outcome=matched", headers=staff
        ).json()["items"]
        assert [line["our_amount"] for line in matched] == [1_395]

    def test_a_refused_file_names_its_faults(self, client: TestClient, staff: dict[str, str]) -> None:
        data = sandbox_file({"reference": "pay_1", "gross": "x", "net": "1.00"})
        refused = client.post("/api/v1/staff/payouts?provider=sandbox", content=data, headers=staff | key())
        assert (refused.status_code, refused.json()["code"]) == (422, "import_refused")
        assert refused.json()["details"]["faults"][0]["line"] == 2

    def test_only_the_staff_may(self, client: TestClient) -> None:
        for answer in (
            client.post("/api/v1/staff/payouts?provider=sandbox", content=b"", headers=key()),
            client.get("/api/v1/staff/payouts/reconciliation?provider=sandbox"),
        ):
            assert answer.status_code == 401
