{{ config(unique_key=['shop_id', 'transfer_line_id']) }}

with touched as (
    select
        shop_id,
        transfer_line_id
    from {{ ref('stg_shop__transfer_lines') }}
    where {{ is_new('_build_id') }}

    union distinct

    select
        lines.shop_id,
        lines.transfer_line_id
    from {{ ref('stg_shop__transfer_lines') }} as lines
    inner join {{ ref('stg_shop__transfers') }} as transfers
        on lines.shop_id = transfers.shop_id and lines.transfer_id = transfers.transfer_id
    left join {{ ref('stg_shop__shops') }} as shops
        on lines.shop_id = shops.shop_id
    where {{ is_new('transfers._build_id') }} or {{ is_new('shops._build_id') }}
),

final as (
    select
        touched.shop_id,
        touched.transfer_line_id,
        transfers.transfer_id,
        transfers.transfer_number,
        lines.sku_id,
        transfers.from_warehouse_id,
        transfers.to_warehouse_id,
        transfers.status,
        lines.sent as units_sent,
        lines.received as units_arrived,
        lines.lost as units_lost,
        lines.sent - lines.received - lines.lost as units_under_way,
        transfers.reason,
        transfers.sent_at,
        transfers.received_at,
        cast(
            (
                {{ epoch_microseconds('transfers.received_at') }}
                - {{ epoch_microseconds('transfers.sent_at') }}
            ) / 86400000000.0 as double
        ) as days_under_way,
        {{ shop_day('transfers.sent_at', 'shops.time_zone') }} as shop_day,
        {{ build_id() }} as _build_id
    from touched
    inner join {{ ref('stg_shop__transfer_lines') }} as lines
        on touched.shop_id = lines.shop_id and touched.transfer_line_id = lines.transfer_line_id
    inner join {{ ref('stg_shop__transfers') }} as transfers
        on lines.shop_id = transfers.shop_id and lines.transfer_id = transfers.transfer_id
    left join {{ ref('stg_shop__shops') }} as shops
        on touched.shop_id = shops.shop_id
)

select * from final
