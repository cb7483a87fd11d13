{{ config(meta={'dagster': {'ref': {'name': 'fct_ledger_postings'}}}) }}
-- What the goods of an order cost by the ledger, which counts units when they leave and come back, is what
-- fct_sales says, which counts them when they are sold and credited: of orders with nothing left to send.
-- Both are in the shop's own currency, whatever the order is in. Orders with gift cards are left out: cards
-- are no sale, and what a printed one costs is none of its cost.
with ledgers as (
    select
        shop_id,
        min(occurred_at) as starts_at
    from {{ ref('fct_ledger_postings') }}
    group by shop_id
),

documents as (
    select distinct
        shop_id,
        order_id,
        document_number
    from {{ ref('fct_sales') }}
    where order_id is not null
),

touched as (
    select
        audited.shop_id,
        audited.order_id
    from {{ audited(ref('fct_orders')) }} as audited

    union distinct

    select
        documents.shop_id,
        documents.order_id
    from {{ audited(ref('fct_ledger_postings')) }} as audited
    inner join documents
        on audited.shop_id = documents.shop_id and audited.document_number = documents.document_number
    where audited.account = 'expense:cost_of_goods'
),

concerned as (
    select
        orders.shop_id,
        orders.order_id,
        orders.order_number,
        orders.cost_of_goods
    from {{ ref('fct_orders') }} as orders
    inner join touched
        on orders.shop_id = touched.shop_id and orders.order_id = touched.order_id
    inner join {{ ref('stg_shop__orders') }} as headers
        on orders.shop_id = headers.shop_id and orders.order_id = headers.order_id
    inner join ledgers
        on orders.shop_id = ledgers.shop_id
    where
        orders.is_sale
        and orders.status in ('shipped', 'delivered', 'completed', 'returned')
        and orders.paid_at >= ledgers.starts_at
        and headers.gift_cards = 0
),

posted as (
    select
        documents.shop_id,
        documents.order_id,
        sum(ledger.amount) as cost_of_goods
    from {{ ref('fct_ledger_postings') }} as ledger
    inner join documents
        on ledger.shop_id = documents.shop_id and ledger.document_number = documents.document_number
    inner join concerned
        on documents.shop_id = concerned.shop_id and documents.order_id = concerned.order_id
    inner join {{ ref('dim_shops') }} as shops
        on ledger.shop_id = shops.shop_id
    where ledger.account = 'expense:cost_of_goods' and ledger.currency = shops.currency
    group by documents.shop_id, documents.order_id
),

final as (
    select
        concerned.*,
        posted.cost_of_goods as posted_cost_of_goods
    from concerned
    left join posted
        on concerned.shop_id = posted.shop_id and concerned.order_id = posted.order_id
    where coalesce(concerned.cost_of_goods, 0) <> coalesce(posted.cost_of_goods, 0)
)

select * from final
