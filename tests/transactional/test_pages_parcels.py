"""What the buyer's order page says of parcels, and of units that were taken off or came back."""

from collections.abc import Callable

from fastapi.testclient import TestClient
from shopping import Shelves, paid_order
from test_partial_cancellation import lines_of
from webpage import Webpage

from transactional.orders import after_sales, shipping
from transactional.shop import Shop
from transactional.unit_of_work import UnitOfWork


def test_the_order_page_shows_what_is_on_its_way_and_what_is_not_coming(
    client: TestClient, open_for_business: Shop, shelves: Shelves
) -> None:
    shop = open_for_business
    order_id = paid_order(shop, SHIRT0_S=3, SHIRT1_M=1).order_id
    line = lines_of(shop, order_id)["SHIRT0-S"]

    def page_after(work: Callable[[UnitOfWork], object]) -> str:
        with shop.database.transaction("staff") as uow:
            work(uow)
        return Webpage(client.get(f"/orders/{shop.keys.token('order', order_id)}").text).text

    sent = page_after(
        lambda uow: shipping.ship(uow, order_id, {line: 1}, carrier="Royal Mail", tracking="QW1GB")
    )
    assert "Part of this order is on its way" in sent
    assert "Your parcel 1 × " in sent
    assert "Royal Mail QW1GB" in sent
    shorter = page_after(lambda uow: after_sales.cancel_lines(uow, order_id, {line: 1}, "not wanted"))
    assert "1 taken off" in shorter
    assert "On its way back: £10.00" in shorter
    assert "Your 2 parcels" in page_after(lambda uow: shipping.ship(uow, order_id))
    back = page_after(lambda uow: after_sales.return_lines(uow, order_id, {line: 1}, "too small"))
    assert "1 taken off · 1 came back" in back
