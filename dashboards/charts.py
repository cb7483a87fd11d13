"""Figures as pure functions of data frames: one look, from the theme, for every page."""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from settings import theme

COLOURS = theme().colours
HEIGHT = 320

# A channel, a department or a device keeps its colour on every page: the order here never changes.
FIXED_COLOURS = {
    name: COLOURS.categories[position % len(COLOURS.categories)]
    for names in (
        [
            "direct",
            "organic search",
            "paid search",
            "email",
            "paid social",
            "referral",
            "social",
            "other campaign",
        ],
        ["desktop", "mobile", "tablet", "bot", "other"],
        ["Clothing", "Home", "Outdoors", "Living"],
    )
    for position, name in enumerate(names)
}


def colour_of(name: str, position: int) -> str:
    """The colour a category has everywhere, or the next one of the set for names without one."""
    return FIXED_COLOURS.get(name, COLOURS.categories[position % len(COLOURS.categories)])


def plain(height: int = HEIGHT) -> go.Figure:
    """An empty figure in the house style: no frame, a light horizontal grid, no legend."""
    figure = go.Figure()
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        font={"family": theme().type.family, "size": 13, "color": COLOURS.ink},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        showlegend=False,
        hovermode="x unified",
        hoverlabel={"bgcolor": COLOURS.ground, "bordercolor": COLOURS.line},
        bargap=0.25,
    )
    axis = {"automargin": True, "fixedrange": True, "separatethousands": True}
    figure.update_xaxes(showgrid=False, linecolor=COLOURS.line, **axis)
    figure.update_yaxes(gridcolor=COLOURS.line, zeroline=False, rangemode="tozero", **axis)
    return figure


def compared_by_day(
    now: pd.Series, before: pd.Series, unit: str, *, incomplete_from: pd.Timestamp | None = None
) -> go.Figure:
    """A day-by-day line beside the previous period's, grey and dashed, laid over the same days.

    Args:
        now: values indexed by day, in the unit the axis names.
        before: the previous period's values, as many days.
        unit: what the vertical axis counts.
        incomplete_from: the first day whose data are still arriving; drawn dotted.
    """
    figure = plain()
    if before.fillna(0).any():
        shifted = pd.Series(before.to_numpy()[: len(now)], index=now.index[: len(before)])
        figure.add_scatter(
            x=shifted.index,
            y=shifted,
            mode="lines",
            name="previous period",
            line={"color": COLOURS.muted, "width": 1.5, "dash": "dash"},
        )
    complete = now if incomplete_from is None else now[now.index < incomplete_from]
    figure.add_scatter(
        x=complete.index,
        y=complete,
        mode="lines" if len(complete) > 1 else "markers",
        name="this period",
        line={"color": COLOURS.accent, "width": 2.5},
    )
    if incomplete_from is not None and len(now) > len(complete):
        tail = now[now.index >= incomplete_from - pd.Timedelta(days=1)]
        figure.add_scatter(
            x=tail.index,
            y=tail,
            mode="lines+markers",
            name="today, still arriving",
            line={"color": COLOURS.accent, "width": 2, "dash": "dot"},
        )
    figure.update_yaxes(title_text=unit)
    figure.update_xaxes(tickformat="%-d %b", hoverformat="%a %-d %b %Y")
    return figure


def ranked_bars(names: Sequence[str], values: Sequence[float], texts: Sequence[str], unit: str) -> go.Figure:
    """Horizontal bars from the largest down, each labelled with its value."""
    figure = plain(height=max(140, 40 + 30 * len(names)))
    figure.add_bar(
        x=list(values),
        y=list(names),
        orientation="h",
        text=list(texts),
        textposition="outside",
        textangle=0,
        cliponaxis=False,
        marker_color=[colour_of(name, 0) if name in FIXED_COLOURS else COLOURS.accent for name in names],
        hovertemplate="%{y}: %{text}<extra></extra>",
    )
    figure.update_layout(hovermode="closest")
    figure.update_yaxes(autorange="reversed", showgrid=False)
    # Room for the label behind the longest bar.
    longest = max([0, *values]) * (1.1 + 0.05 * max([0, *map(len, texts)])) or 1
    figure.update_xaxes(
        title_text=unit, gridcolor=COLOURS.line, showgrid=True, range=[min(0, *values), longest]
    )
    return figure


def steps(names: Sequence[str], values: Sequence[float], texts: Sequence[str], unit: str) -> go.Figure:
    """A funnel drawn as bars on one scale, so that each step can be compared with the first."""
    figure = ranked_bars(names, values, texts, unit)
    figure.update_traces(marker_color=COLOURS.accent)
    return figure


def waterfall(
    names: Sequence[str], values: Sequence[float], texts: Sequence[str], totals: set[str], unit: str
) -> go.Figure:
    """How a total comes about: up in accent, down in the colour of loss, totals in ink."""
    figure = plain()
    figure.add_waterfall(
        x=list(names),
        y=list(values),
        measure=["total" if name in totals else "relative" for name in names],
        text=list(texts),
        textposition="outside",
        connector={"line": {"color": COLOURS.line}},
        increasing={"marker": {"color": COLOURS.accent}},
        decreasing={"marker": {"color": COLOURS.bad}},
        totals={"marker": {"color": COLOURS.ink}},
    )
    figure.update_layout(hovermode="closest")
    figure.update_yaxes(title_text=unit)
    return figure


def bars_by_minute(minutes: pd.Series, unit: str) -> go.Figure:
    """One bar a minute, the last one lighter because the minute still runs."""
    figure = plain(height=220)
    last = len(minutes) - 1
    figure.add_bar(
        x=minutes.index,
        y=minutes,
        marker={"color": COLOURS.accent, "opacity": [0.45 if i == last else 1 for i in range(len(minutes))]},
        hovertemplate="%{x|%H:%M}: %{y}<extra></extra>",
    )
    figure.update_yaxes(title_text=unit)
    figure.update_xaxes(tickformat="%H:%M")
    return figure
