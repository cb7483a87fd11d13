{{ config(unique_key=['shop_id', 'order_line_id']) }}

with changes as (
    {{ latest_changes('order_lines', key='order_line_id') }}
),

final as (
    select
        shop_id,
        id as order_line_id,
        order_id,
        change_id as order_change_id,
        position,
        sku_id,
        sku,
        name,
        quantity,
        list_price,
        unit_price,
        cost,
        gross,
        discount,
        shipping,
        tax,
        coalesce(is_gift_card, false) as is_gift_card, -- null in imports
        _op = 'd' as is_deleted,
        _seq,
        _load_id,
        {{ build_id() }} as _build_id
    from changes
)

select * from final
