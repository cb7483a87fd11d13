import io
import threading
from typing import Any

import pytest
from conftest import MovableClock
from fastapi.testclient import TestClient
from pypdf import PdfReader
from shopping import (
    fill_shelves,
    key,
    order_body,
    paid_order,
    placed_order,
    rows_of,
    shipped_order,
)

from settings import Settings
from transactional.checkout import service as checkout
from transactional.checkout.requirements import Invoicee, Wishes
from transactional.errors import ShopError
from transactional.invoices import service
from transactional.invoices.document import pdf
from transactional.invoices.errors import NotInvoiceable
from transactional.invoices.models import invoice_requests, invoices
from transactional.invoices.service import Seller
from transactional.invoices.sheet import printable
from transactional.members.service import Buyer
from transactional.orders import after_sales
from transactional.orders import service as orders
from transactional.payments import settlement
from transactional.shop import Shop
from transactional.unit_of_work import Row

SELLER = Seller("Storehouse Ltd", "1 Mill Lane, Leeds, LS9 8AG", "GB 123 4567 89")


def issued(shop: Shop, order_id: str) -> list[Row]:
    with shop.database.transaction("test") as uow:
        return service.issue(uow, shop.terms, SELLER, order_id)


def text_of(document: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(document)).pages)


@pytest.mark.usefixtures("shelves")
class TestIssuing:
    def test_a_paid_order_gets_one_invoice_of_its_total(self, shop: Shop) -> None:
        placed = paid_order(shop, SHIRT0_S=2, SHIRT1_M=1)
        (first,), (again,) = issued(shop, placed.order_id), issued(shop, placed.order_id)
        assert first["number"] == again["number"] == "INV-2026-000001"
        assert (first["total"], len(first["lines"])) == (placed.total, 3)
        assert sum(line["net"] + line["tax"] for line in first["lines"]) == placed.total

    def test_an_unpaid_order_gets_none(self, shop: Shop) -> None:
        placed = placed_order(shop, SHIRT0_S=1)
        with pytest.raises(NotInvoiceable):
            issued(shop, placed.order_id)

    def test_each_credit_note_gets_one_document_of_what_goes_back(self, shop: Shop) -> None:
        placed = shipped_order(shop, SHIRT0_S=3)
        with shop.database.transaction("test") as uow:
            line = orders.find(uow, placed.order_id).lines[0]
            returned = [
                after_sales.return_lines(uow, placed.order_id, {line["id"]: n}, "too small") for n in (1, 2)
            ]
        documents = issued(shop, placed.order_id)
        assert [row["number"] for row in documents] == [
            "INV-2026-000001",
            "CRN-2026-000001",
            "CRN-2026-000002",
        ]
        assert {row["credit_note_id"]: row["total"] for row in documents[1:]} == {
            note.id: note.amount for note in returned
        }
        assert len(issued(shop, placed.order_id)) == 3

    def test_a_cancelled_order_credits_goods_and_delivery_at_their_rates(self, shop: Shop) -> None:
        placed = paid_order(shop, SHIRT0_S=1, SHIRT1_M=2)
        with shop.database.transaction("test") as uow:
            after_sales.cancel(uow, placed.order_id, "not wanted")
        invoice, credit = issued(shop, placed.order_id)
        assert (credit["net"], credit["tax"], credit["total"]) == (
            invoice["net"],
            invoice["tax"],
            placed.total,
        )
        assert credit["lines"] == invoice["lines"]

    def test_numbers_begin_again_each_year_of_the_shops_calendar(self, shop: Shop, clock: Any) -> None:
        first, second = paid_order(shop, SHIRT0_S=1), paid_order(shop, SHIRT0_S=1)
        issued(shop, first.order_id)
        clock.forward(days=60)
        assert issued(shop, second.order_id)[0]["number"] == "INV-2027-000001"


def asked_for(shop: Shop) -> str:
    """A paid order whose buyer wants an invoice for a company."""
    buyer = Buyer("lukasz@example.com", "Łukasz Müller", "Große Straße 1", "Köln", "50667", "DE")
    wishes = Wishes(invoice=Invoicee("Łukasz Müller", "Analytical Engines GmbH", "de 123 456 789"))
    with shop.database.transaction("test") as uow:
        cart_id = checkout.create(uow, shop.terms)
        checkout.add(uow, cart_id, {"SHIRT0-S": 2})
        placed = orders.place(uow, shop.terms, cart_id, buyer, wishes=wishes)
        settlement.record_capture(uow, placed.payment_id, "pay_1", placed.total, placed.currency)
    return placed.order_id


@pytest.mark.usefixtures("shelves")
class TestAsking:
    def test_who_asked_is_due_until_it_is_issued(self, shop: Shop) -> None:
        paid_order(shop, SHIRT1_S=1)
        order_id = asked_for(shop)
        with shop.database.read() as db:
            assert service.due(db, 10) == [order_id]
        (invoice,) = issued(shop, order_id)
        assert invoice["buyer"]["company"] == "Analytical Engines GmbH"
        assert (invoice["buyer"]["tax_number"], invoice["buyer"]["city"]) == ("DE123456789", "Köln")
        with shop.database.read() as db:
            assert service.due(db, 10) == []
        (request,) = rows_of(shop, invoice_requests)
        assert request["status"] == "issued"

    def test_a_credit_note_of_an_invoiced_order_is_due(self, shop: Shop) -> None:
        order_id = asked_for(shop)
        issued(shop, order_id)
        with shop.database.transaction("test") as uow:
            after_sales.cancel(uow, order_id, "not wanted")
        with shop.database.read() as db:
            assert service.due(db, 10) == [order_id]
        issued(shop, order_id)
        with shop.database.read() as db:
            assert service.due(db, 10) == []


def test_numbers_have_no_gaps_whoever_issues_and_fails(shop: Shop) -> None:
    fill_shelves(shop, units=200)
    due = [paid_order(shop, SHIRT0_S=1).order_id for _ in range(100)]
    faults: list[BaseException] = []

    def work(mine: list[str], fails: int) -> None:
        try:
            for at, order_id in enumerate(mine):
                try:
                    with shop.database.transaction("test") as uow:
                        service.issue(uow, shop.terms, SELLER, order_id)
                        if at % 5 == fails:
                            raise ShopError("rolled back")
                except ShopError:
                    issued(shop, order_id)
        except BaseException as fault:
            faults.append(fault)

    workers = [threading.Thread(target=work, args=(due[at::4], at)) for at in range(4)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    assert faults == []
    found = rows_of(shop, invoices)
    assert sorted(row["sequence"] for row in found) == list(range(1, 101))
    assert {row["order_id"] for row in found} == set(due)


@pytest.mark.usefixtures("shelves")
class TestPdf:
    def test_it_shows_every_number(self, shop: Shop) -> None:
        (invoice,) = issued(shop, paid_order(shop, SHIRT0_S=2, SHIRT1_M=1).order_id)
        text = text_of(pdf(invoice, "261122-AAAA", shop.terms))
        for shown in (
            "INV-2026-000001",
            "22 November 2026",
            "Storehouse Ltd",
            "GB 123 4567 89",
            "Ada Lovelace",
            "Shirt 0, S",
            "£20.00",
            "£13.33",
            "£3.95",
            "Tax 20 % on £31.07",
            "SHIRT0-S",
            "Unit price",
            "Discount",
            "£31.07",
            "£6.21",
            "£37.28",
        ):
            assert shown in text, shown

    def test_the_same_invoice_is_the_same_bytes(self, shop: Shop) -> None:
        (invoice,) = issued(shop, paid_order(shop, SHIRT0_S=1).order_id)
        assert pdf(invoice, "1", shop.terms) == pdf(invoice, "1", shop.terms)

    def test_other_processes_at_other_times_print_the_same_bytes(
        self, shop: Shop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (invoice,) = issued(shop, paid_order(shop, SHIRT0_S=1).order_id)
        printed = []
        for moment in ("1000000000", "1500000000"):  # what fontTools takes for now
            monkeypatch.setenv("SOURCE_DATE_EPOCH", moment)
            printed.append(pdf(invoice, "1", shop.terms))
        assert printed[0] == printed[1]

    def test_names_are_printed_in_their_own_letters(self, shop: Shop) -> None:
        (invoice,) = issued(shop, asked_for(shop))
        buyer = invoice["buyer"] | {"name": "Иван Петров", "city": "Αθήνα", "company": "東京 한국 s.r.o."}
        lines = [invoice["lines"][0] | {"name": "Шляпа 帽子"}]
        text = text_of(pdf({**invoice, "currency": "EUR", "buyer": buyer, "lines": lines}, "1", shop.terms))
        for shown in ("Große Straße 1", "Иван Петров", "Αθήνα", "東京 한국", "Шляпа 帽子", "€", "Germany"):
            assert shown in text, shown
        assert "?" not in text
        assert "□" not in text

    def test_a_letter_that_the_font_lacks_is_marked_and_explained(self, shop: Shop) -> None:
        (invoice,) = issued(shop, asked_for(shop))
        text = text_of(pdf({**invoice, "buyer": invoice["buyer"] | {"name": "שלום"}}, "1", shop.terms))
        assert "□□□□" in text
        assert "□ stands for a letter" in text
        assert printable("Dvo\u0159ák\x00 ש – £", {*map(ord, "Dvorák –£□")}) == "Dvorák □ – £"

    def test_a_credit_note_names_the_invoice_it_corrects(self, shop: Shop) -> None:
        placed = paid_order(shop, SHIRT0_S=1)
        issued(shop, placed.order_id)
        with shop.database.transaction("test") as uow:
            after_sales.cancel(uow, placed.order_id, "not wanted")
        _, credit = issued(shop, placed.order_id)
        assert credit["corrects"] == "INV-2026-000001"
        assert "Corrects invoice INV-2026-000001" in text_of(pdf(credit, "1", shop.terms))

    def test_it_tells_when_the_goods_left_or_by_when_they_come(self, shop: Shop) -> None:
        (due,) = issued(shop, paid_order(shop, SHIRT0_S=1).order_id)
        assert "Delivery by 26 November 2026" in text_of(pdf(due, "1", shop.terms))
        (sent,) = issued(shop, shipped_order(shop, SHIRT0_S=1).order_id)
        text = text_of(pdf(sent, "1", shop.terms))
        assert "Sent on 22 November 2026" in text
        assert "Delivery by" not in text

    def test_a_long_name_wraps(self, shop: Shop) -> None:
        (invoice,) = issued(shop, paid_order(shop, SHIRT0_S=1).order_id)
        name = " ".join(f"word{number}" for number in range(40))
        lines = [invoice["lines"][0] | {"name": name}]
        text = text_of(pdf({**invoice, "lines": lines}, "1", shop.terms))
        assert [word for word in name.split() if word not in text.split()] == []

    def test_a_document_of_before_is_printed_without_what_was_not_kept(self, shop: Shop) -> None:
        (invoice,) = issued(shop, paid_order(shop, SHIRT0_S=1).order_id)
        lines = [
            {name: value for name, value in line.items() if name not in ("unit_price", "discount")}
            for line in invoice["lines"]
        ]
        old = {**invoice, "lines": lines, "sent_on": None, "promised_on": None}
        assert "£8.33" in text_of(pdf(old, "1", shop.terms))

    def test_many_lines_go_on_on_the_next_page(self, shop: Shop) -> None:
        (invoice,) = issued(shop, paid_order(shop, SHIRT0_S=1).order_id)
        many = {**invoice, "lines": invoice["lines"] * 40}
        pages = [page.extract_text() for page in PdfReader(io.BytesIO(pdf(many, "1", shop.terms))).pages]
        assert len(pages) == 3
        for at, text in enumerate(pages, 1):
            assert f"Page {at} of 3" in text
        assert "Unit price" in pages[1]


class TestOverHttp:
    def test_the_buyer_gets_the_invoice_by_the_orders_token(
        self, client: TestClient, open_for_business: Shop, staff: dict[str, str]
    ) -> None:
        placed = paid_order(open_for_business, SHIRT0_S=1)
        address = f"/api/v1/orders/{open_for_business.keys.token('order', placed.order_id)}"
        assert client.get(f"{address}/invoice.pdf").status_code == 404
        (made,) = client.post(f"{address}/invoices", headers=key()).json()["invoices"]
        printed = client.get(f"{address}/invoice.pdf")
        assert printed.headers["content-type"] == "application/pdf"
        assert made["number"] in text_of(printed.content)
        assert client.get(f"{address}/invoices/{made['number']}.pdf").content == printed.content
        by_staff = client.get(f"/api/v1/staff/invoices/{made['number']}.pdf", headers=staff)
        assert by_staff.content == printed.content
        listed = client.get(f"/api/v1/staff/orders/{placed.order_id}/invoices", headers=staff).json()
        assert [each["number"] for each in listed["invoices"]] == [made["number"]]

    def test_one_asks_later_for_an_invoice_to_a_company_until_it_is_issued(
        self, client: TestClient, open_for_business: Shop
    ) -> None:
        placed = paid_order(open_for_business, SHIRT0_S=1)
        path = f"/api/v1/orders/{open_for_business.keys.token('order', placed.order_id)}/invoices"
        company = {"name": "Ada", "company": "Engines Ltd", "tax_number": "GB1"}
        wrong = client.post(path, json=company, headers=key()).json()
        assert [each["code"] for each in wrong["details"]["missing"]] == ["tax_number_wrong"]
        company["tax_number"] = "GB 123 4567 89"
        (made,) = client.post(path, json=company, headers=key()).json()["invoices"]
        assert (made["buyer"]["company"], made["buyer"]["tax_number"]) == ("Engines Ltd", "GB123456789")
        late = client.post(path, json=company, headers=key())
        assert (late.status_code, late.json()["code"]) == (409, "invoice_issued")
        assert client.post(path, headers=key()).json()["invoices"] == [made]

    def test_the_staff_lists_documents_by_day_and_kind(
        self, client: TestClient, open_for_business: Shop, staff: dict[str, str], clock: MovableClock
    ) -> None:
        first = paid_order(open_for_business, SHIRT0_S=1).order_id
        issued(open_for_business, first)
        clock.forward(days=1)
        with open_for_business.database.transaction("test") as uow:
            after_sales.cancel(uow, first, "not wanted")
        issued(open_for_business, first)

        def found(**asked: Any) -> list[str]:
            answer = client.get("/api/v1/staff/invoices", params=asked, headers=staff)
            return [each["number"] for each in answer.json()["items"]]

        assert found() == ["CRN-2026-000001", "INV-2026-000001"]
        assert found(first="2026-11-23") == ["CRN-2026-000001"]
        assert found(last="2026-11-22") == found(kind="invoice") == ["INV-2026-000001"]
        assert found(page=2, page_size=1) == ["INV-2026-000001"]
        assert client.get("/api/v1/staff/invoices").status_code == 401

    def test_nobody_gets_the_invoice_of_another_order(
        self, client: TestClient, open_for_business: Shop
    ) -> None:
        mine, other = (paid_order(open_for_business, SHIRT0_S=1).order_id for _ in range(2))
        number = issued(open_for_business, other)[0]["number"]
        token = open_for_business.keys.token("order", mine)
        assert client.get(f"/api/v1/orders/{token}/invoices/{number}.pdf").status_code == 404
        assert client.get(f"/api/v1/staff/invoices/{number}.pdf").status_code == 401

    def test_an_order_asks_for_its_invoice_and_leaves_a_note(
        self, client: TestClient, open_for_business: Shop, staff: dict[str, str]
    ) -> None:
        cart = client.post("/api/v1/carts", json={}, headers=key()).json()["token"]
        lines = {"lines": [{"sku": "SHIRT0-S", "quantity": 1}]}
        client.post(f"/api/v1/carts/{cart}/lines", json=lines, headers=key())
        wanted = {"name": "Ada", "company": "Engines Ltd", "tax_number": "GB1"}
        body = order_body(cart) | {"note": "Ring twice.", "invoice": wanted}
        refused = client.post("/api/v1/orders", json=body, headers=key())
        assert [each["field"] for each in refused.json()["details"]["missing"]] == ["invoice_tax_number"]
        body["invoice"] = wanted | {"tax_number": "GB 123 4567 89"}
        placed = client.post("/api/v1/orders", json=body, headers=key())
        assert placed.status_code == 201
        (request,) = rows_of(open_for_business, invoice_requests)
        assert request["buyer"]["tax_number"] == "GB123456789"
        remarks = client.get(f"/api/v1/staff/orders/{placed.json()['id']}/remarks", headers=staff).json()
        assert [(note["author"], note["text"]) for note in remarks["notes"]] == [("shopper", "Ring twice.")]


def test_the_seller_is_the_shop_unless_the_settings_name_another() -> None:
    assert Seller.of(Settings(shop_name="Storehouse")).name == "Storehouse"
    assert Seller.of(Settings(seller_name="Storehouse Ltd")).name == "Storehouse Ltd"
