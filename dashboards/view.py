"""What a page looks at: one shop, some days, the days before them, in one build; and how it says so."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from dashboards import words
from dashboards.serving import Build, current_build, publishing_status, read
from settings import Settings

PERIODS = {"7 days": 7, "28 days": 28, "90 days": 90, "1 year": 365}
DEFAULT_PERIOD = "28 days"
OWN_DATES = "Other dates"


@dataclass(frozen=True)
class Shop:
    id: str
    name: str
    time_zone: str
    currency: str
    locale: str
    first_day: date
    last_day: date


@dataclass(frozen=True)
class Period:
    """Days from `start` to `end`, both included, in the shop's time zone."""

    start: date
    end: date

    @property
    def days(self) -> int:
        return (self.end - self.start).days + 1

    @property
    def previous(self) -> "Period":
        return Period(self.start - timedelta(days=self.days), self.start - timedelta(days=1))

    @property
    def index(self) -> pd.DatetimeIndex:
        return pd.date_range(self.start, self.end, freq="D")


@dataclass(frozen=True)
class View:
    """The filters of a page, and the ways to read and word what lies behind them."""

    build: Build
    shop: Shop
    period: Period

    def rows(self, sql: str, period: Period | None = None) -> pd.DataFrame:
        """Rows of a select that may use $shop_id, $start, $end and the shop's own $currency."""
        chosen = period or self.period
        parameters: dict[str, Any] = {
            "shop_id": self.shop.id,
            "currency": self.shop.currency,
            "start": chosen.start,
            "end": chosen.end,
        }
        used = {name: value for name, value in parameters.items() if f"${name}" in sql}
        return read(self.build, sql, used)

    def money(self, minor: float) -> str:
        return words.short_money(minor, self.shop.currency, self.shop.locale)

    def exact_money(self, minor: float) -> str:
        return words.money(minor, self.shop.currency, self.shop.locale)

    def major(self, minor: float) -> float:
        return words.major(minor, self.shop.currency)

    def count(self, number: float) -> str:
        return words.count(number, self.shop.locale)

    def percent(self, share: float, digits: int = 1) -> str:
        return words.percent(share, self.shop.locale, digits)

    def signed_percent(self, share: float) -> str:
        return f"{'+' if share >= 0 else '−'}{self.percent(abs(share))}"

    def moved(self, what: str, now: float, before: float) -> str:
        return words.moved(what, now, before, self.shop.locale)

    def money_column(self, label: str) -> Any:
        """A table's column of amounts in major units."""
        whole = words.major(1, self.shop.currency) == 1
        return st.column_config.NumberColumn(
            f"{label} ({self.shop.currency})", format="localized" if whole else "accounting"
        )

    def rate_by_day(self, table: pd.DataFrame, above: str, below: str) -> pd.Series:
        """`above` of `below` per day; a gap where there is nothing to divide by."""
        return self.by_day(table, above) / self.by_day(table, below).replace(0, float("nan"))

    def by_day(self, table: pd.DataFrame, column: str, period: Period | None = None) -> pd.Series:
        """`column` summed per day; a day without rows is 0, and a gap before the shop's first day."""
        chosen = period or self.period
        sums = table.groupby("shop_day")[column].sum().astype(float)
        sums.index = pd.to_datetime(sums.index)
        whole = sums.reindex(chosen.index, fill_value=0.0)
        return whole.where(whole.index >= pd.Timestamp(self.shop.first_day))

    @cached_property
    def incomplete_from(self) -> pd.Timestamp | None:
        """The first day that may still grow: the shop's today, when the period reaches it."""
        today = datetime.now(ZoneInfo(self.shop.time_zone)).date()
        return pd.Timestamp(today) if self.period.end >= today else None

    @property
    def about(self) -> dict[str, str]:
        """What an export says of itself."""
        through = self.build.data_through
        return {
            "Shop": f"{self.shop.name} ({self.shop.id})",
            "Dates": f"{self.period.start} to {self.period.end}, {self.shop.time_zone}",
            "Currency": self.shop.currency,
            "Build": self.build.id,
            "Data through": through.isoformat() if through else "no data",
        }


def open_view(settings: Settings, title: str, question: str, *, by_currency: bool = False) -> View:
    """Draw the page's head (title, filters, freshness); stops the page when there is nothing to look at.

    Args:
        by_currency: whether the page can show what was sold in another currency than the shop's own.
    """
    st.title(title)
    build = current_build(settings)
    if build is None:
        st.info(
            "Nothing is published yet. The first build appears here a minute or two after `make up`; "
            "`storehouse status` says what is waiting.",
            icon=":material/hourglass_empty:",
        )
        st.stop()
    shops = list_shops(build)
    if not shops:
        st.info("The warehouse holds no shop yet. Place an order, or import one: `storehouse import --help`.")
        st.stop()
    left, middle, right = st.columns([1.2, 2.2, 1.6], vertical_alignment="bottom")
    names = {each.id: each.name for each in shops}
    shop_id = left.selectbox(
        "Shop", list(names), format_func=names.__getitem__, key="shop", bind="query-params"
    )
    shop = next(each for each in shops if each.id == shop_id)
    if by_currency:
        shop = in_currency(build, shop, left)
    chosen = middle.segmented_control(
        "Dates",
        [*PERIODS, OWN_DATES],
        default=DEFAULT_PERIOD,
        key="dates",
        required=True,
        wrap=True,
        bind="query-params",
    )
    period = _period(chosen, shop, right)
    view = View(build, shop, period)
    _say_how_fresh(settings, view, question)
    return view


def list_shops(build: Build) -> list[Shop]:
    """Shops with anything to show, the one with the newest data first."""
    rows = read(
        build,
        """
        with days as (
            select shop_id, shop_day from marts.rpt_sales_daily
            union all
            select shop_id, shop_day from marts.rpt_web_daily
        )
        select shop_id as id, shop_name as name, time_zone, currency, locale,
            min(shop_day) as first_day, max(shop_day) as last_day
        from marts.dim_shops join days using (shop_id)
        group by all order by last_day desc, shop_id
        """,
    )
    days = {"first_day": rows.first_day.dt.date, "last_day": rows.last_day.dt.date}
    return [Shop(**row) for row in rows.assign(**days).to_dict("records")]


def in_currency(build: Build, shop: Shop, place: Any) -> Shop:
    """The shop as it sells in one of its currencies; nothing is asked of one that has only its own."""
    sold = "select distinct currency from marts.rpt_sales_daily where shop_id = $shop_id order by currency"
    others = [each for each in read(build, sold, {"shop_id": shop.id}).currency if each != shop.currency]
    if not others:
        return shop
    currencies = [shop.currency, *others]
    chosen = place.segmented_control(
        "Currency",
        currencies,
        default=shop.currency,
        key=f"currency_{shop.id}",
        required=True,
        bind="query-params",
    )
    return replace(shop, currency=chosen)


def _period(chosen: str, shop: Shop, place: Any) -> Period:
    if chosen == OWN_DATES:
        dates = place.date_input(
            "From, to",
            (max(shop.first_day, shop.last_day - timedelta(days=27)), shop.last_day),
            min_value=shop.first_day,
            max_value=shop.last_day,
            key=f"own_dates_{shop.id}",
        )
        if len(dates) != 2:
            st.info("Choose the last day too.")
            st.stop()
        return Period(*dates)
    return Period(shop.last_day - timedelta(days=PERIODS[chosen] - 1), shop.last_day)


def _say_how_fresh(settings: Settings, view: View, question: str) -> None:
    shop, period, previous = view.shop, view.period, view.period.previous
    through = view.build.data_through or view.build.published_at
    dates, dates_before = (
        f"{words.day(each.start, shop.locale)} to {words.day(each.end, shop.locale)}"
        for each in (period, previous)
    )
    st.caption(
        f"{question} {dates}, compared with {dates_before}. "
        f"Data through {words.moment(through, shop.time_zone, shop.locale)} ({shop.time_zone}), "
        f"build `{view.build.id}`."
    )
    status = publishing_status(settings)
    if status and status.state == "failed":
        since = words.moment(status.since, shop.time_zone, shop.locale)
        named = ", ".join(status.failed_tests) or "the build itself"
        st.warning(
            f"These figures are old: nothing was published since {since} because a check failed: {named}. "
            "The last good build is shown.",
            icon=":material/schedule:",
        )
