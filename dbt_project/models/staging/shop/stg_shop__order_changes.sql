{{ config(unique_key=['shop_id', 'order_change_id']) }}

with changes as (
    {{ latest_changes('order_changes', key='order_change_id') }}
),

final as (
    select
        shop_id,
        id as order_change_id,
        order_id,
        credit_note_id,
        number as order_change_number,
        status,
        reason,
        currency,
        delivery_method,
        gross,
        discount,
        shipping,
        tax,
        added,
        credited,
        kept,
        due,
        points,
        ship_country is not null as is_readdressed,
        created_at,
        expires_at,
        closed_at,
        _op = 'd' as is_deleted,
        _seq,
        _load_id,
        {{ build_id() }} as _build_id
    from changes
)

select * from final
