{#-
  A payment or refund without events of its own (an import, or from before there were events) has one here, made
  from its status, so that sums over events need no exception.
-#}
{{ config(unique_key=['shop_id', 'order_id'], meta={'row_key': 'tender_event_id'}) }}

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

refunds as (
    select
        refunds.*,
        payments.order_id
    from {{ ref('stg_shop__refunds') }} as refunds
    inner join payments
        on refunds.shop_id = payments.shop_id and refunds.payment_id = payments.payment_id
    where not refunds.is_deleted
),

told as (
    select
        events.shop_id,
        events.tender_event_id,
        events.payment_id as tender_id,
        payments.order_id,
        events.event_type,
        events.outcome,
        events.reference,
        events.amount,
        events.currency,
        events.occurred_at,
        false as is_derived
    from {{ ref('stg_shop__tender_events') }} as events
    inner join payments
        on events.shop_id = payments.shop_id and events.payment_id = payments.payment_id
    where not events.is_deleted
),

derived_payments as (
    select
        payments.shop_id,
        concat(payments.payment_id, ':derived') as tender_event_id,
        payments.payment_id as tender_id,
        payments.order_id,
        case when payments.status = 'voided' then 'void' else 'capture' end as event_type,
        case
            when payments.status in ('captured', 'voided') then 'succeeded'
            when payments.status = 'failed' then 'failed'
            else 'requested'
        end as outcome,
        payments.payment_id as reference,
        payments.amount,
        payments.currency,
        coalesce(payments.captured_at, payments.created_at) as occurred_at,
        true as is_derived
    from payments
    left join told
        on
            payments.shop_id = told.shop_id
            and payments.payment_id = told.tender_id
            and told.event_type in ('authorise', 'capture', 'void')
    where told.tender_event_id is null
),

derived_refunds as (
    select
        refunds.shop_id,
        concat(refunds.refund_id, ':derived') as tender_event_id,
        refunds.payment_id as tender_id,
        refunds.order_id,
        'refund' as event_type,
        case
            when refunds.status in ('succeeded', 'failed') then refunds.status else 'requested'
        end as outcome,
        refunds.refund_id as reference,
        refunds.amount,
        refunds.currency,
        coalesce(refunds.refunded_at, refunds.created_at) as occurred_at,
        true as is_derived
    from refunds
    left join told
        on
            refunds.shop_id = told.shop_id
            and refunds.payment_id = told.tender_id
            and refunds.refund_id = told.reference
            and told.event_type = 'refund'
    where told.tender_event_id is null
),

events as (
    select * from told

    union all

    select * from derived_payments

    union all

    select * from derived_refunds
),

final as (
    select
        touched.shop_id,
        events.tender_event_id,
        events.tender_id,
        touched.order_id,
        events.event_type,
        events.outcome,
        events.reference,
        events.amount,
        events.currency,
        events.occurred_at,
        {{ shop_day('events.occurred_at', 'shops.time_zone') }} as shop_day,
        events.is_derived,
        {{ build_id() }} as _build_id
    from touched
    left join events
        on touched.shop_id = events.shop_id and touched.order_id = events.order_id
    left join {{ ref('stg_shop__shops') }} as shops
        on touched.shop_id = shops.shop_id
    {%- if not is_incremental() %}
    where events.tender_event_id is not null
    {%- endif %}
)

select * from final
