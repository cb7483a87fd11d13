{{ config(unique_key=['shop_id', 'payout_line_id']) }}

with touched as (
    select
        lines.shop_id,
        lines.payout_line_id
    from {{ ref('stg_shop__payout_lines') }} as lines
    inner join {{ ref('stg_shop__payouts') }} as payouts
        on lines.shop_id = payouts.shop_id and lines.payout_id = payouts.payout_id
    left join {{ ref('stg_shop__shops') }} as shops
        on lines.shop_id = shops.shop_id
    where
        {{ is_new('lines._build_id') }}
        or {{ is_new('payouts._build_id') }}
        or {{ is_new('shops._build_id') }}
),

final as (
    select
        lines.shop_id,
        lines.payout_line_id,
        lines.payout_id,
        payouts.payout_number,
        lines.payout_line_number,
        lines.provider,
        lines.kind,
        lines.reference,
        lines.gross,
        lines.fee,
        lines.net,
        lines.currency,
        lines.occurred_at,
        payouts.received_at as paid_out_at,
        {{ shop_day('lines.occurred_at', 'shops.time_zone') }} as shop_day,
        {{ build_id() }} as _build_id
    from touched
    inner join {{ ref('stg_shop__payout_lines') }} as lines
        on touched.shop_id = lines.shop_id and touched.payout_line_id = lines.payout_line_id
    inner join {{ ref('stg_shop__payouts') }} as payouts
        on lines.shop_id = payouts.shop_id and lines.payout_id = payouts.payout_id
    left join {{ ref('stg_shop__shops') }} as shops
        on lines.shop_id = shops.shop_id
)

select * from final
