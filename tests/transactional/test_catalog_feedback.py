import re
import threading
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from shopping import key, ordered_over_http, paid_order, rows_of, shipped_order
from sqlalchemy import update
from webpage import Webpage

from transactional.catalog import feedback, richtext
from transactional.catalog.errors import AlreadyReviewed
from transactional.catalog.models import products, questions, reviews
from transactional.database import writing
from transactional.orders import shipping
from transactional.shop import Shop

STAFF = "/api/v1/staff/catalogue"
SHIRT = "/api/v1/products/shirt-0"


@pytest.fixture
def staff(open_for_business: Shop) -> dict[str, str]:
    return {"Authorization": f"Bearer {open_for_business.keys.staff_token}"}


def written(client: TestClient, what: str, **body: Any) -> str:
    answer = client.post(f"{SHIRT}/{what}", json={"author": "Ada"} | body, headers=key())
    assert (answer.status_code, answer.json()["status"]) == (201, "pending"), answer.text
    return str(answer.json()["id"])


class TestReviews:
    def test_only_what_is_published_is_shown_and_counted(
        self, client: TestClient, staff: dict[str, str]
    ) -> None:
        ids = [written(client, "reviews", rating=stars, comment=f"{stars} stars") for stars in (5, 4, 1)]
        assert client.get(f"{SHIRT}/reviews").json() == {"count": 0, "average": 0.0, "items": []}
        waiting = client.get(f"{STAFF}/reviews", headers=staff).json()["items"]
        assert {each["id"] for each in waiting} == set(ids)
        for review, status in zip(ids, ("published", "published", "rejected"), strict=True):
            at = f"{STAFF}/reviews/{review}/moderation"
            assert client.put(at, json={"status": status}, headers=staff).json()["status"] == status
        shown = client.get(f"{SHIRT}/reviews").json()
        assert (shown["count"], shown["average"]) == (2, 4.5)
        assert {each["comment"] for each in shown["items"]} == {"5 stars", "4 stars"}
        page = client.get("/p/shirt-0").text
        assert "4.5 of 5 stars from 2 reviews" in page and "1 stars" not in page

    def test_a_review_is_answered(
        self, client: TestClient, staff: dict[str, str], open_for_business: Shop
    ) -> None:
        review = written(client, "reviews", rating=3)
        body = {"status": "published", "answer": "We are sorry."}
        client.put(f"{STAFF}/reviews/{review}/moderation", json=body, headers=staff)
        client.put(f"{STAFF}/reviews/{review}/moderation", json={"status": "published"}, headers=staff)
        (row,) = rows_of(open_for_business, reviews)
        assert row["answer"] == "We are sorry." and row["answered_at"] is not None
        assert "We are sorry." in client.get("/p/shirt-0").text

    def test_who_bought_here_can_show_it_once(self, client: TestClient, open_for_business: Shop) -> None:
        shop = open_for_business
        order = paid_order(shop, SHIRT0_S=1, SHIRT0_M=1)
        body = {"author": "Ada", "rating": 5, "order": shop.keys.token("order", order.order_id)}
        written(client, "reviews", **body)
        assert rows_of(shop, reviews)[0]["order_id"] == order.order_id
        for slug, code in (("shirt-0", "already_reviewed"), ("shirt-1", "not_bought")):
            again = client.post(f"/api/v1/products/{slug}/reviews", json=body, headers=key())
            assert (again.status_code, again.json()["code"]) == (409, code)
        assert len(rows_of(shop, reviews)) == 1

    def test_an_order_that_is_not_paid_has_bought_nothing(self, client: TestClient) -> None:
        order = ordered_over_http(client, SHIRT0_S=1)
        body = {"author": "Ada", "rating": 5, "order": order["token"]}
        answer = client.post(f"{SHIRT}/reviews", json=body, headers=key())
        assert (answer.status_code, answer.json()["code"]) == (409, "not_bought")

    def test_two_reviews_at_once_are_one(self, open_for_business: Shop) -> None:
        shop = open_for_business
        order = paid_order(shop, SHIRT0_S=1)
        outcomes: list[str] = []

        def write() -> None:
            try:
                with shop.database.transaction("shopper") as uow:
                    feedback.review(uow, "shirt-0", author="Ada", rating=5, order_id=order.order_id)
                outcomes.append("written")
            except AlreadyReviewed:
                outcomes.append("refused")

        writers = [threading.Thread(target=write) for _ in range(3)]
        for each in writers:
            each.start()
        for each in writers:
            each.join()
        assert sorted(outcomes) == ["refused", "refused", "written"]

    def test_the_queue_is_paged(self, client: TestClient, staff: dict[str, str]) -> None:
        ids = {written(client, "reviews", rating=5) for _ in range(3)}
        pages = [
            client.get(f"{STAFF}/reviews", params={"page": n, "page_size": 2}, headers=staff).json()
            for n in (1, 2)
        ]
        assert [(len(page["items"]), page["total"]) for page in pages] == [(2, 3), (1, 3)]
        assert {each["id"] for page in pages for each in page["items"]} == ids

    @pytest.mark.parametrize(
        "body",
        [
            {"author": "Ada", "rating": 0},
            {"author": "Ada", "rating": 6},
            {"author": " ", "rating": 5},
            {"author": "x" * 81, "rating": 5},
            {"author": "Ada", "rating": 5, "comment": "x" * 4_001},
            {"author": "Ada", "rating": 5, "status": "published"},
        ],
    )
    def test_a_review_is_bounded(self, client: TestClient, body: dict[str, Any]) -> None:
        assert client.post(f"{SHIRT}/reviews", json=body, headers=key()).status_code == 422

    def test_of_a_product_that_is_not_live_there_are_none(self, client: TestClient) -> None:
        body = {"author": "Ada", "rating": 5}
        assert client.post("/api/v1/products/nope/reviews", json=body, headers=key()).status_code == 404
        assert client.get("/api/v1/products/nope/reviews").status_code == 404

    def test_moderation_is_the_staffs(self, client: TestClient) -> None:
        review = written(client, "reviews", rating=5)
        body = {"status": "published"}
        assert client.put(f"{STAFF}/reviews/{review}/moderation", json=body).status_code == 401
        assert client.get(f"{STAFF}/questions").status_code == 401


def test_a_question_is_answered_and_shown(client: TestClient, staff: dict[str, str]) -> None:
    question = written(client, "questions", question="Can it be washed?")
    assert client.get(f"{SHIRT}/questions").json()["items"] == []
    waiting = client.get(f"{STAFF}/questions", headers=staff).json()["items"]
    assert [each["id"] for each in waiting] == [question]
    body = {"status": "published", "answer": "At 30 degrees."}
    client.put(f"{STAFF}/questions/{question}/moderation", json=body, headers=staff)
    assert client.get(f"{SHIRT}/questions").json()["items"][0]["answer"] == "At 30 degrees."
    assert "At 30 degrees." in client.get("/p/shirt-0").text


class TestPage:
    def test_forms_without_script_write_reviews_and_questions(
        self, client: TestClient, open_for_business: Shop
    ) -> None:
        review = {"author": "Ada", "rating": "4", "title": "", "comment": "Fine"}
        thanks = client.post("/p/shirt-0/reviews", data=review)
        assert thanks.status_code == 200 and "once we have read it" in thanks.text
        asked = client.post("/p/shirt-0/questions", data={"author": "Ada", "question": "Is it blue?"})
        assert "with our answer" in asked.text and "Is it blue?" not in asked.text
        (row,) = rows_of(open_for_business, reviews)
        assert (row["rating"], row["title"], row["status"]) == (4, None, "pending")
        assert [row["question"] for row in rows_of(open_for_business, questions)] == ["Is it blue?"]

    def test_the_orders_page_leads_to_a_review_with_it(
        self, client: TestClient, open_for_business: Shop
    ) -> None:
        shop = open_for_business
        order_id = shipped_order(shop, SHIRT0_S=1).order_id
        token = shop.keys.token("order", order_id)
        link = f"/p/shirt-0?order={token}#reviews"
        assert link not in client.get(f"/orders/{token}").text
        with shop.database.transaction("staff") as uow:
            shipping.deliver(uow, order_id)
        assert link in client.get(f"/orders/{token}").text
        page = Webpage(client.get(link).text)
        form = page.form("/p/shirt-0/reviews")
        assert 'data-path="/p/shirt-0"' in client.get(link).text  # the tracker does not learn the token
        typed = form.values | {"author": "Ada", "rating": "5"}
        assert "once we have read it" in client.post(form.action, data=typed).text
        assert rows_of(shop, reviews)[0]["order_id"] is not None
        assert link not in client.get(f"/orders/{token}").text
        again = client.post(form.action, data=typed)
        assert again.status_code == 409 and "has been reviewed with this order" in again.text

    def test_a_form_keeps_what_was_typed(self, client: TestClient, open_for_business: Shop) -> None:
        form = {"author": " ", "rating": "2", "comment": "Typed <b>long</b>"}
        again = client.post("/p/shirt-0/reviews", data=form)
        assert again.status_code == 422
        assert "Enter a name" in again.text and "Typed &lt;b&gt;long&lt;/b&gt;" in again.text
        assert '<option value="2" selected>' in again.text
        assert client.post("/p/shirt-0/questions", data={"author": "Ada"}).status_code == 422
        assert rows_of(open_for_business, reviews) == []

    def test_what_people_write_never_runs(
        self, client: TestClient, staff: dict[str, str], open_for_business: Shop
    ) -> None:
        attack = "<img src=x onerror=alert(1)><script>alert(2)</script>"
        review = written(client, "reviews", rating=5, author=attack[:80], title=attack, comment=attack)
        question = written(client, "questions", question=attack)
        body = {"status": "published", "answer": attack}
        client.put(f"{STAFF}/reviews/{review}/moderation", json=body, headers=staff)
        client.put(f"{STAFF}/questions/{question}/moderation", json=body, headers=staff)
        with writing(open_for_business.database.engine) as connection:
            connection.execute(update(products).values(description=f"<p>Soft</p>{attack}"))
        page = client.get("/p/shirt-0").text
        assert "<script>alert" not in page and "<img src=x" not in page
        assert "<p>Soft</p>" in page


class TestRichText:
    @pytest.mark.parametrize(
        ("description", "shown"),
        [
            ("Soft & warm", "<p>Soft &amp; warm</p>"),
            ('<p onclick="x()" style="y">Soft <B>warm</B></p>', "<p>Soft <b>warm</b></p>"),
            ("<script>alert(1)</script><p>Soft</p>", "<p>Soft</p>"),
            ('<a href="javascript:x()">here</a>', "<p>here</p>"),
            ("<ul><li>one<li>two</ul>", "<ul><li>one<li>two</li></li></ul>"),
            ("<p>open", "<p>open</p>"),
            ("</div></section>5 < 6", "<p>5 &lt; 6</p>"),
            ("&lt;script&gt;", "<p>&lt;script&gt;</p>"),
        ],
    )
    def test_simple_html_stays_and_nothing_runs(self, description: str, shown: str) -> None:
        assert str(richtext.markup(description)) == shown

    @given(st.text(alphabet="<>/\"'=&;!-[]abps cript onx:"))
    def test_nothing_but_known_tags_comes_out(self, description: str) -> None:
        tags = re.findall(r"<[^>]*>?", str(richtext.markup(description)))
        assert all(
            re.fullmatch(r"</?(p|ul|ol|li|b|strong|i|em|u|h[234]|blockquote)>|<br>", tag) for tag in tags
        )

    def test_a_summary_is_plain(self) -> None:
        assert richtext.plain("<p>Soft &amp; warm</p><ul><li>red</li></ul>") == "Soft & warm red"
