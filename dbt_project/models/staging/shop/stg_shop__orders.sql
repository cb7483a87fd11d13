{{ config(unique_key=['shop_id', 'order_id']) }}

with changes as (
    {{ latest_changes('orders', key='order_id') }}
),

final as (
    select
        shop_id,
        id as order_id,
        number as order_number,
        customer_id,
        status,
        source_status,
        channel,
        currency,
        ship_country,
        gross,
        discount,
        shipping,
        tax,
        total,
        -- null in imports, and in rows from before there were points and gift cards
        coalesce(points, 0) as points,
        coalesce(gift_cards, 0) as gift_cards,
        -- null as well: before, all were sales
        coalesce(purpose, 'sale') as purpose,
        placed_at,
        paid_at,
        shipped_at,
        promised_at,
        delivered_at,
        cancelled_at,
        _op = 'd' as is_deleted,
        _seq,
        _load_id,
        {{ build_id() }} as _build_id
    from changes
)

select * from final
