{#- No names, addresses or e-mails: the reports need none. -#}
{{ config(unique_key=['shop_id', 'customer_id'], meta={'row_key': 'orders'}) }}

with touched as (
    select
        shop_id,
        customer_id
    from {{ ref('stg_shop__customers') }}
    where {{ is_new('_build_id') }}

    union distinct

    select
        shop_id,
        customer_id
    from {{ ref('fct_orders') }}
    where customer_id is not null and {{ is_new('_build_id') }}

    union distinct

    -- an order that was deleted is in fct_orders no more
    select
        shop_id,
        customer_id
    from {{ ref('stg_shop__orders') }}
    where customer_id is not null and is_deleted and {{ is_new('_build_id') }}
),

customers as (
    select customers.*
    from {{ ref('stg_shop__customers') }} as customers
    inner join touched
        on customers.shop_id = touched.shop_id and customers.customer_id = touched.customer_id
    where not customers.is_deleted
),

orders as (
    select
        orders.*,
        case when orders.currency <> shops.currency then 0 else orders.net_sales end as own_net_sales,
        row_number() over (
            partition by orders.shop_id, orders.customer_id
            order by orders.ordered_at asc nulls last, orders.order_id asc nulls last
        ) as first_rank,
        row_number() over (
            partition by orders.shop_id, orders.customer_id
            order by
                case when orders.ship_country is null then 1 else 0 end asc nulls last,
                orders.ordered_at desc nulls last,
                orders.order_id desc nulls last
        ) as latest_country_rank
    from {{ ref('fct_orders') }} as orders
    inner join touched
        on orders.shop_id = touched.shop_id and orders.customer_id = touched.customer_id
    left join {{ ref('stg_shop__shops') }} as shops
        on orders.shop_id = shops.shop_id
    where orders.is_sale
),

totals as (
    select
        shop_id,
        customer_id,
        count(*) as orders,
        sum(own_net_sales) as net_sales,
        max(ordered_at) as last_order_at,
        max(case when first_rank = 1 then ordered_at end) as first_order_at,
        max(case when first_rank = 1 then shop_day end) as first_order_day,
        max(case when first_rank = 1 then order_id end) as first_order_id,
        max(case when latest_country_rank = 1 then ship_country end) as ship_country
    from orders
    group by shop_id, customer_id
),

final as (
    select
        touched.shop_id,
        touched.customer_id,
        coalesce(totals.ship_country, customers.country) as country,
        customers.created_at,
        totals.first_order_id,
        totals.first_order_at,
        totals.first_order_day,
        totals.last_order_at,
        cast(
            case
                when totals.orders is not null then totals.orders
                when customers.customer_id is not null then 0
            end
            as integer
        ) as orders,
        cast(coalesce(totals.net_sales, 0) as bigint) as net_sales,
        {{ build_id() }} as _build_id
    from touched
    left join customers
        on touched.shop_id = customers.shop_id and touched.customer_id = customers.customer_id
    left join totals
        on touched.shop_id = totals.shop_id and touched.customer_id = totals.customer_id
    {%- if not is_incremental() %}
    where customers.customer_id is not null or totals.customer_id is not null
    {%- endif %}
)

select * from final
