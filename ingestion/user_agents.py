"""What a user agent says about its browser, system and device, and whether it is a bot."""

import hashlib
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from functools import cache, lru_cache
from importlib.metadata import version
from typing import TYPE_CHECKING

from ingestion.schema import USER_AGENTS, lake_folder
from settings import Settings

if TYPE_CHECKING:
    import duckdb

DESKTOPS = {"Windows", "Mac OS X", "Linux", "Ubuntu", "Fedora", "Debian", "Chrome OS", "FreeBSD", "OpenBSD"}
PHONES = {"Windows Phone", "BlackBerry OS", "Firefox OS", "KaiOS", "Symbian OS", "Maemo", "Tizen"}


@dataclass(frozen=True)
class Classified:
    """One row of the lake's user_agents."""

    user_agent: str
    browser: str | None
    browser_version: str | None
    os: str | None
    device_type: str
    is_bot: bool
    classifier: str


@cache
def classifier() -> str:
    """The libraries that decided, so that a newer version's verdicts can be told from an older one's."""
    return " ".join(f"{name}-{version(name)}" for name in ("ua-parser", "crawler-user-agents"))


@lru_cache(maxsize=50_000)
def classify(user_agent: str) -> Classified:
    from crawleruseragents import is_crawler
    from ua_parser import parse

    found = parse(user_agent)
    browser, system, device = found.user_agent, found.os, found.device
    bot = is_crawler(user_agent) or (device is not None and device.family == "Spider")
    numbers = [browser.major, browser.minor] if browser else []
    return Classified(
        user_agent,
        browser.family if browser else None,
        ".".join(number for number in numbers if number) or None,
        system.family if system else None,
        "bot" if bot else _device_type(user_agent, system.family if system else ""),
        bot,
        classifier(),
    )


def _device_type(user_agent: str, system: str) -> str:
    if "iPad" in user_agent or "Tablet" in user_agent:
        return "tablet"
    if system == "Android":
        # Google's own rule: an Android browser says Mobile on a phone and leaves it out on a tablet.
        return "mobile" if "Mobile" in user_agent else "tablet"
    if system == "iOS" or system in PHONES or system.startswith("Windows Phone"):
        return "mobile"
    return "desktop" if system in DESKTOPS or system.startswith("Windows") else "other"


class KnownUserAgents:
    """The user agents that the lake already has a row for, by this classifier."""

    def __init__(self, settings: Settings, con: "duckdb.DuckDBPyConnection") -> None:
        self._known: set[str] = set()
        folder = lake_folder(settings, "user_agents")
        if any(folder.glob("date=*/*.parquet")):
            files = f"read_parquet('{folder}/date=*/*.parquet')"
            query = f"SELECT DISTINCT user_agent FROM {files} WHERE classifier = ?"
            self._known = {name for (name,) in con.execute(query, [classifier()]).fetchall()}

    def new(self, user_agents: Iterable[str]) -> list[str]:
        """Those without a row yet, sorted."""
        return sorted(set(user_agents) - self._known)

    def add(self, user_agents: Iterable[str]) -> None:
        self._known.update(user_agents)


def file_name(user_agents: list[str]) -> str:
    """The lake file's name for rows of these user agents."""
    text = "\n".join([classifier(), *user_agents])
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def fill_table(con: "duckdb.DuckDBPyConnection", user_agents: list[str]) -> str:
    """Put the classified user agents into a temporary table; returns its name."""
    columns = ", ".join(f"{name} {kind}" for name, kind in USER_AGENTS.items())
    con.execute(f"CREATE OR REPLACE TEMP TABLE new_user_agents ({columns})")
    rows = [astuple(classify(user_agent)) for user_agent in user_agents]
    lists = ", ".join(f"unnest(?::{kind}[])" for kind in USER_AGENTS.values())
    con.execute(f"INSERT INTO new_user_agents SELECT {lists}", list(map(list, zip(*rows, strict=True))))
    return "new_user_agents"
