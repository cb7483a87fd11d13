{{ config(unique_key=['shop_id', 'warehouse_id']) }}

with final as (
    select
        shop_id,
        warehouse_id,
        code as warehouse,
        name as warehouse_name,
        country,
        priority,
        is_active,
        {{ build_id() }} as _build_id
    from {{ ref('stg_shop__warehouses') }}
    where {{ is_new('_build_id') }}
)

select * from final
