{{ config(meta={'dagster': {'ref': {'name': 'fct_order_promotions'}}}) }}
-- What promotions took off the lines of a sold order is in its discounts, and no more than them, as a sale
-- price is a discount too. What they took off its delivery (no line) is in its shipping charge. Credit notes
-- are left out: they can take back part of a discount.
with concerned as (
    select
        audited.shop_id,
        audited.order_id
    from {{ audited(ref('fct_order_promotions')) }} as audited

    union distinct

    select
        audited.shop_id,
        audited.order_id
    from {{ audited(ref('fct_orders')) }} as audited
),

given as (
    select
        promotions.shop_id,
        promotions.order_id,
        sum(promotions.discount) as discount
    from {{ ref('fct_order_promotions') }} as promotions
    inner join concerned
        on promotions.shop_id = concerned.shop_id and promotions.order_id = concerned.order_id
    where promotions.order_line_id is not null and promotions.is_sale
    group by promotions.shop_id, promotions.order_id
),

discounts as (
    select
        sales.shop_id,
        sales.order_id,
        -sum(sales.amount) as discount
    from {{ ref('fct_sales') }} as sales
    inner join concerned
        on sales.shop_id = concerned.shop_id and sales.order_id = concerned.order_id
    where sales.kind = 'discount' and sales.document_kind in ('order', 'change')
    group by sales.shop_id, sales.order_id
),

final as (
    select
        given.*,
        discounts.discount as order_discount
    from given
    left join discounts
        on given.shop_id = discounts.shop_id and given.order_id = discounts.order_id
    where given.discount > coalesce(discounts.discount, 0)
)

select * from final
