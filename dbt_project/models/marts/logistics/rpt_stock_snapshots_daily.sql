{#-
  What every shelf held at the end of every day, from its first movement to the last day of its shop's data. A shelf
  that something new touches is written from the day of that on, any other only the days that are new: rows are
  written for what is new, however long the history. Days that a shop's new time zone took away come out without
  what was on hand: they are deleted.
-#}
{{ config(unique_key=['shop_id', 'sku_id', 'warehouse_id', 'shop_day'], meta={'row_key': 'on_hand'}) }}

with touched as (
    select
        shop_id,
        sku_id,
        warehouse_id,
        min(shop_day) as from_day
    from {{ ref('fct_stock_movements') }}
    where {{ is_new('_build_id') }}
    group by shop_id, sku_id, warehouse_id
),

shelves as (
    select
        shop_id,
        sku_id,
        warehouse_id,
        min(shop_day) as first_day
    from {{ ref('rpt_stock_daily') }}
    group by shop_id, sku_id, warehouse_id
),

shops as (
    select
        shop_id,
        max(shop_day) as last_day
    from {{ ref('rpt_stock_daily') }}
    group by shop_id
),
{%- if is_incremental() %}

known as (
    select
        shop_id,
        max(shop_day) as last_day
    from {{ this }}
    group by shop_id
),
{%- endif %}

due as (
    select
        shelves.shop_id,
        shelves.sku_id,
        shelves.warehouse_id,
        shelves.first_day,
        {%- if is_incremental() %}
        -- from what is new, or the first day that nobody wrote, whichever comes first
        greatest(
            shelves.first_day,
            least(
                coalesce(touched.from_day, shops.last_day + 1),
                coalesce(known.last_day + 1, shelves.first_day)
            )
        ) as from_day,
        {%- else %}
        shelves.first_day as from_day,
        {%- endif %}
        shops.last_day
    from shelves
    inner join shops
        on shelves.shop_id = shops.shop_id
    left join touched
        on
            shelves.shop_id = touched.shop_id
            and shelves.sku_id = touched.sku_id
            and shelves.warehouse_id = touched.warehouse_id
    {%- if is_incremental() %}
    left join known
        on shelves.shop_id = known.shop_id
    where touched.from_day is not null or coalesce(known.last_day < shops.last_day, true)
    {%- endif %}
),

days as (
    select
        due.shop_id,
        due.sku_id,
        due.warehouse_id,
        dates.shop_day
    from due
    inner join {{ ref('dim_dates') }} as dates
        on dates.shop_day between due.from_day and due.last_day
),

-- what moved before the first day that is written opens it
moved as (
    select
        due.shop_id,
        due.sku_id,
        due.warehouse_id,
        greatest(movements.shop_day, due.from_day) as shop_day,
        sum(movements.on_hand_change) as on_hand_change,
        sum(movements.reserved_change) as reserved_change
    from due
    inner join {{ ref('fct_stock_movements') }} as movements
        on
            due.shop_id = movements.shop_id
            and due.sku_id = movements.sku_id
            and due.warehouse_id = movements.warehouse_id
    group by due.shop_id, due.sku_id, due.warehouse_id, greatest(movements.shop_day, due.from_day)
),

held as (
    select
        days.shop_id,
        days.sku_id,
        days.warehouse_id,
        days.shop_day,
        sum(coalesce(moved.on_hand_change, 0)) over (
            partition by days.shop_id, days.sku_id, days.warehouse_id
            order by days.shop_day asc nulls last
        ) as on_hand,
        sum(coalesce(moved.reserved_change, 0)) over (
            partition by days.shop_id, days.sku_id, days.warehouse_id
            order by days.shop_day asc nulls last
        ) as reserved
    from days
    left join moved
        on
            days.shop_id = moved.shop_id
            and days.sku_id = moved.sku_id
            and days.warehouse_id = moved.warehouse_id
            and days.shop_day = moved.shop_day
),
{%- if is_incremental() %}

gone as (
    select
        known_days.shop_id,
        known_days.sku_id,
        known_days.warehouse_id,
        known_days.shop_day
    from {{ this }} as known_days
    inner join touched
        on
            known_days.shop_id = touched.shop_id
            and known_days.sku_id = touched.sku_id
            and known_days.warehouse_id = touched.warehouse_id
    left join due
        on
            known_days.shop_id = due.shop_id
            and known_days.sku_id = due.sku_id
            and known_days.warehouse_id = due.warehouse_id
    where known_days.shop_day < due.first_day or known_days.shop_day > due.last_day
),
{%- endif %}

final as (
    select
        shop_id,
        sku_id,
        warehouse_id,
        shop_day,
        cast(on_hand as bigint) as on_hand,
        cast(reserved as bigint) as reserved,
        cast(on_hand - reserved as bigint) as available,
        {{ build_id() }} as _build_id
    from held
    {%- if is_incremental() %}

    union all

    select
        shop_id,
        sku_id,
        warehouse_id,
        shop_day,
        null as on_hand,
        null as reserved,
        null as available,
        {{ build_id() }} as _build_id
    from gone
    {%- endif %}
)

select * from final
