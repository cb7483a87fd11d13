{#-
  The same rule as the shop's (payments/rules.py): the events of an action belong together by their reference. A
  payment that succeeded did so whatever was told besides; what went back and then failed came back. What neither
  succeeded nor failed is still waited for.
-#}
{{ config(unique_key=['shop_id', 'order_id'], meta={'row_key': 'tender_id'}) }}

with touched as (
    select
        shop_id,
        order_key as order_id
    from {{ ref('int_sales__touched_orders') }}
    where {{ is_new('_build_id') }}
),

payments as (
    select payments.*
    from {{ ref('stg_shop__payments') }} as payments
    inner join touched
        on payments.shop_id = touched.shop_id and payments.order_id = touched.order_id
    where not payments.is_deleted
),

events as (
    select events.*
    from {{ ref('fct_tender_events') }} as events
    inner join touched
        on events.shop_id = touched.shop_id and events.order_id = touched.order_id
),

actions as (
    select
        shop_id,
        tender_id,
        event_type,
        reference,
        max(case when outcome = 'succeeded' then amount end) as succeeded,
        max(case when outcome = 'failed' then amount end) as failed,
        max(amount) as told,
        min(occurred_at) as first_event_at,
        max(occurred_at) as last_event_at
    from events
    group by shop_id, tender_id, event_type, reference
),

-- what went back before anything was paid with it: a late or wrong capture, an expired order's own tenders,
-- those of a change that was given up
sent_back as (
    select
        refunds.shop_id,
        refunds.payment_id as tender_id,
        sum(refunds.amount) as amount
    from {{ ref('stg_shop__refunds') }} as refunds
    inner join payments
        on refunds.shop_id = payments.shop_id and refunds.payment_id = payments.payment_id
    where
        not refunds.is_deleted
        and (
            refunds.reversal like 'not_accepted:%'
            or refunds.reversal like 'expiry:%'
            or refunds.reversal like 'change:%'
        )
    group by refunds.shop_id, refunds.payment_id
),

amounts as (
    select
        shop_id,
        tender_id,
        sum(case when event_type = 'capture' then coalesce(succeeded, 0) else 0 end) as captured,
        sum(case when event_type = 'refund' and failed is null then coalesce(succeeded, 0) else 0 end)
            as refunded,
        sum(case when event_type = 'refund' and succeeded is null and failed is null then told else 0 end)
            as refunding,
        sum(case when event_type = 'chargeback' and failed is null then coalesce(succeeded, 0) else 0 end)
            as charged_back,
        sum(case when event_type = 'capture' and succeeded is not null then 1 else 0 end) as captures,
        sum(case when event_type = 'capture' and succeeded is null and failed is not null then 1 else 0 end)
            as failures,
        sum(case when event_type = 'void' and succeeded is not null then 1 else 0 end) as voids,
        min(first_event_at) as first_event_at,
        max(last_event_at) as last_event_at
    from actions
    group by shop_id, tender_id
),

tenders as (
    select
        payments.shop_id,
        payments.payment_id as tender_id,
        payments.order_id,
        payments.kind,
        payments.method,
        payments.provider,
        payments.position,
        payments.currency,
        payments.amount,
        amounts.captured,
        amounts.refunding,
        amounts.refunded,
        amounts.charged_back,
        coalesce(sent_back.amount, 0) as sent_back,
        case
            when amounts.captures = 0 and amounts.voids > 0 then 'voided'
            when amounts.captures = 0 and amounts.failures > 0 then 'failed'
            when amounts.captures = 0 then 'pending'
            when amounts.charged_back > 0 then 'charged_back'
            when amounts.refunded = 0 then 'captured'
            when amounts.refunded >= amounts.captured then 'refunded'
            else 'partly_refunded'
        end as status,
        amounts.first_event_at,
        amounts.last_event_at
    from payments
    inner join amounts
        on payments.shop_id = amounts.shop_id and payments.payment_id = amounts.tender_id
    left join sent_back
        on payments.shop_id = sent_back.shop_id and payments.payment_id = sent_back.tender_id
),

final as (
    select
        touched.shop_id,
        tenders.tender_id,
        touched.order_id,
        tenders.kind,
        tenders.method,
        tenders.provider,
        tenders.position,
        tenders.currency,
        tenders.amount,
        cast(tenders.captured as bigint) as captured,
        cast(tenders.refunding as bigint) as refunding,
        cast(tenders.refunded as bigint) as refunded,
        cast(tenders.charged_back as bigint) as charged_back,
        cast(tenders.sent_back as bigint) as sent_back,
        tenders.status,
        tenders.first_event_at,
        tenders.last_event_at,
        {{ build_id() }} as _build_id
    from touched
    left join tenders
        on touched.shop_id = tenders.shop_id and touched.order_id = tenders.order_id
    {%- if not is_incremental() %}
    where tenders.tender_id is not null
    {%- endif %}
)

select * from final
