{{ config(unique_key=['shop_id', 'supply_id']) }}

with changes as (
    {{ latest_changes('supplies', key='supply_id') }}
),

final as (
    select
        shop_id,
        id as supply_id,
        sku_id,
        policy,
        most,
        days,
        available_from,
        _op = 'd' as is_deleted,
        _seq,
        _load_id,
        {{ build_id() }} as _build_id
    from changes
)

select * from final
