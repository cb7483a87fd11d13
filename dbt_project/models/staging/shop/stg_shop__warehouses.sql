{{ config(unique_key=['shop_id', 'warehouse_id']) }}

with changes as (
    {{ latest_changes('warehouses', key='warehouse_id') }}
),

final as (
    select
        shop_id,
        id as warehouse_id,
        code,
        name,
        country,
        priority,
        is_active,
        _op = 'd' as is_deleted,
        _seq,
        _load_id,
        {{ build_id() }} as _build_id
    from changes
)

select * from final
