{{ config(unique_key=['shop_id', 'movement_id']) }}

with changes as (
    {{ latest_changes('stock_movements', key='movement_id') }}
),

final as (
    select
        shop_id,
        id as movement_id,
        sku_id,
        warehouse_id,
        kind,
        document,
        reason,
        on_hand_change,
        reserved_change,
        moved_at,
        _seq,
        _load_id,
        {{ build_id() }} as _build_id
    from changes
)

select * from final
