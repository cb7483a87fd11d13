{{ config(unique_key=['shop_id', 'stock_level_id']) }}

with changes as (
    {{ latest_changes('stock_levels', key='stock_level_id') }}
),

final as (
    select
        shop_id,
        id as stock_level_id,
        sku_id,
        warehouse_id,
        on_hand,
        reserved,
        _op = 'd' as is_deleted,
        _seq,
        _load_id,
        {{ build_id() }} as _build_id
    from changes
)

select * from final
