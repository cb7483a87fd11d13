{#-
  What a shelf (a SKU in a warehouse) held at the end of each day on which it changed; in between it held the
  same. A shelf that something new touches is computed as a whole.
-#}
{{ config(unique_key=['shop_id', 'sku_id', 'warehouse_id']) }}

with touched as (
    select distinct
        shop_id,
        sku_id,
        warehouse_id
    from {{ ref('fct_stock_movements') }}
    where {{ is_new('_build_id') }}
),

days as (
    select
        movements.shop_id,
        movements.sku_id,
        movements.warehouse_id,
        movements.shop_day,
        sum(case when movements.kind = 'received' then movements.on_hand_change else 0 end) as received,
        sum(case when movements.kind = 'shipped' then -movements.on_hand_change else 0 end) as shipped,
        sum(case when movements.kind = 'returned' then movements.on_hand_change else 0 end) as returned,
        sum(case when movements.kind = 'adjusted' then movements.on_hand_change else 0 end) as adjusted,
        sum(
            case
                when movements.kind in ('transfer_out', 'transfer_in') then movements.on_hand_change
                else 0
            end
        ) as transferred,
        sum(movements.on_hand_change) as on_hand_change,
        sum(movements.reserved_change) as reserved_change
    from {{ ref('fct_stock_movements') }} as movements
    inner join touched
        on
            movements.shop_id = touched.shop_id
            and movements.sku_id = touched.sku_id
            and movements.warehouse_id = touched.warehouse_id
    group by movements.shop_id, movements.sku_id, movements.warehouse_id, movements.shop_day
),

held as (
    select
        days.*,
        sum(on_hand_change) over (
            partition by shop_id, sku_id, warehouse_id
            order by shop_day asc nulls last
        ) as on_hand,
        sum(reserved_change) over (
            partition by shop_id, sku_id, warehouse_id
            order by shop_day asc nulls last
        ) as reserved
    from days
),

final as (
    select
        shop_id,
        sku_id,
        warehouse_id,
        shop_day,
        cast(received as bigint) as received,
        cast(shipped as bigint) as shipped,
        cast(returned as bigint) as returned,
        cast(adjusted as bigint) as adjusted,
        cast(transferred as bigint) as transferred,
        cast(on_hand as bigint) as on_hand,
        cast(reserved as bigint) as reserved,
        cast(on_hand - reserved as bigint) as available,
        {{ build_id() }} as _build_id
    from held
)

select * from final
