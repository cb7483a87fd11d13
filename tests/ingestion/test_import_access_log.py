"""Access logs: every line counted once, whatever clients sent."""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lake_reader import query

from ingestion.importers.access_log import import_access_log
from ingestion.importers.log_lines import Hit, host_url, page_url, parse
from ingestion.importers.values import BadValueError
from ingestion.user_agents import classify
from settings import Settings, UserError

Write = Callable[[str, str | bytes], Path]
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:24.0) Gecko/20140205 Firefox/24.0"
HOST = "https://blog.example"


def log_line(
    request: str = "GET /page HTTP/1.1",
    status: int | str = 200,
    agent: str = FIREFOX,
    address: str = "83.149.9.216",
    referrer: str = "-",
    at: str = "17/May/2015:10:05:03 +0000",
) -> str:
    return f'{address} - - [{at}] "{request}" {status} 1024 "{referrer}" "{agent}"\n'


def run(settings: Settings, path: Path, **options: Any) -> Any:
    return import_access_log(settings, path, "blog", HOST, **options)


def test_a_line_becomes_an_event(settings: Settings, write: Write) -> None:
    run(settings, write("a.log", log_line(at="17/May/2015:12:05:03 +0200", referrer="http://x.example/?q=1")))
    rows = query(
        settings,
        "SELECT shop_id, event_name, source, occurred_at::VARCHAR, received_at = occurred_at, page_url,"
        " referrer, user_agent, http_status, customer_id FROM events",
    )
    assert rows == [
        (
            "blog",
            "page_view",
            "access_log",
            "2015-05-17 10:05:03",
            True,
            f"{HOST}/page",
            "http://x.example/?q=1",
            FIREFOX,
            200,
            None,
        )
    ]
    assert query(settings, "SELECT browser, device_type, is_bot FROM user_agents") == [
        ("Firefox", "desktop", False)
    ]
    assert [path.parent.name for path in settings.lake.glob("events/*/*")] == ["date=2015-05-17"]


def test_no_address_is_kept_and_visitors_are_told_apart(settings: Settings, write: Write) -> None:
    lines = (
        log_line()
        + log_line(request="GET /b HTTP/1.0")
        + log_line(address="2001:db8::1")
        + log_line(agent="x")
    )
    run(settings, write("a.log", lines))
    assert query(settings, "SELECT count(DISTINCT visitor_id), count(*) FROM events") == [(3, 4)]
    everything = str(query(settings, "SELECT * FROM events"))
    assert "83.149.9.216" not in everything
    assert "2001:db8" not in everything


@pytest.mark.parametrize(
    ("request_line", "status", "kind"),
    [
        ("GET / HTTP/1.1", 200, "page_view"),
        ("HEAD /a/b.html?x=1 HTTP/1.0", 304, "page_view"),
        ("POST /form HTTP/2", 200, "page_view"),
        ("GET /old", 301, "page_view"),
        ("GET /style.CSS?v=3 HTTP/1.1", 200, "asset_request"),
        ("GET /a.b/c HTTP/1.1", 200, "page_view"),
        ("GET /image.png HTTP/1.1", 404, "error_response"),
        ("OPTIONS * HTTP/1.1", 200, "error_response"),
        ("-", 408, "error_response"),
        ("-", 200, "error_response"),
        (r"\x16\x03\x01\x00", 400, "error_response"),
        ("", 400, "error_response"),
        ('GET /a"b HTTP/1.1', 200, "page_view"),
        ("GET /with space here HTTP/1.1", 200, "page_view"),
    ],
)
def test_each_request_is_a_view_an_asset_or_an_error(request_line: str, status: int, kind: str) -> None:
    assert parse(log_line(request_line, status).rstrip()).kind == kind


def test_a_line_counts_once_as_view_asset_bot_hit_or_error(settings: Settings, write: Write) -> None:
    bot = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
    lines = [
        log_line(),
        log_line("GET /a.css HTTP/1.1"),
        log_line(agent=bot),
        log_line("GET /a.css HTTP/1.1", agent=bot),
        log_line(status=404, agent=bot),
        log_line("-", 408),
        "no log line\n",
    ]
    outcome = run(settings, write("a.log", "".join(lines)))
    assert outcome.kinds == {"views": 1, "assets": 1, "bot hits": 3, "errors": 1}
    assert outcome.closing_line == "read 7 = loaded 6 + rejected 1 + skipped 0"
    kept = outcome.reject_files[0].read_text().splitlines()
    assert kept[1] == "a.log,7,neither common nor combined log format,no log line"


@pytest.mark.parametrize(
    ("raw", "agent"),
    [
        (r"\"Mozilla/5.0\" x", '"Mozilla/5.0" x'),
        ('"Mozilla/5.0 raw"', '"Mozilla/5.0 raw"'),
        (r"\x22Mozilla\x22", '"Mozilla"'),
        ("Mozilla/5.0 (“curly”) é", "Mozilla/5.0 (“curly”) é"),
        ("-", None),
        ("", None),
    ],
)
def test_odd_user_agents_are_read_as_they_were_sent(raw: str, agent: str | None) -> None:
    assert parse(log_line(agent=raw).rstrip()).user_agent == agent


def test_the_common_format_has_neither_referrer_nor_agent() -> None:
    hit = parse('::1 - frank [10/Oct/2000:13:55:36 -0700] "GET /a.gif HTTP/1.0" 200 -')
    assert (hit.address, hit.referrer, hit.user_agent, hit.kind) == ("::1", None, None, "asset_request")
    assert hit.at.isoformat() == "2000-10-10T20:55:36+00:00"


@given(st.text(max_size=200))
def test_no_text_makes_the_reader_fail(text: str) -> None:
    try:
        assert isinstance(parse(text), Hit)
    except BadValueError as problem:
        assert str(problem)


@given(request_line=st.text(max_size=60), agent=st.text(max_size=60))
def test_whatever_stands_in_the_quotes_the_line_is_read(request_line: str, agent: str) -> None:
    line = log_line(request_line, agent=agent).removesuffix("\n")
    if "\n" not in line and '"' not in request_line:
        assert parse(line).status == 200


def test_equal_lines_both_count_and_a_second_import_changes_nothing(settings: Settings, write: Write) -> None:
    path = write("a.log", log_line() * 3)
    assert run(settings, path).loaded == 3
    assert run(settings, path).closing_line == "read 3 = loaded 0 + rejected 0 + skipped 3"
    assert query(settings, "SELECT count(DISTINCT event_id), count(*) FROM events") == [(3, 3)]
    # A longer copy of the log holds the same events and one more.
    run(settings, write("b.log", log_line() * 4))
    assert query(settings, "SELECT count(DISTINCT event_id), count(*) FROM events") == [(4, 7)]


def test_binary_garbage_zipped_logs_and_long_lines_are_no_problem(settings: Settings, write: Write) -> None:
    garbage = b'1.2.3.4 - - [17/May/2015:10:05:03 +0000] "\x16\x03\x00\xff\xfe" 400 0 "-" "\xe9"\n'
    long = log_line(agent="x" * 100_000).encode()
    path = write("a.log.gz", gzip.compress(garbage + long + log_line().encode() + b"\r\n"))
    outcome = run(settings, path)
    assert outcome.closing_line == "read 4 = loaded 2 + rejected 2 + skipped 0"
    assert ("é",) in query(settings, "SELECT user_agent FROM events")


def test_a_file_that_is_no_log_is_named(settings: Settings, write: Write) -> None:
    path = write("a.csv", "a,b\n1,2\n")
    with pytest.raises(UserError, match=r"a.csv: line 1: neither common nor combined log format"):
        run(settings, path)
    with pytest.raises(UserError, match="no such file"):
        run(settings, path.with_name("nowhere.log"))
    assert not list(settings.lake.rglob("*.parquet"))
    assert not list(settings.home.rglob("rejects/*"))


def test_a_dry_run_writes_nothing(settings: Settings, write: Write) -> None:
    assert run(settings, write("a.log", log_line()), dry_run=True).loaded == 1
    assert not list(settings.lake.rglob("*.parquet"))


@pytest.mark.parametrize(
    ("target", "url"),
    [
        ("/a?b=1", f"{HOST}/a?b=1"),
        ("http://other.example/x", "http://other.example/x"),
        ("*", f"{HOST}/*"),
        ("//x", f"{HOST}//x"),
    ],
)
def test_paths_become_urls(target: str, url: str) -> None:
    assert page_url(HOST, target) == url


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("blog.example", "https://blog.example"),
        ("http://blog.example:81/", "http://blog.example:81"),
        ("ftp://blog.example", None),
        ("https://blog.example/path", None),
        ("https://", None),
    ],
)
def test_a_host_is_a_scheme_and_a_name(text: str, url: str | None) -> None:
    assert host_url(text) == url


@pytest.mark.parametrize(
    ("agent", "device"),
    [
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Mobile/15E148 Safari/604.1",
            "mobile",
        ),
        ("Mozilla/5.0 (iPad; CPU OS 17_0 like Mac OS X) AppleWebKit/605 Version/17.0 Safari/604.1", "tablet"),
        (
            "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537 Chrome/131.0 Mobile Safari/537.36",
            "mobile",
        ),
        ("Mozilla/5.0 (Linux; Android 13; SM-X710) AppleWebKit/537 Chrome/131.0 Safari/537.36", "tablet"),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605 Version/17.0 Safari/605.1",
            "desktop",
        ),
        ("curl/8.0", "bot"),
        ("", "other"),
        ("something new", "other"),
    ],
)
def test_devices_are_told_from_the_user_agent(agent: str, device: str) -> None:
    assert classify(agent).device_type == device


def test_the_real_log_loses_no_line(settings: Settings, shared_data: Path) -> None:
    outcome = run(settings, shared_data / "access_log" / "access.log")
    assert outcome.closing_line == "read 5,000 = loaded 5,000 + rejected 0 + skipped 0"
    assert outcome.kinds.total() == 5_000
    assert outcome.kinds["errors"] == 95
    assert query(settings, "SELECT count(DISTINCT event_id) FROM events") == [(5_000,)]
