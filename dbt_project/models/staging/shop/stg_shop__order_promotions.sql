{{ config(unique_key=['shop_id', 'order_promotion_id']) }}

with changes as (
    {{ latest_changes('order_promotions', key='order_promotion_id') }}
),

final as (
    select
        shop_id,
        id as order_promotion_id,
        order_id,
        order_line_id,
        promotion_id,
        code,
        reason,
        units,
        amount,
        discount,
        _op = 'd' as is_deleted,
        _seq,
        _load_id,
        {{ build_id() }} as _build_id
    from changes
)

select * from final
