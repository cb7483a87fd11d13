"""Live: the last 30 minutes, straight from the lake, a second or two behind the shop."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pandas as pd
import streamlit as st

from dashboards import words
from dashboards.charts import bars_by_minute, ranked_bars
from dashboards.live_window import MINUTES, LiveWindow
from dashboards.parts import chart
from dashboards.serving import current_build
from dashboards.view import Shop, list_shops
from settings import Settings

NOW_MINUTES = 5
FEED = 12
PURCHASES = 6


@st.cache_resource(show_spinner=False)
def _window(lake: str) -> LiveWindow:
    return LiveWindow(Settings().lake)


def page() -> None:
    settings = Settings()
    st.title("Live")
    _show(settings)


@st.fragment(run_every="1s")
def _show(settings: Settings) -> None:
    now = datetime.now(UTC)
    shop = _shop(settings)
    events = _window(str(settings.lake)).events(shop.id, now)
    build = current_build(settings)
    st.caption(
        f"What visitors of {shop.name} did in the last {MINUTES} minutes, read from the lake at "
        f"{words.moment(now, shop.time_zone, shop.locale)}. The other pages show the audited "
        f"{f'build `{build.id}`' if build else 'warehouse, once it is built'}."
    )
    if events.empty:
        st.info(
            f"Nobody was here in the last {MINUTES} minutes. Open {settings.shop_url}, or send shoppers: "
            "`.venv/bin/storehouse simulate --live`.",
            icon=":material/hourglass_empty:",
        )
        return
    _figures(events, shop, now)
    _by_minute(events, shop, now)
    left, right = st.columns([1.2, 1])
    with left:
        _feed(events, shop)
    with right:
        _purchases(events, shop)
        _pages(events)


def _shop(settings: Settings) -> Shop:
    """The live shop; the warehouse knows its words once it is built."""
    build = current_build(settings)
    known = [shop for shop in list_shops(build) if shop.id == settings.shop_id] if build else []
    today = datetime.now(UTC).date()
    return (
        known[0]
        if known
        else Shop(
            settings.shop_id,
            settings.shop_name,
            settings.shop_time_zone,
            settings.shop_currency,
            settings.shop_locale,
            today,
            today,
        )
    )


def _recent(events: pd.DataFrame, now: datetime) -> pd.DataFrame:
    return events[events.received_at >= (now - timedelta(minutes=NOW_MINUTES)).replace(tzinfo=None)]


def _figures(events: pd.DataFrame, shop: Shop, now: datetime) -> None:
    recent = _recent(events, now)
    purchases = events[events.event_name == "purchase"].drop_duplicates("transaction_id")
    paid = amounts_paid(purchases, shop)
    row = {
        f"Visitors, last {NOW_MINUTES} min": words.count(recent.visitor_id.nunique(), shop.locale),
        "Visitors": words.count(events.visitor_id.nunique(), shop.locale),
        "Page views": words.count((events.event_name == "page_view").sum(), shop.locale),
        "Put in basket": words.count((events.event_name == "add_to_cart").sum(), shop.locale),
        "Purchases": words.count(len(purchases), shop.locale),
        "Paid": paid[0],
    }
    with st.container(horizontal=True):
        for label, value in row.items():
            st.metric(label, value, border=True, width=170)
    if others := paid[1:]:
        st.caption(f"Paid in other currencies, which no figure here holds: {', '.join(others)}.")


def amounts_paid(purchases: pd.DataFrame, shop: Shop) -> list[str]:
    """What purchases come to in the shop's own currency, and then in each other one."""
    sums = purchases.groupby(purchases.currency.fillna(shop.currency)).value.sum()
    own = sums.get(shop.currency, 0)
    return [
        words.short_money(amount, currency, shop.locale)
        for currency, amount in [(shop.currency, own), *sums.drop(shop.currency, errors="ignore").items()]
    ]


def _by_minute(events: pd.DataFrame, shop: Shop, now: datetime) -> None:
    views = events[events.event_name == "page_view"]
    last = pd.Timestamp(now).floor("min").tz_localize(None)
    minutes = pd.date_range(last - pd.Timedelta(minutes=MINUTES - 1), last, freq="min")
    counts = views.groupby(views.received_at.dt.floor("min")).size().reindex(minutes, fill_value=0)
    counts.index = counts.index.tz_localize("UTC").tz_convert(shop.time_zone)
    recent = len(_recent(views, now))
    chart(
        f"{words.count(recent, shop.locale)} page view{'' if recent == 1 else 's'}"
        f" in the last {NOW_MINUTES} minutes",
        f"Page views by minute, {shop.time_zone}; the last minute still runs.",
        bars_by_minute(counts, "page views"),
        "page_views_by_minute",
    )


def _purchases(events: pd.DataFrame, shop: Shop) -> None:
    bought = events[events.event_name == "purchase"].drop_duplicates("transaction_id").head(PURCHASES)
    st.markdown("##### Newest purchases")
    if bought.empty:
        st.caption(f"None in the last {MINUTES} minutes.")
        return
    amounts = [
        words.money(value, currency or shop.currency, shop.locale)
        for value, currency in zip(bought.value.fillna(0), bought.currency, strict=True)
    ]
    st.table(
        pd.DataFrame(
            {"Time": _times(bought, shop), "Order": bought.transaction_id, "Paid": amounts}
        ).set_index("Time")
    )


def _feed(events: pd.DataFrame, shop: Shop) -> None:
    shown = events[events.event_name != "view_item_list"].head(FEED)
    st.markdown("##### What happens")
    st.table(
        pd.DataFrame(
            {
                "Time": _times(shown, shop),
                "What": shown.event_name.str.replace("_", " "),
                "Where": shown.page_title.fillna(shown.page_url.map(_path)).str.slice(0, 48),
            }
        ).set_index("Time")
    )


def _times(events: pd.DataFrame, shop: Shop) -> pd.Series:
    return events.received_at.dt.tz_localize("UTC").dt.tz_convert(shop.time_zone).dt.strftime("%H:%M:%S")


def _pages(events: pd.DataFrame) -> None:
    views = events[events.event_name == "page_view"]
    top = views.page_url.map(_path).value_counts().head(8)
    if top.empty:
        return
    chart(
        f"{top.index[0]} is looked at most",
        f"Page views in the last {MINUTES} minutes.",
        ranked_bars([path[:36] for path in top.index], top.tolist(), [str(n) for n in top], "page views"),
        "top_pages",
    )


def _path(url: str) -> str:
    return urlsplit(url).path or "/"
