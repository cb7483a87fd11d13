"""What goes wrong where a person looks is a page, and a `Problem` where a program asks."""

from dataclasses import replace

import httpx
import pytest
from fastapi.testclient import TestClient
from webpage import Webpage

from transactional.app import create_app
from transactional.database import connect
from transactional.shop import Shop
from transactional.transactions import Database


def assert_problem_page(answer: httpx.Response, status: int, words: str) -> None:
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
    page = Webpage(answer.text)
    assert words in page.text
    assert "/" in [link["href"] for link in page.links]


def assert_problem(answer: httpx.Response, status: int, code: str) -> None:
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/json")
    assert answer.json()["code"] == code


@pytest.mark.parametrize("path", ["/nowhere", "/p/none", "/c/none", "/orders/none", "/static/none.css"])
def test_what_is_not_there(client: TestClient, path: str) -> None:
    assert_problem_page(client.get(path), 404, "There is nothing here")


def test_an_address_of_no_page_says_so_in_words(client: TestClient) -> None:
    page = Webpage(client.get("/nowhere").text)
    assert "No page of the shop has this address. Look through the departments above" in page.text


def test_a_problem_page_is_a_page_of_the_shop(client: TestClient) -> None:
    page = Webpage(client.get("/p/none").text)
    assert "/c/clothes" in [link["href"] for link in page.links]
    assert page.form("/search")


def test_a_form_sent_to_a_page_that_takes_none(client: TestClient) -> None:
    refused = client.post("/p/shirt-0")
    assert_problem_page(refused, 405, "That cannot be done here")
    assert refused.headers["allow"] == "GET"


@pytest.mark.parametrize("address", ["/c/clothes?page=0", "/c/clothes?sort=magic", "/search?q=" + "x" * 81])
def test_an_address_that_makes_no_sense(client: TestClient, address: str) -> None:
    assert_problem_page(client.get(address), 422, "That did not work")


def test_a_form_that_is_malformed(client: TestClient) -> None:
    assert_problem_page(client.post("/cart/lines", data={"quantity": "many"}), 422, "That did not work")


def test_too_much_at_once(client: TestClient) -> None:
    for body in (b"x" * 70_000, iter([b"x" * 40_000] * 2)):
        assert_problem_page(client.post("/checkout", content=body), 413, "That was too much")


def test_too_many_requests(client: TestClient, open_for_business: Shop) -> None:
    settings = open_for_business.settings.model_copy(
        update={"request_burst": 1, "requests_per_second": 0.001}
    )
    hurried = TestClient(create_app(settings, open_for_business))
    hurried.get("/")
    refused = hurried.get("/")
    assert_problem_page(refused, 429, "One moment, please")
    assert refused.headers["retry-after"] == "1"
    assert_problem(hurried.get("/api/v1/categories"), 429, "rate_limited")


def test_a_database_that_does_not_answer(open_for_business: Shop) -> None:
    nobody = Database(connect("postgresql://127.0.0.1:1/nobody"))
    cut_off = TestClient(create_app(open_for_business.settings, replace(open_for_business, database=nobody)))
    refused = cut_off.get("/")
    assert_problem_page(refused, 503, "One moment, please")
    assert refused.headers["retry-after"] == "1"
    assert_problem(cut_off.get("/healthz"), 503, "database_busy")


def test_a_fault_of_our_own(open_for_business: Shop) -> None:
    broken = replace(open_for_business, database=None)  # type: ignore[arg-type]
    client = TestClient(create_app(open_for_business.settings, broken), raise_server_exceptions=False)
    assert_problem_page(client.get("/"), 500, "Something went wrong here; nothing was changed.")
    assert_problem(client.get("/api/v1/categories"), 500, "internal_error")


def test_programs_still_get_a_problem(client: TestClient) -> None:
    assert_problem(client.get("/api/v1/nowhere"), 404, "not_found")
    assert_problem(client.delete("/api/v1/carts"), 405, "method_not_allowed")
    assert_problem(client.get("/api/v1/products?page=0"), 422, "invalid_request")
