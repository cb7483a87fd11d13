{{ config(meta={'dagster': {'ref': {'name': 'fct_tenders'}}}) }}
-- What the tenders of a paid order captured is its total, less what changes took off and kept to pay for what
-- they added. Captures that were not accepted (late, or of
-- another amount) and what an expired order gave back did not pay for it: they are `sent_back` and do not
-- count, also while the provider has not done it. What went back afterwards did pay, so refunds and
-- chargebacks change nothing.
-- Imports are left out: their sources tell payments apart from orders, and they have no events. So is what
-- was paid before the shop wrote events.
with recorded as (
    select
        shop_id,
        min(occurred_at) as starts_at
    from {{ ref('fct_tender_events') }}
    where not is_derived
    group by shop_id
),

tendered as (
    select
        shop_id,
        order_id,
        sum(captured - sent_back) as captured
    from {{ ref('fct_tenders') }}
    group by shop_id, order_id
),

kept as (
    select
        shop_id,
        order_id,
        sum(kept) as kept
    from {{ ref('stg_shop__order_changes') }}
    where status = 'applied' and not is_deleted
    group by shop_id, order_id
),

concerned as (
    select
        audited.shop_id,
        audited.order_id
    from {{ audited(ref('fct_tenders')) }} as audited

    union distinct

    select
        audited.shop_id,
        audited.order_id
    from {{ audited(ref('fct_orders')) }} as audited
),

final as (
    select
        orders.shop_id,
        orders.order_number,
        orders.ordered_total,
        kept.kept,
        tendered.captured
    from {{ ref('fct_orders') }} as orders
    inner join concerned
        on orders.shop_id = concerned.shop_id and orders.order_id = concerned.order_id
    inner join recorded
        on orders.shop_id = recorded.shop_id
    left join tendered
        on orders.shop_id = tendered.shop_id and orders.order_id = tendered.order_id
    left join kept
        on orders.shop_id = kept.shop_id and orders.order_id = kept.order_id
    where
        orders.paid_at >= recorded.starts_at
        and coalesce(tendered.captured, 0) <> orders.ordered_total - coalesce(kept.kept, 0)
)

select * from final
