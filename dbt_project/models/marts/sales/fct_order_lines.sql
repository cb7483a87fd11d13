{{ config(unique_key=['shop_id', 'order_id'], meta={'row_key': 'order_line_id'}) }}

with touched as (
    select
        shop_id,
        order_key as order_id
    from {{ ref('int_sales__touched_orders') }}
    where {{ is_new('_build_id') }}
),

orders as (
    select orders.*
    from {{ ref('stg_shop__orders') }} as orders
    inner join touched
        on orders.shop_id = touched.shop_id and orders.order_id = touched.order_id
    where not orders.is_deleted
),

lines as (
    select
        orders.order_number,
        orders.customer_id,
        orders.currency,
        orders.placed_at,
        {{ is_sale('orders') }} as is_sale,
        order_lines.*
    from {{ ref('stg_shop__order_lines') }} as order_lines
    inner join orders
        on order_lines.shop_id = orders.shop_id and order_lines.order_id = orders.order_id
    where not order_lines.is_deleted
),

changes as (
    select *
    from {{ ref('stg_shop__order_changes') }}
    where status = 'applied' and not is_deleted
),

final as (
    select
        touched.shop_id,
        lines.order_line_id,
        touched.order_id,
        lines.order_number,
        lines.customer_id,
        lines.position,
        lines.order_change_id,
        coalesce(changes.closed_at, lines.placed_at) as ordered_at,
        {{ shop_day('coalesce(changes.closed_at, lines.placed_at)', 'shops.time_zone') }} as shop_day,
        lines.sku,
        lines.name as product_name,
        lines.quantity,
        lines.currency,
        lines.list_price,
        lines.unit_price,
        lines.gross as gross_sales,
        lines.discount as discounts,
        lines.gross - lines.discount as net_sales,
        lines.shipping,
        lines.tax,
        lines.cost * lines.quantity as cost_of_goods,
        lines.is_gift_card,
        lines.is_sale,
        {{ build_id() }} as _build_id
    from touched
    left join lines
        on touched.shop_id = lines.shop_id and touched.order_id = lines.order_id
    left join changes
        on lines.shop_id = changes.shop_id and lines.order_change_id = changes.order_change_id
    left join {{ ref('stg_shop__shops') }} as shops
        on touched.shop_id = shops.shop_id
    {%- if not is_incremental() %}
    where lines.order_line_id is not null
    {%- endif %}
)

select * from final
