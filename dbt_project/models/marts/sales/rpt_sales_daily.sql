{#-
  Touched days are computed again as a whole. What goods cost is known in the shop's own currency, so sales in
  another have no cost here: no exchange rate is made up.
-#}
{{ config(unique_key=['shop_id', 'shop_day'], meta={'row_key': 'channel'}) }}

with touched as (
    select distinct
        shop_id,
        shop_day
    from {{ ref('int_sales__touched_days') }}
    where {{ is_new('_build_id') }}
),

sales as (
    select
        sales.shop_id,
        sales.shop_day,
        sales.channel,
        sales.currency,
        0 as orders,
        0 as new_customers,
        case when sales.kind = 'sale' then sales.quantity else 0 end as units,
        case when sales.kind = 'return' then -sales.quantity else 0 end as returned_units,
        case when sales.kind = 'sale' then sales.amount else 0 end as gross_sales,
        case when sales.kind = 'discount' then -sales.amount else 0 end as discounts,
        case when sales.kind = 'return' then -sales.amount else 0 end as returns,
        case when sales.kind = 'shipping' then sales.amount else 0 end as shipping,
        case when sales.kind = 'tax' then sales.amount else 0 end as tax,
        case when sales.kind = 'adjustment' then sales.amount else 0 end as adjustments,
        case when sales.currency <> shops.currency then null else sales.cost_of_goods end as cost_of_goods
    from {{ ref('fct_sales') }} as sales
    inner join touched
        on sales.shop_id = touched.shop_id and sales.shop_day = touched.shop_day
    left join {{ ref('stg_shop__shops') }} as shops
        on sales.shop_id = shops.shop_id
),

-- Counted from the orders, because an order may have no lines.
orders as (
    select
        orders.shop_id,
        orders.shop_day,
        orders.channel,
        orders.currency,
        1 as orders,
        case when customers.customer_id is not null then 1 else 0 end as new_customers
    from {{ ref('fct_orders') }} as orders
    inner join touched
        on orders.shop_id = touched.shop_id and orders.shop_day = touched.shop_day
    left join {{ ref('dim_customers') }} as customers
        on
            orders.shop_id = customers.shop_id
            and orders.customer_id = customers.customer_id
            and orders.order_id = customers.first_order_id
    where orders.is_sale
),

movements as (
    select * from sales

    union all

    select
        orders.*,
        0 as units,
        0 as returned_units,
        0 as gross_sales,
        0 as discounts,
        0 as returns,
        0 as shipping,
        0 as tax,
        0 as adjustments,
        null as cost_of_goods
    from orders
),

figures as (
    select
        shop_id,
        shop_day,
        channel,
        currency,
        sum(orders) as orders,
        sum(new_customers) as new_customers,
        sum(units) as units,
        sum(returned_units) as returned_units,
        sum(gross_sales) as gross_sales,
        sum(discounts) as discounts,
        sum(returns) as returns,
        sum(gross_sales - discounts - returns) as net_sales,
        sum(shipping) as shipping,
        sum(tax) as tax,
        sum(gross_sales - discounts - returns + shipping + tax) as total_sales,
        sum(adjustments) as adjustments,
        sum(cost_of_goods) as cost_of_goods
    from movements
    group by shop_id, shop_day, channel, currency
),

final as (
    select
        touched.shop_id,
        touched.shop_day,
        figures.channel,
        figures.currency,
        cast(figures.orders as bigint) as orders,
        cast(figures.new_customers as bigint) as new_customers,
        cast(figures.units as bigint) as units,
        cast(figures.returned_units as bigint) as returned_units,
        cast(figures.gross_sales as bigint) as gross_sales,
        cast(figures.discounts as bigint) as discounts,
        cast(figures.returns as bigint) as returns,
        cast(figures.net_sales as bigint) as net_sales,
        cast(figures.shipping as bigint) as shipping,
        cast(figures.tax as bigint) as tax,
        cast(figures.total_sales as bigint) as total_sales,
        cast(figures.adjustments as bigint) as adjustments,
        cast(figures.cost_of_goods as bigint) as cost_of_goods,
        cast(figures.net_sales - figures.cost_of_goods as bigint) as cm1,
        {{ build_id() }} as _build_id
    from touched
    left join figures
        on touched.shop_id = figures.shop_id and touched.shop_day = figures.shop_day
    {%- if not is_incremental() %}
    where figures.channel is not null
    {%- endif %}
)

select * from final
