{{ config(materialized='table') }}

with days as (
    {{ days_between('1995-01-01', '2045-12-31') }}
),

final as (
    select
        day as shop_day,
        cast(extract(year from day) as integer) as year_number,
        cast(extract(quarter from day) as integer) as quarter_number,
        cast(extract(month from day) as integer) as month_number,
        cast(extract(day from day) as integer) as day_of_month,
        cast(extract(isodow from day) as integer) as day_of_week,
        cast(extract(week from day) as integer) as iso_week,
        cast(date_trunc('week', day) as date) as week_start,
        cast(date_trunc('month', day) as date) as month_start,
        extract(isodow from day) >= 6 as is_weekend
    from days
)

select * from final
