"""Sales: what was sold, to how many, through which channel, and what is left of it."""

import pandas as pd
import streamlit as st

from dashboards.charts import compared_by_day, ranked_bars, waterfall
from dashboards.parts import Figure, chart, figures, nothing, other_currencies, table
from dashboards.view import View, open_view
from settings import Settings

SALES = """
select * from marts.rpt_sales_daily
where shop_id = $shop_id and currency = $currency and shop_day between $start and $end
"""
PRODUCTS = """
select product_name as product, sku, category, brand, sum(orders) as orders, sum(units) as units,
    sum(returned_units) as returned, sum(gross_sales) as gross_sales, sum(discounts) as discounts,
    sum(returns) as returns, sum(net_sales) as net_sales
from marts.rpt_product_sales_daily as daily left join marts.dim_products using (shop_id, sku)
where shop_id = $shop_id and daily.currency = $currency and shop_day between $start and $end
group by all order by net_sales desc
"""
PAYMENTS = """
select method, sum(amount) as amount from marts.fct_payments
where shop_id = $shop_id and currency = $currency and shop_day between $start and $end
    and status in ('captured', 'succeeded')
group by all having sum(amount) > 0 order by amount desc
"""
TOP = 10


def page() -> None:
    view = open_view(Settings(), "Sales", "What was sold, and what is left of it?", by_currency=True)
    sales, before = view.rows(SALES), view.rows(SALES, view.period.previous)
    if sales.empty:
        other_currencies(view)
        nothing("sales", f"The last ones were on {view.shop.last_day:%-d %B %Y}: choose other dates above.")
        return
    figures(view, _figures(view, sales, before))
    other_currencies(view)
    chart(
        view.moved("Net sales", sales.net_sales.sum(), before.net_sales.sum()),
        f"Net sales a day, {view.shop.currency}. Grey and dashed: the previous period.",
        compared_by_day(
            view.by_day(sales, "net_sales").map(view.major),
            view.by_day(before, "net_sales", view.period.previous).map(view.major),
            view.shop.currency,
            incomplete_from=view.incomplete_from,
        ),
        "net_sales_by_day",
    )
    products = view.rows(PRODUCTS)
    left, right = st.columns(2)
    with left:
        _from_gross_to_total(view, sales)
    with right:
        _best_products(view, products)
    _by_payment_method(view)
    _product_table(view, products)


def _figures(view: View, sales: pd.DataFrame, before: pd.DataFrame) -> list[Figure]:
    labels = {
        "gross_sales": ("Gross sales", "up", "Price × quantity at list price, without tax and shipping."),
        "discounts": ("Discounts", "neither", "What was taken off the list price."),
        "returns": ("Returns", "down", "Credited on these dates, whenever it was sold."),
        "net_sales": ("Net sales", "up", "Gross sales less discounts and returns."),
        "total_sales": ("Total sales", "up", "Net sales plus shipping and tax."),
    }
    row = [
        Figure(
            label,
            view.money(sales[column].sum()),
            sales[column].sum(),
            before[column].sum(),
            view.by_day(sales, column).map(view.major),
            better,  # type: ignore[arg-type]
            definition,
        )
        for column, (label, better, definition) in labels.items()
    ]
    if sales.cm1.notna().any():
        margin = sales.cm1.sum() / max(sales.net_sales.sum(), 1)
        margin_before = before.cm1.sum() / max(before.net_sales.sum(), 1)
        row.append(
            Figure(
                "Margin (CM1)",
                view.percent(margin),
                margin,
                margin_before,
                view.rate_by_day(sales, "cm1", "net_sales"),
                definition="Net sales less cost of goods.",
            )
        )
    return row


def _from_gross_to_total(view: View, sales: pd.DataFrame) -> None:
    parts = {
        "Gross": sales.gross_sales.sum(),
        "Discounts": -sales.discounts.sum(),
        "Returns": -sales.returns.sum(),
        "Net": sales.net_sales.sum(),
        "Shipping": sales.shipping.sum(),
        "Tax": sales.tax.sum(),
        "Total": sales.total_sales.sum(),
    }
    lost = (sales.discounts.sum() + sales.returns.sum()) / max(sales.gross_sales.sum(), 1)
    chart(
        f"{view.percent(lost)} of gross sales went to discounts and returns"
        if lost
        else "Nothing went to discounts or returns",
        f"From gross to total sales, {view.shop.currency}.",
        waterfall(
            list(parts),
            [view.major(value) for value in parts.values()],
            [view.money(value) for value in parts.values()],
            {"Net", "Total"},
            view.shop.currency,
        ),
        "gross_to_total",
    )


def _best_products(view: View, products: pd.DataFrame) -> None:
    best = products.groupby("product", as_index=False).net_sales.sum().nlargest(TOP, "net_sales")
    share = best.net_sales.sum() / max(products.net_sales.sum(), 1)
    chart(
        f"The best {len(best)} products make {view.percent(share, 0)} of net sales",
        f"Net sales by product, {view.shop.currency}.",
        ranked_bars(
            [name[:38] for name in best["product"]],
            best.net_sales.map(view.major).tolist(),
            best.net_sales.map(view.money).tolist(),
            view.shop.currency,
        ),
        "best_products",
    )


def _by_payment_method(view: View) -> None:
    paid = view.rows(PAYMENTS)
    if paid.empty:
        return
    first = paid.iloc[0]
    share = view.percent(first.amount / paid.amount.sum(), 0 if len(paid) == 1 else 1)
    chart(
        f"{first.method.replace('_', ' ').capitalize()} takes {share} of what is paid",
        f"Captured less refunded by payment method, {view.shop.currency}.",
        ranked_bars(
            [name.replace("_", " ") for name in paid.method],
            paid.amount.map(view.major).tolist(),
            paid.amount.map(view.money).tolist(),
            view.shop.currency,
        ),
        "payment_methods",
    )


def _product_table(view: View, products: pd.DataFrame) -> None:
    money_columns = ["gross_sales", "discounts", "returns", "net_sales"]
    shown = products.assign(**{column: products[column].map(view.major) for column in money_columns})
    amount = st.column_config.NumberColumn
    columns = {
        "product": st.column_config.TextColumn("Product", width="medium"),
        "sku": "SKU",
        "net_sales": view.money_column("Net sales"),
        "orders": amount("Orders", format="localized"),
        "units": amount("Units", format="localized"),
        "returned": amount("Returned", format="localized"),
        "gross_sales": view.money_column("Gross sales"),
        "discounts": view.money_column("Discounts"),
        "returns": view.money_column("Returns"),
        "category": "Category",
        "brand": "Brand",
    }
    table(view, "Sales by SKU", shown, columns, "sales_by_sku")
