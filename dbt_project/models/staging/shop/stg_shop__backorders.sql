{{ config(unique_key=['shop_id', 'backorder_id']) }}

with changes as (
    {{ latest_changes('backorders', key='backorder_id') }}
),

final as (
    select
        shop_id,
        id as backorder_id,
        sku_id,
        document as order_number,
        quantity,
        waiting,
        cancelled,
        placed_at,
        expected_at,
        _ts as changed_at,
        _op = 'd' as is_deleted,
        _seq,
        _load_id,
        {{ build_id() }} as _build_id
    from changes
)

select * from final
