{{ config(meta={'dagster': {'ref': {'name': 'rpt_stock_daily'}}}) }}
-- What the shop counts on a shelf is the sum of its movements.
with closing as (
    select
        shop_id,
        sku_id,
        warehouse_id,
        on_hand,
        reserved,
        row_number() over (
            partition by shop_id, sku_id, warehouse_id
            order by shop_day desc nulls last
        ) as recency
    from {{ audited(ref('rpt_stock_daily')) }}
),

final as (
    select
        levels.shop_id,
        levels.sku_id,
        levels.warehouse_id,
        levels.on_hand,
        levels.reserved,
        closing.on_hand as moved_on_hand,
        closing.reserved as moved_reserved
    from {{ ref('stg_shop__stock_levels') }} as levels
    inner join closing
        on
            levels.shop_id = closing.shop_id
            and levels.sku_id = closing.sku_id
            and levels.warehouse_id = closing.warehouse_id
    where
        closing.recency = 1
        and (levels.on_hand <> closing.on_hand or levels.reserved <> closing.reserved)
)

select * from final
