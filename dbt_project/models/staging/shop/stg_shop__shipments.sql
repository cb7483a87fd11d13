{{ config(unique_key=['shop_id', 'shipment_id']) }}

with changes as (
    {{ latest_changes('shipments', key='shipment_id') }}
),

final as (
    select
        shop_id,
        id as shipment_id,
        order_id,
        warehouse_id,
        number as shipment_number,
        carrier,
        tracking,
        status,
        shipped_at,
        delivered_at,
        _op = 'd' as is_deleted,
        _seq,
        _load_id,
        {{ build_id() }} as _build_id
    from changes
)

select * from final
