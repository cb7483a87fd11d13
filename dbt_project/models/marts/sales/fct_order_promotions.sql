{#- What promotions took off orders, under their present names: renaming one touches its orders. -#}
{{ config(unique_key=['shop_id', 'order_id'], meta={'row_key': 'order_promotion_id'}) }}

with touched as (
    select
        shop_id,
        order_key as order_id
    from {{ ref('int_sales__touched_orders') }}
    where {{ is_new('_build_id') }}

    union distinct

    select
        applied.shop_id,
        applied.order_id
    from {{ ref('stg_shop__order_promotions') }} as applied
    inner join {{ ref('stg_shop__promotions') }} as promotions
        on applied.shop_id = promotions.shop_id and applied.promotion_id = promotions.promotion_id
    where {{ is_new('promotions._build_id') }}
),

orders as (
    select orders.*
    from {{ ref('stg_shop__orders') }} as orders
    inner join touched
        on orders.shop_id = touched.shop_id and orders.order_id = touched.order_id
    where not orders.is_deleted
),

applied as (
    select
        applied.*,
        promotions.name as promotion_name,
        promotions.kind as template_kind,
        orders.currency,
        orders.placed_at,
        {{ is_sale('orders') }} as is_sale
    from {{ ref('stg_shop__order_promotions') }} as applied
    inner join orders
        on applied.shop_id = orders.shop_id and applied.order_id = orders.order_id
    left join {{ ref('stg_shop__promotions') }} as promotions
        on applied.shop_id = promotions.shop_id and applied.promotion_id = promotions.promotion_id
    where not applied.is_deleted
),

final as (
    select
        touched.shop_id,
        applied.order_promotion_id,
        touched.order_id,
        applied.order_line_id,
        applied.promotion_id,
        applied.promotion_name,
        applied.template_kind,
        applied.code,
        applied.units,
        applied.amount,
        applied.discount,
        applied.currency,
        applied.placed_at as ordered_at,
        {{ shop_day('applied.placed_at', 'shops.time_zone') }} as shop_day,
        applied.is_sale,
        {{ build_id() }} as _build_id
    from touched
    left join applied
        on touched.shop_id = applied.shop_id and touched.order_id = applied.order_id
    left join {{ ref('stg_shop__shops') }} as shops
        on touched.shop_id = shops.shop_id
    {%- if not is_incremental() %}
    where applied.order_promotion_id is not null
    {%- endif %}
)

select * from final
