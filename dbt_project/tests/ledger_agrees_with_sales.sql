{{ config(meta={'dagster': {'ref': {'name': 'fct_ledger_postings'}}}) }}
-- What a document sold, took off, took back, charged for delivery and taxed is the same in the ledger and in
-- fct_sales, for shops that have a ledger and from its first entry on.
with ledgers as (
    select
        shop_id,
        min(occurred_at) as starts_at
    from {{ ref('fct_ledger_postings') }}
    group by shop_id
),

documents as (
    select
        audited.shop_id,
        audited.document_number
    from {{ audited(ref('fct_ledger_postings')) }} as audited

    union distinct

    select
        audited.shop_id,
        audited.document_number
    from {{ audited(ref('fct_sales')) }} as audited
),

posted_rows as (
    select
        shop_id,
        document_number,
        currency,
        case account
            when 'income:sales' then 'sale'
            when 'income:discounts' then 'discount'
            when 'income:returns' then 'return'
            when 'income:shipping' then 'shipping'
            when 'liability:tax' then 'tax'
        end as kind,
        -amount as amount
    from {{ ref('fct_ledger_postings') }}
),

sold_rows as (
    select
        sales.shop_id,
        sales.document_number,
        sales.currency,
        sales.kind,
        sales.amount
    from {{ ref('fct_sales') }} as sales
    inner join ledgers
        on sales.shop_id = ledgers.shop_id
    left join {{ ref('fct_orders') }} as orders
        on sales.shop_id = orders.shop_id and sales.order_id = orders.order_id
    where
        sales.kind <> 'gift_card' -- owed to the cards, in accounts of their own
        and case when sales.document_kind = 'order' then orders.paid_at else sales.occurred_at end
        >= ledgers.starts_at
),

both_sides as (
    select
        posted_rows.shop_id,
        posted_rows.document_number,
        posted_rows.currency,
        posted_rows.kind,
        posted_rows.amount as posted,
        0 as sold
    from posted_rows
    where posted_rows.kind is not null

    union all

    select
        sold_rows.shop_id,
        sold_rows.document_number,
        sold_rows.currency,
        sold_rows.kind,
        0 as posted,
        sold_rows.amount as sold
    from sold_rows
),

final as (
    select
        both_sides.shop_id,
        both_sides.document_number,
        both_sides.currency,
        both_sides.kind,
        sum(both_sides.posted) as posted,
        sum(both_sides.sold) as sold
    from both_sides
    inner join documents
        on both_sides.shop_id = documents.shop_id and both_sides.document_number = documents.document_number
    group by both_sides.shop_id, both_sides.document_number, both_sides.currency, both_sides.kind
    having sum(both_sides.posted) <> sum(both_sides.sold)
)

select * from final
