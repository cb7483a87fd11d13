{#-
  Touched days are computed again as a whole. Names and categories are dim_products' (shop_id, sku). Sales in
  another currency than the shop's own have no cost, as in rpt_sales_daily.
-#}
{{ config(unique_key=['shop_id', 'shop_day'], meta={'row_key': 'sku'}) }}

with touched as (
    select distinct
        shop_id,
        shop_day
    from {{ ref('int_sales__touched_days') }}
    where {{ is_new('_build_id') }}
),

sales as (
    select
        sales.shop_id,
        sales.shop_day,
        sales.sku,
        sales.currency,
        count(distinct case when sales.kind = 'sale' then sales.order_id end) as orders,
        sum(case when sales.kind = 'sale' then sales.quantity else 0 end) as units,
        sum(case when sales.kind = 'return' then -sales.quantity else 0 end) as returned_units,
        sum(case when sales.kind = 'sale' then sales.amount else 0 end) as gross_sales,
        sum(case when sales.kind = 'discount' then -sales.amount else 0 end) as discounts,
        sum(case when sales.kind = 'return' then -sales.amount else 0 end) as returns,
        sum(case when sales.currency <> shops.currency then null else sales.cost_of_goods end)
            as cost_of_goods
    from {{ ref('fct_sales') }} as sales
    inner join touched
        on sales.shop_id = touched.shop_id and sales.shop_day = touched.shop_day
    left join {{ ref('stg_shop__shops') }} as shops
        on sales.shop_id = shops.shop_id
    where sales.kind in ('sale', 'discount', 'return') and sales.sku is not null
    group by sales.shop_id, sales.shop_day, sales.sku, sales.currency
),

final as (
    select
        touched.shop_id,
        touched.shop_day,
        sales.sku,
        sales.currency,
        sales.orders,
        cast(sales.units as bigint) as units,
        cast(sales.returned_units as bigint) as returned_units,
        cast(sales.gross_sales as bigint) as gross_sales,
        cast(sales.discounts as bigint) as discounts,
        cast(sales.returns as bigint) as returns,
        cast(sales.gross_sales - sales.discounts - sales.returns as bigint) as net_sales,
        cast(sales.cost_of_goods as bigint) as cost_of_goods,
        {{ build_id() }} as _build_id
    from touched
    left join sales
        on touched.shop_id = sales.shop_id and touched.shop_day = sales.shop_day
    {%- if not is_incremental() %}
    where sales.sku is not null
    {%- endif %}
)

select * from final
