{{ config(meta={'dagster': {'ref': {'name': 'rpt_stock_daily'}}}) }}
-- What the shop counts on a shelf is the sum of its movements: also when only one of both is new, and when
-- nothing ever moved.
with shelves as (
    select
        audited.shop_id,
        audited.sku_id,
        audited.warehouse_id
    from {{ audited(ref('rpt_stock_daily')) }} as audited

    union distinct

    select
        audited.shop_id,
        audited.sku_id,
        audited.warehouse_id
    from {{ audited(ref('stg_shop__stock_levels')) }} as audited
),

closing as (
    select
        days.shop_id,
        days.sku_id,
        days.warehouse_id,
        days.on_hand,
        days.reserved,
        row_number() over (
            partition by days.shop_id, days.sku_id, days.warehouse_id
            order by days.shop_day desc nulls last
        ) as recency
    from {{ ref('rpt_stock_daily') }} as days
    inner join shelves
        on
            days.shop_id = shelves.shop_id
            and days.sku_id = shelves.sku_id
            and days.warehouse_id = shelves.warehouse_id
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
    inner join shelves
        on
            levels.shop_id = shelves.shop_id
            and levels.sku_id = shelves.sku_id
            and levels.warehouse_id = shelves.warehouse_id
    left join closing
        on
            levels.shop_id = closing.shop_id
            and levels.sku_id = closing.sku_id
            and levels.warehouse_id = closing.warehouse_id
            and closing.recency = 1
    where
        not levels.is_deleted
        and (
            levels.on_hand <> coalesce(closing.on_hand, 0)
            or levels.reserved <> coalesce(closing.reserved, 0)
        )
)

select * from final
