"""One line of a web server's log in the common or combined format, and what kind of request it tells of."""

import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from ingestion.importers.values import BadValueError, moments

# Quotes inside the request, the referrer or the agent come escaped (Apache), as \x22 (nginx) or raw (others):
# the request ends where a status follows, the agent where the line does.
LINE = re.compile(
    r'(?P<address>\S+) \S+ (?:.*?) \[(?P<time>[^\]]{20,32})\] "(?P<request>.*?)" (?P<status>\d{3}) (?:\d+|-)'
    r'(?: "(?P<referrer>.*?)" "(?P<agent>.*)")?\s*'
)
REQUEST = re.compile(r"(?P<method>[A-Z]+) (?P<target>\S.*?)(?: HTTP/\d(?:\.\d)?)?")
ESCAPE = re.compile(r'\\x22|\\(["\\])')
PAGE_METHODS = {"GET", "HEAD", "POST"}
ASSET_NAME = re.compile(
    r"\.(?:css|m?js|map|json|wasm|png|jpe?g|gif|ico|svg|webp|avif|bmp|woff2?|ttf|otf|eot|mp[34]|webm|og[gv]|wav|avi"
    r"|mov|zip|t?gz|bz2|xz|tar|rar|7z|exe|dmg|iso|pdf|docx?|xlsx?|pptx?)",
    re.IGNORECASE,
)
PAGE_VIEW, ASSET, ERROR = "page_view", "asset_request", "error_response"

_moment = moments(["%d/%b/%Y:%H:%M:%S %z"], "UTC")


@dataclass(frozen=True, slots=True)
class Hit:
    """What a line tells; `target` is the path asked for, or what the client sent instead of a request."""

    address: str
    at: datetime
    kind: str  # PAGE_VIEW, ASSET or ERROR
    target: str
    status: int
    referrer: str | None
    user_agent: str | None


def parse(line: str) -> Hit:
    """Read one line. Raises BadValueError when it is in neither format."""
    match = LINE.fullmatch(line)
    if match is None:
        raise BadValueError("neither common nor combined log format")
    at = _moment(match["time"], "time")
    status = int(match["status"])
    request = REQUEST.fullmatch(match["request"])
    target = request["target"] if request else match["request"]
    return Hit(
        match["address"],
        at,
        _kind(request["method"] if request else "", target, status),
        target,
        status,
        _or_none(match["referrer"]),
        _or_none(match["agent"]),
    )


def _kind(method: str, target: str, status: int) -> str:
    if status >= 400 or method not in PAGE_METHODS:
        return ERROR
    return ASSET if _is_asset(target) else PAGE_VIEW


@lru_cache(maxsize=16_384)
def _is_asset(target: str) -> bool:
    path = target.split("?", 1)[0].split("#", 1)[0]
    return ASSET_NAME.fullmatch(PurePosixPath(path).suffix) is not None


def page_url(host: str, target: str) -> str:
    """The full URL of a request; a proxy's request already names its host."""
    if target.startswith("/"):
        return host + target
    scheme = target.split("://", 1)[0]
    if scheme in ("http", "https") and len(target) > len(scheme) + 3:
        return target
    return f"{host}/{target}"


def host_url(text: str) -> str | None:
    """`text` as scheme://host without a slash at the end; None when it is no host."""
    parts = urlsplit(text if "://" in text else f"https://{text}")
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
        return None
    return f"{parts.scheme}://{parts.netloc}"


def _or_none(text: str | None) -> str | None:
    if text is None or text in ("", "-"):
        return None
    return ESCAPE.sub(lambda match: match[1] or '"', text)
