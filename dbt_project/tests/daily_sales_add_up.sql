{{ config(meta={'dagster': {'ref': {'name': 'rpt_sales_daily'}}}) }}
-- The daily report holds every amount of fct_sales on its day, by currency; what gift cards cost is no sale.
with reported as (
    select
        shop_id,
        shop_day,
        currency,
        sum(total_sales + adjustments) as amount
    from {{ ref('rpt_sales_daily') }}
    group by shop_id, shop_day, currency
),

days as (
    select distinct
        audited.shop_id,
        audited.shop_day
    from {{ audited(ref('fct_sales')) }} as audited
),

sold as (
    select
        sales.shop_id,
        sales.shop_day,
        sales.currency,
        sum(case when sales.kind <> 'gift_card' then sales.amount else 0 end) as amount
    from {{ ref('fct_sales') }} as sales
    inner join days
        on sales.shop_id = days.shop_id and sales.shop_day = days.shop_day
    group by sales.shop_id, sales.shop_day, sales.currency
),

final as (
    select
        sold.*,
        reported.amount as reported_amount
    from sold
    left join reported
        on
            sold.shop_id = reported.shop_id
            and sold.shop_day = reported.shop_day
            and sold.currency = reported.currency
    where reported.amount is null or reported.amount <> sold.amount
)

select * from final
