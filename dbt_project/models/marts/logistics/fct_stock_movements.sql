{#- Movements are never changed; a shop that moves to another time zone moves them to other days. -#}
{{ config(unique_key=['shop_id', 'movement_id']) }}

with final as (
    select
        movements.shop_id,
        movements.movement_id,
        movements.sku_id,
        movements.warehouse_id,
        movements.kind,
        movements.document,
        movements.reason,
        movements.on_hand_change,
        movements.reserved_change,
        movements.moved_at,
        {{ shop_day('movements.moved_at', 'shops.time_zone') }} as shop_day,
        {{ build_id() }} as _build_id
    from {{ ref('stg_shop__stock_movements') }} as movements
    left join {{ ref('stg_shop__shops') }} as shops
        on movements.shop_id = shops.shop_id
    where {{ is_new('movements._build_id') }} or {{ is_new('shops._build_id') }}
)

select * from final
