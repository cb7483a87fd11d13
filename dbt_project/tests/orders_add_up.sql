{{ config(meta={'dagster': {'ref': {'name': 'fct_orders'}}}) }}
-- What an order was placed for and changed to is the sum of its own rows in fct_sales, and its total that of
-- all its rows without those of gift cards, which are no sale.
with sums as (
    select
        sales.shop_id,
        sales.order_id,
        sum(case when sales.document_kind in ('order', 'change') then sales.amount else 0 end) as ordered,
        sum(case when sales.kind not in ('adjustment', 'gift_card') then sales.amount else 0 end) as total
    from {{ ref('fct_sales') }} as sales
    inner join {{ audited(ref('fct_orders')) }} as orders
        on sales.shop_id = orders.shop_id and sales.order_key = orders.order_id
    group by sales.shop_id, sales.order_id
),

final as (
    select
        orders.shop_id,
        orders.order_number,
        orders.ordered_total,
        orders.total_sales,
        sums.ordered,
        sums.total
    from {{ audited(ref('fct_orders')) }} as orders
    left join sums
        on orders.shop_id = sums.shop_id and orders.order_id = sums.order_id
    where
        orders.is_sale
        and (
            orders.ordered_total <> coalesce(sums.ordered, 0)
            or orders.total_sales <> coalesce(sums.total, 0)
        )
)

select * from final
