"""The collector over HTTP, as a process of its own."""

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from processes import eventually, free_ports

from web_analytics.visitors import DailySalts

Make = Callable[..., dict[str, Any]]
SHOP = "http://127.0.0.1:8000"


def test_an_acknowledged_event_is_a_row_of_the_lake_in_the_spool(collector: Any, event: Make) -> None:
    posted = event(
        event_name="add_to_cart",
        value=2490,
        currency="GBP",
        items=[{"item_id": "MUG-1", "price": 1245, "quantity": 2, "colour": "ignored"}],
        params={"coupon": "TEN", "rank": 3, "gift": True},
    )
    answer = collector.post(posted, headers={"user-agent": "Browser/1"})
    assert (answer.status_code, answer.json()) == (200, {"accepted": 1, "quarantined": 0})
    (line,) = collector.lines()
    received = datetime.fromisoformat(line.pop("received_at"))
    assert abs((datetime.now(UTC) - received).total_seconds()) < 60
    assert line == {
        "shop_id": "demo",
        "event_id": posted["event_id"],
        "event_name": "add_to_cart",
        "occurred_at": "2025-11-22T10:20:00.123000Z",
        "visitor_id": "visitor-1",
        "page_url": "http://shop.example/",
        "value": 2490,
        "currency": "GBP",
        "items": [{"item_id": "MUG-1", "price": 1245, "quantity": 2}],
        "params": '{"coupon":"TEN","rank":3,"gift":true}',
        "user_agent": "Browser/1",
        "source": "tracker",
    }


def test_a_time_may_also_be_iso_with_a_zone(collector: Any, event: Make) -> None:
    assert collector.post(event(occurred_at="2026-11-22T11:00:00.5+01:00")).status_code == 200
    assert collector.lines()[0]["occurred_at"] == "2026-11-22T10:00:00.500000Z"


def test_the_valid_events_of_a_batch_are_kept_and_the_others_quarantined(collector: Any, event: Make) -> None:
    bad = [
        event(event_id="seven"),
        event(occurred_at="yesterday"),
        event(value=1.5),
        event(items=[{"item_id": ""}]),
        event(params={"nested": {"a": 1}}),
        event(event_name="Page View"),
        event(currency="pounds"),
        event(page_url="x" * 5000),
        "not an object",
        None,
    ]
    answer = collector.post([event(), *bad, event()])
    assert (answer.status_code, answer.json()) == (200, {"accepted": 2, "quarantined": len(bad)})
    assert len(collector.lines()) == 2
    kept = collector.lines(".quarantine")
    assert len(kept) == len(bad)
    assert all(row["reason"] and row["body"] and row["received_at"] for row in kept)
    assert "event_id" in kept[0]["reason"]
    assert "seven" in kept[0]["body"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [(b"{", "not JSON"), (b"", "not JSON"), (b"\xff\xfe", "not JSON"), (b"[]", "1 to 100"), (b"7", "object")],
)
def test_what_is_no_event_is_quarantined_with_its_reason(collector: Any, body: bytes, reason: str) -> None:
    answer = collector.post(body)
    assert (answer.status_code, answer.json()) == (400, {"accepted": 0, "quarantined": 1})
    (row,) = collector.lines(".quarantine")
    assert reason in row["reason"]


def test_a_batch_holds_at_most_a_hundred_events(collector: Any, event: Make) -> None:
    assert collector.post([event() for _ in range(100)]).json()["accepted"] == 100
    assert collector.post([event() for _ in range(101)]).json() == {"accepted": 0, "quarantined": 1}


def test_a_request_holds_at_most_64_kilobytes(collector: Any, event: Make) -> None:
    large = [event(page_title="x" * 1000) for _ in range(60)]
    assert collector.post(large).status_code == 413
    assert (
        httpx.post(f"{collector.url}/collect", content=(b"x" * 40_000 for _ in range(2))).status_code == 413
    )
    assert collector.lines() == []


def test_unknown_paths_and_methods_are_refused(collector: Any) -> None:
    assert httpx.get(f"{collector.url}/collect").status_code == 405
    assert httpx.get(f"{collector.url}/nowhere").status_code == 404


def test_only_the_shop_may_read_the_answer(collector: Any, event: Make) -> None:
    def allowed(origin: str) -> str | None:
        preflight = httpx.options(f"{collector.url}/collect", headers={"origin": origin})
        posted = collector.post(event(), headers={"origin": origin})
        assert preflight.status_code == 204
        name = "access-control-allow-origin"
        assert preflight.headers.get(name) == posted.headers.get(name)
        value: str | None = posted.headers.get(name)
        return value

    assert allowed(SHOP) == SHOP
    assert allowed("http://localhost:8000") == "http://localhost:8000"
    assert allowed("http://stranger.example") is None


def test_the_pixel_counts_a_page_view_without_javascript(collector: Any) -> None:
    answer = httpx.get(f"{collector.url}/pixel.gif", headers={"referer": "http://shop.example/p/mug"})
    assert answer.headers["content-type"] == "image/gif"
    assert answer.content.startswith(b"GIF89a")
    httpx.get(f"{collector.url}/pixel.gif", params={"u": "http://shop.example/c/mugs"})
    first, second = collector.lines()
    assert (first["event_name"], first["source"]) == ("page_view", "pixel")
    assert first["page_url"] == "http://shop.example/p/mug"
    assert second["page_url"] == "http://shop.example/c/mugs"
    assert first["visitor_id"] == second["visitor_id"]


@pytest.mark.parametrize("signal", [{"dnt": "1"}, {"sec-gpc": "1"}])
def test_the_pixel_honours_privacy_signals_by_a_setting(start_collector: Any, signal: dict[str, str]) -> None:
    for honours, views in ((True, 0), (False, 1)):
        collector = start_collector(
            tracker_honours_privacy_signals=honours, collector_name=f"honours-{honours}".lower()
        )
        headers = {"referer": "http://shop.example/", **signal}
        assert httpx.get(f"{collector.url}/pixel.gif", headers=headers).status_code == 200
        assert httpx.get(f"{collector.url}/healthz").json()["accepted"] == views


def test_the_tracker_is_served_with_the_settings_in_it(start_collector: Any) -> None:
    collector = start_collector(tracker_cookieless=True)
    answer = httpx.get(f"{collector.url}/tracker.js")
    assert '{"honoursSignals":true,"cookieless":true}' in answer.text
    assert answer.headers["content-encoding"] == "gzip"
    plain = httpx.get(f"{collector.url}/tracker.js", headers={"accept-encoding": "identity"})
    assert plain.text == answer.text
    again = httpx.get(f"{collector.url}/tracker.js", headers={"if-none-match": answer.headers["etag"]})
    assert again.status_code == 304


def test_cookieless_visitors_are_a_hash_of_the_day_and_no_address_is_kept(
    start_collector: Any, event: Make
) -> None:
    collector = start_collector(tracker_cookieless=True)
    for agent in ("Browser/1", "Browser/1", "Browser/2"):
        collector.post(event(visitor_id="from-a-cookie"), headers={"user-agent": agent})
    first, same, other = (line["visitor_id"] for line in collector.lines())
    assert re.fullmatch("[0-9a-f]{32}", first)
    assert first == same != other
    assert "127.0.0.1" not in "".join(map(str, collector.lines()))


def test_the_salt_changes_every_day_and_the_old_one_is_gone(tmp_path: Path) -> None:
    salts, other_collector = DailySalts(tmp_path), DailySalts(tmp_path)
    monday, tuesday = date(2026, 11, 23), date(2026, 11, 24)
    ids = [salts.visitor_id(day, "demo", "10.0.0.1", "Browser/1") for day in (monday, tuesday)]
    assert ids[0] != ids[1]
    assert other_collector.visitor_id(tuesday, "demo", "10.0.0.1", "Browser/1") == ids[1]
    assert [path.name for path in tmp_path.iterdir()] == ["visitor-salt-2026-11-24"]
    assert (tmp_path / "visitor-salt-2026-11-24").stat().st_mode & 0o077 == 0


def test_a_client_that_posts_too_often_is_told_to_wait(start_collector: Any, event: Make) -> None:
    collector = start_collector(collector_requests_per_second=1)
    answers = [collector.post(event()) for _ in range(12)]
    assert Counter(answer.status_code for answer in answers) == {200: 10, 429: 2}
    assert "retry-after" in answers[-1].headers


def test_a_spool_too_far_behind_answers_503_until_the_loader_catches_up(
    start_collector: Any, event: Make
) -> None:
    collector = start_collector(collector_max_spool_bytes=20_000)
    acknowledged = 0
    while (answer := collector.post([event() for _ in range(20)])).status_code == 200:
        acknowledged += 20
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert httpx.get(f"{collector.url}/healthz").status_code == 503
    assert len(collector.lines()) == acknowledged
    eventually(
        lambda: not [path for path in collector.spool.glob("*.open") if path.stat().st_size],
        "all is sealed",
        10,
    )
    for path in collector.spool.glob("*.ndjson"):
        path.unlink()
    eventually(lambda: collector.post(event()).status_code == 200, "it takes events again", 10)


def test_a_full_disk_answers_503_and_leaves_nothing_half_written(start_collector: Any, event: Make) -> None:
    # Every file may grow to 6,000 bytes, so that writes fail in the middle of a line.
    collector = start_collector(file_size_limit=6_000)
    acknowledged, refused = [], 0
    for _ in range(60):
        posted = [event() for _ in range(4)]
        answer = collector.post(posted)
        assert answer.status_code in (200, 503)
        if answer.status_code == 200:
            acknowledged += [one["event_id"] for one in posted]
        else:
            refused += 1
            assert "retry-after" in answer.headers
    assert refused > 0
    # The next segment is another file: there is room again.
    eventually(lambda: collector.post(event()).status_code == 200, "it takes events again", 10)
    written = Counter(line["event_id"] for line in collector.lines())
    assert all(written[event_id] == 1 for event_id in acknowledged)


def test_segments_are_sealed_within_a_second_and_all_of_them_at_the_end(
    start_collector: Any, event: Make
) -> None:
    collector = start_collector()
    collector.post([event(), event(event_id="bad")])
    started = time.monotonic()
    eventually(lambda: len(list(collector.spool.glob("*.ndjson"))) == 2, "both are sealed", 10)
    assert time.monotonic() - started < 1.5
    collector.post(event())
    collector.stop()
    assert [path.stat().st_size for path in collector.spool.glob("*.open")] == [0, 0]
    assert len(collector.lines()) == 2


def test_two_collectors_never_share_a_spool(collector: Any) -> None:
    names = {"STOREHOUSE_HOME": str(collector.home), "STOREHOUSE_COLLECTOR_PORT": str(*free_ports(1))}
    start = "from settings import Settings; from web_analytics.collector import run; run(Settings())"
    second = subprocess.run(
        [sys.executable, "-c", start], env=os.environ | names, capture_output=True, text=True, timeout=20
    )
    assert second.returncode != 0
    assert "STOREHOUSE_COLLECTOR_NAME" in second.stderr


def test_kill_9_never_loses_or_doubles_an_acknowledged_event(start_collector: Any, event: Make) -> None:
    collector = start_collector(collector_requests_per_second=1_000_000)
    acknowledged: list[str] = []
    stop = threading.Event()

    def post_events() -> None:
        while not stop.is_set():
            batch = [event() for _ in range(3)]
            try:
                answer = collector.post(batch, timeout=5)
            except httpx.TransportError:
                continue  # the answer is unknown, and without a retry nothing may be asserted
            if answer.status_code == 200:
                acknowledged.extend(one["event_id"] for one in batch)

    threads = [threading.Thread(target=post_events) for _ in range(6)]
    for thread in threads:
        thread.start()
    try:
        for pause in (0.7, 0.3, 0.5):
            time.sleep(pause)  # the moment of the kill, not a condition waited for
            collector.kill()
            collector.start()
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    collector.kill()
    collector.start()
    written = Counter(line["event_id"] for line in collector.lines())
    assert len(acknowledged) > 50
    assert [event_id for event_id in acknowledged if written[event_id] != 1] == []


def test_text_that_json_can_hold_and_others_stumble_on_is_kept(collector: Any, event: Make) -> None:
    titles = ["nul \x00 in it", "emoji 😀", "line\nbreak", "", "\u2028", '"quoted" \\ back', "\x7f\x1b"]
    assert collector.post([event(page_title=title) for title in titles]).json()["accepted"] == len(titles)
    assert [line.get("page_title") for line in collector.lines()] == titles
    lone_surrogate = json.dumps(event(page_title="\ud800")).encode()
    assert collector.post(lone_surrogate).json() == {"accepted": 0, "quarantined": 1}
