"""Web: who comes, from where, and what they do."""

import pandas as pd
import streamlit as st

from dashboards.charts import compared_by_day, ranked_bars
from dashboards.parts import Figure, chart, figures, nothing, table
from dashboards.view import View, open_view
from settings import Settings

WEB = """
select * from marts.rpt_web_daily where shop_id = $shop_id and shop_day between $start and $end
"""
LANDINGS = """
select landing_page, channel, sum(sessions) as sessions, sum(bounces) / sum(sessions) as bounce_rate,
    sum(conversions) / sum(sessions) as conversion_rate, sum(revenue) as revenue
from marts.rpt_landing_pages_daily
where shop_id = $shop_id and shop_day between $start and $end group by all order by sessions desc limit 500
"""
SEARCHES = """
select search_term, sum(sessions) as sessions, sum(conversions) as conversions
from marts.rpt_search_terms_daily
where shop_id = $shop_id and shop_day between $start and $end group by all order by sessions desc limit 10
"""


def page() -> None:
    view = open_view(Settings(), "Web", "Who comes, from where, and what do they do?")
    web, before = view.rows(WEB), view.rows(WEB, view.period.previous)
    if web.empty:
        nothing(
            "visits", "The shop's pages carry the tracker; `storehouse import access-log` brings older ones."
        )
        return
    figures(view, _figures(view, web, before))
    chart(
        view.moved("Sessions", web.sessions.sum(), before.sessions.sum()),
        "Sessions of people a day; a session ends after 30 minutes without an event. "
        "Grey and dashed: the previous period.",
        compared_by_day(
            view.by_day(web, "sessions"),
            view.by_day(before, "sessions", view.period.previous),
            "sessions",
            incomplete_from=view.incomplete_from,
        ),
        "sessions_by_day",
    )
    left, right = st.columns(2)
    with left:
        _split(view, web, "channel", "brings", "Sessions by channel, from campaign parameters and referrer.")
    with right:
        _split(view, web, "device_type", "is used for", "Sessions by kind of device, from the user agent.")
    _searches(view)
    _hits(view, web)
    _landing_table(view)


def _figures(view: View, web: pd.DataFrame, before: pd.DataFrame) -> list[Figure]:
    def rate(rows: pd.DataFrame, column: str) -> float:
        return float(rows[column].sum() / max(rows.sessions.sum(), 1))

    by_day = view.by_day
    engaged, engaged_before = rate(web, "engaged_sessions"), rate(before, "engaged_sessions")
    conversion, conversion_before = rate(web, "conversions"), rate(before, "conversions")
    return [
        Figure(
            "Daily visitors",
            view.count(web.visitors.sum()),
            web.visitors.sum(),
            before.visitors.sum(),
            by_day(web, "visitors"),
            definition="Visitors of each day, added up; bots left out.",
        ),
        Figure(
            "Sessions",
            view.count(web.sessions.sum()),
            web.sessions.sum(),
            before.sessions.sum(),
            by_day(web, "sessions"),
        ),
        Figure(
            "Page views",
            view.count(web.page_views.sum()),
            web.page_views.sum(),
            before.page_views.sum(),
            by_day(web, "page_views"),
        ),
        Figure(
            "Engaged",
            view.percent(engaged),
            engaged,
            engaged_before,
            view.rate_by_day(web, "engaged_sessions", "sessions"),
            definition="Sessions over 10 s, with a key event or two page views, of all.",
        ),
        Figure(
            "Conversion",
            view.percent(conversion, 2),
            conversion,
            conversion_before,
            view.rate_by_day(web, "conversions", "sessions"),
            definition="Sessions with a purchase of a real order, of all.",
        ),
        Figure(
            "Revenue",
            view.money(web.revenue.sum()),
            web.revenue.sum(),
            before.revenue.sum(),
            by_day(web, "revenue").map(view.major),
            definition="Net sales of the orders placed in these sessions, in the shop's own currency.",
        ),
    ]


def _split(view: View, web: pd.DataFrame, column: str, verb: str, definition: str) -> None:
    sums = web.groupby(column, as_index=False).sessions.sum().query("sessions > 0").nlargest(8, "sessions")
    if sums.empty:
        nothing("sessions of people", "Bots and errors are counted below.")
        return
    first = sums.iloc[0]
    share = first.sessions / sums.sessions.sum()
    chart(
        f"{str(first[column]).capitalize()} {verb} {view.percent(share, 0)} of sessions",
        definition,
        ranked_bars(
            sums[column].tolist(), sums.sessions.tolist(), [view.count(n) for n in sums.sessions], "sessions"
        ),
        f"sessions_by_{column}",
    )


def _searches(view: View) -> None:
    terms = view.rows(SEARCHES)
    if terms.empty:
        return
    first = terms.iloc[0]
    chart(
        f"“{first.search_term}” is searched for most",
        "Sessions that searched for a term.",
        ranked_bars(
            terms.search_term.tolist(),
            terms.sessions.tolist(),
            [view.count(n) for n in terms.sessions],
            "sessions",
        ),
        "search_terms",
    )


def _hits(view: View, web: pd.DataFrame) -> None:
    names = {
        "bot_hits": "bot hits",
        "assets": "assets",
        "errors": "errors",
        "quarantined": "quarantined events",
    }
    counted = [
        f"{view.count(web[column].sum())} {label}" for column, label in names.items() if web[column].sum()
    ]
    if counted:
        st.caption(f"Not in the figures above: {', '.join(counted)}.")


def _landing_table(view: View) -> None:
    rows = view.rows(LANDINGS)
    rows = rows.assign(revenue=rows.revenue.map(view.major))
    columns = {
        "landing_page": st.column_config.TextColumn("Landing page", width="large"),
        "channel": "Channel",
        "sessions": st.column_config.NumberColumn("Sessions", format="localized"),
        "bounce_rate": st.column_config.NumberColumn("Bounce rate", format="percent"),
        "conversion_rate": st.column_config.NumberColumn("Conversion", format="percent"),
        "revenue": view.money_column("Revenue"),
    }
    table(view, "Where sessions begin", rows, columns, "landing_pages")
