{{ config(unique_key=['shop_id', 'order_id'], meta={'row_key': 'order_number'}) }}

with touched as (
    select
        shop_id,
        order_key as order_id
    from {{ ref('int_sales__touched_orders') }}
    where {{ is_new('_build_id') }}
),

orders as (
    select
        orders.*,
        {{ is_sale('orders') }} as is_sale
    from {{ ref('stg_shop__orders') }} as orders
    inner join touched
        on orders.shop_id = touched.shop_id and orders.order_id = touched.order_id
    where not orders.is_deleted
),

sales as (
    select
        sales.shop_id,
        sales.order_id,
        sum(case when sales.kind = 'sale' then sales.quantity else 0 end) as units,
        sum(case when sales.kind = 'return' then -sales.quantity else 0 end) as returned_units,
        sum(case when sales.kind = 'sale' then sales.amount else 0 end) as gross_sales,
        sum(case when sales.kind = 'discount' then -sales.amount else 0 end) as discounts,
        sum(case when sales.kind = 'return' then -sales.amount else 0 end) as returns,
        sum(case when sales.kind = 'shipping' then sales.amount else 0 end) as shipping,
        sum(case when sales.kind = 'tax' then sales.amount else 0 end) as tax,
        sum(sales.cost_of_goods) as cost_of_goods
    from {{ ref('fct_sales') }} as sales
    inner join touched
        on sales.shop_id = touched.shop_id and sales.order_key = touched.order_id
    group by sales.shop_id, sales.order_id
),

payments as (
    select
        payments.shop_id,
        payments.order_id,
        sum(case when payments.status = 'captured' then payments.amount else 0 end) as paid,
        sum(case when payments.status = 'succeeded' then -payments.amount else 0 end) as refunded
    from {{ ref('fct_payments') }} as payments
    inner join touched
        on payments.shop_id = touched.shop_id and payments.order_id = touched.order_id
    group by payments.shop_id, payments.order_id
),

line_totals as (
    select
        lines.shop_id,
        lines.order_id,
        sum(lines.net_sales + lines.shipping + lines.tax) as total
    from {{ ref('fct_order_lines') }} as lines
    inner join touched
        on lines.shop_id = touched.shop_id and lines.order_id = touched.order_id
    group by lines.shop_id, lines.order_id
),

final as (
    select
        touched.shop_id,
        touched.order_id,
        orders.order_number,
        orders.customer_id,
        orders.placed_at as ordered_at,
        {{ shop_day('orders.placed_at', 'shops.time_zone') }} as shop_day,
        orders.status,
        orders.source_status,
        orders.channel,
        orders.purpose,
        orders.ship_country,
        orders.is_sale,
        orders.currency,
        cast(coalesce(orders.total, line_totals.total, 0) as bigint) as ordered_total,
        cast(coalesce(sales.units, 0) as integer) as units,
        cast(coalesce(sales.returned_units, 0) as integer) as returned_units,
        cast(coalesce(sales.gross_sales, 0) as bigint) as gross_sales,
        cast(coalesce(sales.discounts, 0) as bigint) as discounts,
        cast(coalesce(sales.returns, 0) as bigint) as returns,
        cast(coalesce(sales.gross_sales - sales.discounts - sales.returns, 0) as bigint) as net_sales,
        cast(coalesce(sales.shipping, 0) as bigint) as shipping,
        cast(coalesce(sales.tax, 0) as bigint) as tax,
        cast(
            coalesce(sales.gross_sales - sales.discounts - sales.returns + sales.shipping + sales.tax, 0)
            as bigint
        ) as total_sales,
        cast(sales.cost_of_goods as bigint) as cost_of_goods,
        cast(coalesce(payments.paid, 0) as bigint) as paid,
        cast(coalesce(payments.refunded, 0) as bigint) as refunded,
        orders.paid_at,
        orders.shipped_at,
        orders.promised_at,
        orders.delivered_at,
        orders.cancelled_at,
        orders.delivered_at <= orders.promised_at as is_on_time,
        {{ build_id() }} as _build_id
    from touched
    left join orders
        on touched.shop_id = orders.shop_id and touched.order_id = orders.order_id
    left join sales
        on touched.shop_id = sales.shop_id and touched.order_id = sales.order_id
    left join payments
        on touched.shop_id = payments.shop_id and touched.order_id = payments.order_id
    left join line_totals
        on touched.shop_id = line_totals.shop_id and touched.order_id = line_totals.order_id
    left join {{ ref('stg_shop__shops') }} as shops
        on touched.shop_id = shops.shop_id
    {%- if not is_incremental() %}
    where orders.order_number is not null
    {%- endif %}
)

select * from final
