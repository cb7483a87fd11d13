"""The parts every page is made of: figures with change and sparkline, titled charts, tables with export."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from dashboards import words
from dashboards.exports import to_csv, to_excel
from dashboards.view import View

OTHER_CURRENCIES = """
select currency, sum(orders) as orders, sum(net_sales) as net_sales from marts.rpt_sales_daily
where shop_id = $shop_id and currency <> $currency and shop_day between $start and $end
group by currency order by currency
"""


@dataclass(frozen=True)
class Figure:
    """One number of the top row: in words, its change on the previous period, its course by day."""

    label: str
    value: str
    now: float
    before: float
    by_day: pd.Series | None = None
    better: Literal["up", "down", "neither"] = "up"
    definition: str = ""


def colour_of_change(
    relative: float | None, better: Literal["up", "down", "neither"]
) -> Literal["green", "red", "gray"]:
    """What a change means: one for the better is green, one for the worse red."""
    if not relative or better == "neither":
        return "gray"
    return "green" if (relative > 0) == (better == "up") else "red"


def figures(view: View, row: Sequence[Figure]) -> None:
    """Draw three to six figures side by side; they wrap on a narrow screen."""
    with st.container(horizontal=True):
        for figure in row:
            relative = words.change(figure.now, figure.before)
            st.metric(
                figure.label,
                figure.value,
                delta=None if relative is None else view.signed_percent(relative),
                delta_color=colour_of_change(relative, figure.better),
                delta_arrow="auto" if relative is None else ("up" if relative >= 0 else "down"),
                chart_data=None if figure.by_day is None else figure.by_day.dropna().tolist(),
                chart_type="line",
                border=True,
                help=figure.definition or None,
                width=170,
                height="stretch",
            )


def chart(title: str, definition: str, figure: go.Figure, key: str) -> None:
    """A chart under a title that states the finding and a line that defines what is drawn."""
    st.markdown(f"##### {title}")
    st.caption(definition)
    st.plotly_chart(figure, key=key, config={"displayModeBar": False, "responsive": True})


def other_currencies(view: View) -> None:
    """Say what was sold in other currencies than the shop's own, which no figure holds."""
    rows = view.rows(OTHER_CURRENCIES)
    if rows.empty:
        return
    sold = [
        f"{words.short_money(row.net_sales, row.currency, view.shop.locale)}"
        f" (orders: {view.count(row.orders)})"
        for row in rows.itertuples()
    ]
    st.caption(f"Net sales in other currencies, which no figure here holds: {', '.join(sold)}.")


def nothing(what: str, hint: str) -> None:
    """The empty state: what is missing and what to do about it."""
    st.info(f"No {what} in these dates. {hint}", icon=":material/info:")


def table(view: View, title: str, rows: pd.DataFrame, columns: dict[str, Any], name: str) -> None:
    """A table with its CSV and Excel exports.

    Args:
        rows: the data; money columns in major units.
        columns: Streamlit column configuration by column name, in the order shown.
        name: the exports' file name, without ending.
    """
    st.markdown(f"##### {title}")
    if rows.empty:
        nothing(name.replace("_", " "), "Choose other dates above.")
        return
    shown = rows[list(columns)]
    st.dataframe(shown, column_config=columns, hide_index=True, height=min(420, 38 + 35 * len(shown)))
    about = {"Table": title, **view.about}
    with st.container(horizontal=True):
        st.download_button(
            "CSV",
            lambda: to_csv(shown, about),
            f"{name}.csv",
            "text/csv",
            icon=":material/download:",
            key=f"{name}_csv",
        )
        st.download_button(
            "Excel",
            lambda: to_excel(shown, about),
            f"{name}.xlsx",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            icon=":material/download:",
            key=f"{name}_xlsx",
        )
