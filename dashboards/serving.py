"""Reads the published warehouse: which build is current, how fresh it is, and its tables."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import streamlit as st

from settings import Settings


@dataclass(frozen=True)
class Build:
    """One published build; `data_through` is the newest moment any source reaches, in UTC."""

    id: str
    path: Path
    published_at: datetime
    data_through: datetime | None


def current_build(settings: Settings) -> Build | None:
    """The build that serving/CURRENT names, or None when nothing was published yet."""
    try:
        build_id = (settings.serving / "CURRENT").read_text().strip()
    except FileNotFoundError:
        return None
    return _describe(build_id, settings.serving / f"{build_id}.duckdb")


@st.cache_data(max_entries=4, show_spinner=False)
def _describe(build_id: str, path: Path) -> Build:
    published_at, data_through = _connection(path).execute(
        "select (select max(published_at) from meta.build), (select max(data_through) from meta.sources)"
    ).fetchone() or (None, None)
    return Build(
        id=build_id,
        path=path,
        published_at=published_at.replace(tzinfo=UTC),
        data_through=data_through.replace(tzinfo=UTC) if data_through else None,
    )


@st.cache_resource(max_entries=3, show_spinner=False, on_release=lambda connection: connection.close())
def _connection(path: Path) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(str(path), read_only=True, config={"enable_external_access": False, "threads": 2})


@st.cache_data(max_entries=128, show_spinner="Reading the warehouse")
def read(build: Build, sql: str, parameters: dict[str, Any] | None = None) -> pd.DataFrame:
    """The rows of a `select`, kept for as long as the build is current."""
    with _connection(build.path).cursor() as cursor:
        return cursor.execute(sql, parameters or {}).df()


@dataclass(frozen=True)
class Status:
    """How the last attempt to publish ended; `failed_tests` names what stopped it."""

    state: str
    since: datetime
    failed_tests: tuple[str, ...]


def publishing_status(settings: Settings) -> Status | None:
    """The worker's last word in serving/STATUS.json, or None before its first."""
    try:
        status = json.loads((settings.serving / "STATUS.json").read_text())
    except FileNotFoundError:
        return None
    return Status(
        state=status["state"],
        since=datetime.fromisoformat(status["since"]),
        failed_tests=tuple(failure["name"] for failure in status["failed"]),
    )
