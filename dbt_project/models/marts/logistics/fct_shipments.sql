{{ config(unique_key=['shop_id', 'shipment_id']) }}

with touched as (
    select
        shop_id,
        shipment_id
    from {{ ref('stg_shop__shipments') }}
    where {{ is_new('_build_id') }}

    union distinct

    select
        shop_id,
        shipment_id
    from {{ ref('stg_shop__shipment_lines') }}
    where {{ is_new('_build_id') }}

    union distinct

    select
        shipments.shop_id,
        shipments.shipment_id
    from {{ ref('stg_shop__shipments') }} as shipments
    inner join {{ ref('stg_shop__shops') }} as shops
        on shipments.shop_id = shops.shop_id
    where {{ is_new('shops._build_id') }}
),

contents as (
    select
        lines.shop_id,
        lines.shipment_id,
        count(*) as order_lines,
        sum(lines.quantity) as units
    from {{ ref('stg_shop__shipment_lines') }} as lines
    inner join touched
        on lines.shop_id = touched.shop_id and lines.shipment_id = touched.shipment_id
    group by lines.shop_id, lines.shipment_id
),

final as (
    select
        touched.shop_id,
        touched.shipment_id,
        shipments.shipment_number,
        shipments.order_id,
        shipments.warehouse_id,
        shipments.carrier,
        shipments.status,
        cast(coalesce(contents.order_lines, 0) as integer) as order_lines,
        cast(coalesce(contents.units, 0) as integer) as units,
        shipments.shipped_at,
        shipments.delivered_at,
        {{ shop_day('shipments.shipped_at', 'shops.time_zone') }} as shop_day,
        {{ build_id() }} as _build_id
    from touched
    inner join {{ ref('stg_shop__shipments') }} as shipments
        on touched.shop_id = shipments.shop_id and touched.shipment_id = shipments.shipment_id
    left join contents
        on touched.shop_id = contents.shop_id and touched.shipment_id = contents.shipment_id
    left join {{ ref('stg_shop__shops') }} as shops
        on touched.shop_id = shops.shop_id
)

select * from final
