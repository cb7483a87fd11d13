{{ config(unique_key=['shop_id', 'shipment_line_id']) }}

with changes as (
    {{ latest_changes('shipment_lines', key='shipment_line_id') }}
),

final as (
    select
        shop_id,
        id as shipment_line_id,
        shipment_id,
        order_line_id,
        quantity,
        _op = 'd' as is_deleted,
        _seq,
        _load_id,
        {{ build_id() }} as _build_id
    from changes
)

select * from final
