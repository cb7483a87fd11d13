from fastapi.testclient import TestClient
from shopping import key, placed_order

from transactional.shop import Shop


def test_the_staff_notes_and_marks_an_order(
    client: TestClient, open_for_business: Shop, staff: dict[str, str]
) -> None:
    address = f"/api/v1/staff/orders/{placed_order(open_for_business, SHIRT0_S=1).order_id}"
    noted = client.post(f"{address}/notes", json={"text": "Call back."}, headers=staff | key())
    assert [note["text"] for note in noted.json()["notes"]] == ["Call back."]
    for colour in ("orange", "green"):
        marked = client.put(f"{address}/marks/call-back", json={"colour": colour}, headers=staff)
    assert [(mark["label"], mark["colour"]) for mark in marked.json()["marks"]] == [("call-back", "green")]
    for _ in range(2):
        freed = client.delete(f"{address}/marks/call-back", headers=staff)
    assert freed.json()["marks"] == []


def test_only_the_staff_sees_notes(client: TestClient, open_for_business: Shop) -> None:
    address = f"/api/v1/staff/orders/{placed_order(open_for_business, SHIRT0_S=1).order_id}"
    assert client.get(f"{address}/remarks").status_code == 401


def test_an_order_that_is_not_there_has_no_notes(client: TestClient, staff: dict[str, str]) -> None:
    address = "/api/v1/staff/orders/0190a5c0-0000-7000-8000-000000000000"
    assert client.get(f"{address}/remarks", headers=staff).status_code == 404
    note = client.post(f"{address}/notes", json={"text": "Who?"}, headers=staff | key())
    assert note.status_code == 404


def test_an_order_has_so_many_marks_and_no_more(
    client: TestClient, open_for_business: Shop, staff: dict[str, str]
) -> None:
    address = f"/api/v1/staff/orders/{placed_order(open_for_business, SHIRT0_S=1).order_id}"
    for number in range(20):
        client.put(
            f"{address}/marks/mark-{number}", json={"colour": "blue"}, headers=staff
        ).raise_for_status()
    refused = client.put(f"{address}/marks/mark-20", json={"colour": "blue"}, headers=staff)
    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_remarks")
