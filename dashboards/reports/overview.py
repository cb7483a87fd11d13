"""Overview: how the shop does as a whole, and what moved it."""

from itertools import pairwise

import pandas as pd
import streamlit as st

from dashboards.charts import compared_by_day, ranked_bars, steps
from dashboards.parts import Figure, chart, figures, nothing, other_currencies
from dashboards.view import View, open_view
from settings import Settings

SALES = """
select shop_day, channel, orders, units, net_sales, gross_sales, returns, new_customers
from marts.rpt_sales_daily
where shop_id = $shop_id and currency = $currency and shop_day between $start and $end
"""
WEB = """
select shop_day, channel, sessions, conversions, sessions_with_product_view, sessions_with_add_to_cart,
    sessions_with_begin_checkout, revenue
from marts.rpt_web_daily where shop_id = $shop_id and shop_day between $start and $end
"""
CATEGORIES = """
select coalesce(category, 'No category') as category, sum(net_sales) as net_sales
from marts.rpt_product_sales_daily as daily left join marts.dim_products using (shop_id, sku)
where shop_id = $shop_id and daily.currency = $currency and shop_day between $start and $end
group by all order by net_sales desc limit 8
"""


def page() -> None:
    view = open_view(Settings(), "Overview", "How is the shop doing, and what moved it?")
    sales, sales_before = view.rows(SALES), view.rows(SALES, view.period.previous)
    web, web_before = view.rows(WEB), view.rows(WEB, view.period.previous)
    if sales.empty and web.empty:
        nothing("sales or visits", "Choose other dates above.")
        return
    figures(view, _figures(view, sales, sales_before, web, web_before))
    other_currencies(view)
    _net_sales(view, sales, sales_before)
    left, right = st.columns(2)
    with left:
        _categories(view)
    with right:
        _funnel(view, web)


def _figures(
    view: View, sales: pd.DataFrame, sales_before: pd.DataFrame, web: pd.DataFrame, web_before: pd.DataFrame
) -> list[Figure]:
    def total(table: pd.DataFrame, column: str) -> float:
        return float(table[column].sum())

    def rate(above: float, below: float) -> float:
        return above / below if below else 0.0

    net, net_before = total(sales, "net_sales"), total(sales_before, "net_sales")
    orders, orders_before = total(sales, "orders"), total(sales_before, "orders")
    sessions, sessions_before = total(web, "sessions"), total(web_before, "sessions")
    conversion = rate(total(web, "conversions"), sessions)
    returned = rate(total(sales, "returns"), total(sales, "gross_sales"))
    by_day = view.by_day
    row = [
        Figure(
            "Net sales",
            view.money(net),
            net,
            net_before,
            by_day(sales, "net_sales").map(view.major),
            definition="Gross sales less discounts and returns, without tax and shipping.",
        ),
        Figure("Orders", view.count(orders), orders, orders_before, by_day(sales, "orders")),
        Figure(
            "Average order",
            view.money(rate(net, orders)),
            rate(net, orders),
            rate(net_before, orders_before),
            view.rate_by_day(sales, "net_sales", "orders").map(view.major),
            definition="Net sales divided by orders.",
        ),
    ]
    if sessions or sessions_before:
        row += [
            Figure("Sessions", view.count(sessions), sessions, sessions_before, by_day(web, "sessions")),
            Figure(
                "Conversion",
                view.percent(conversion, 2),
                conversion,
                rate(total(web_before, "conversions"), sessions_before),
                view.rate_by_day(web, "conversions", "sessions"),
                definition="Sessions with a purchase, of all sessions of people.",
            ),
        ]
    row.append(
        Figure(
            "Returned",
            view.percent(returned),
            returned,
            rate(total(sales_before, "returns"), total(sales_before, "gross_sales")),
            view.rate_by_day(sales, "returns", "gross_sales"),
            better="down",
            definition="Returns on their own date, of gross sales of the same dates.",
        )
    )
    return row


def _net_sales(view: View, sales: pd.DataFrame, sales_before: pd.DataFrame) -> None:
    now = view.by_day(sales, "net_sales").map(view.major)
    before = view.by_day(sales_before, "net_sales", view.period.previous).map(view.major)
    chart(
        view.moved("Net sales", now.sum(), before.sum()),
        f"Net sales a day, {view.shop.currency}, shop days in {view.shop.time_zone}. "
        "Grey and dashed: the previous period.",
        compared_by_day(now, before, view.shop.currency, incomplete_from=view.incomplete_from),
        "net_sales_by_day",
    )


def _categories(view: View) -> None:
    table = view.rows(CATEGORIES)
    if table.empty:
        nothing("product sales", "Choose other dates above.")
        return
    first = table.iloc[0]
    share = first.net_sales / max(table.net_sales.sum(), 1)
    chart(
        f"{first.category} bring most: {view.percent(share, 0)} of the categories shown",
        f"Net sales by category, {view.shop.currency}.",
        ranked_bars(
            table.category.tolist(),
            table.net_sales.map(view.major).tolist(),
            table.net_sales.map(view.money).tolist(),
            view.shop.currency,
        ),
        "net_sales_by_category",
    )


def _funnel(view: View, web: pd.DataFrame) -> None:
    columns = {
        "All sessions": "sessions",
        "Saw a product": "sessions_with_product_view",
        "Filled a basket": "sessions_with_add_to_cart",
        "Went to checkout": "sessions_with_begin_checkout",
        "Bought": "conversions",
    }
    values = [float(web[column].sum()) for column in columns.values()]
    if not values[0]:
        nothing("visits", "The shop's pages carry the tracker; an imported access log shows visits too.")
        return
    names = list(columns)
    losses = [1 - after / before if before else 0 for before, after in pairwise(values[1:])]
    worst = losses.index(max(losses)) + 2
    chart(
        f"“{names[worst].capitalize()}” loses most: {view.percent(max(losses), 0)} stop before it",
        "Sessions of people that reached each step.",
        steps(
            names, values, [f"{view.count(v)} · {view.percent(v / values[0])}" for v in values], "sessions"
        ),
        "funnel",
    )
