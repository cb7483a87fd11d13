{{ config(unique_key=['shop_id', 'gift_card_id']) }}

with changes as (
    {{ latest_changes('gift_cards', key='gift_card_id') }}
),

final as (
    select
        shop_id,
        id as gift_card_id,
        order_line_id,
        status,
        currency,
        initial as initial_amount,
        issued_at,
        expires_at,
        _op = 'd' as is_deleted,
        _seq,
        _load_id,
        {{ build_id() }} as _build_id
    from changes
)

select * from final
