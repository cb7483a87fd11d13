{{ config(unique_key=['shop_id', 'transfer_id']) }}

with changes as (
    {{ latest_changes('transfers', key='transfer_id') }}
),

final as (
    select
        shop_id,
        id as transfer_id,
        from_warehouse_id,
        to_warehouse_id,
        number as transfer_number,
        status,
        reason,
        sent_at,
        received_at,
        _op = 'd' as is_deleted,
        _seq,
        _load_id,
        {{ build_id() }} as _build_id
    from changes
)

select * from final
