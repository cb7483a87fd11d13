{{ config(unique_key=['shop_id', 'backorder_id']) }}

with touched as (
    select
        backorders.shop_id,
        backorders.backorder_id
    from {{ ref('stg_shop__backorders') }} as backorders
    left join {{ ref('stg_shop__shops') }} as shops
        on backorders.shop_id = shops.shop_id
    where {{ is_new('backorders._build_id') }} or {{ is_new('shops._build_id') }}
),

backorders as (
    select
        backorders.*,
        -- the change that left nothing to wait for was the last
        case when backorders.waiting = 0 then backorders.changed_at end as ended_at
    from {{ ref('stg_shop__backorders') }} as backorders
    inner join touched
        on backorders.shop_id = touched.shop_id and backorders.backorder_id = touched.backorder_id
),

final as (
    select
        backorders.shop_id,
        backorders.backorder_id,
        backorders.order_number,
        backorders.sku_id,
        backorders.quantity as units_ordered,
        backorders.waiting as units_waiting,
        backorders.cancelled as units_cancelled,
        backorders.quantity - backorders.waiting - backorders.cancelled as units_arrived,
        backorders.placed_at,
        backorders.expected_at,
        backorders.ended_at,
        cast(
            (
                {{ epoch_microseconds('backorders.ended_at') }}
                - {{ epoch_microseconds('backorders.placed_at') }}
            ) / 86400000000.0 as double
        ) as days_waited,
        {{ shop_day('backorders.expected_at', 'shops.time_zone') }} as promised_day,
        {{ shop_day('backorders.placed_at', 'shops.time_zone') }} as shop_day,
        {{ build_id() }} as _build_id
    from backorders
    left join {{ ref('stg_shop__shops') }} as shops
        on backorders.shop_id = shops.shop_id
)

select * from final
