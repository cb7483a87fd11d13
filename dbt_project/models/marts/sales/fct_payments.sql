{#- Money in is positive, money back a negative row of its own on its own date. -#}
{{ config(unique_key=['shop_id', 'order_id'], meta={'row_key': 'payment_id'}) }}

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

movements as (
    select
        shop_id,
        payment_id,
        payment_id as original_payment_id,
        order_id,
        'payment' as kind,
        provider,
        method,
        installments,
        amount,
        currency,
        status,
        coalesce(captured_at, created_at) as occurred_at
    from payments

    union all

    select
        refunds.shop_id,
        refunds.refund_id as payment_id,
        refunds.payment_id as original_payment_id,
        payments.order_id,
        'refund' as kind,
        payments.provider,
        payments.method,
        1 as installments,
        -refunds.amount as amount,
        refunds.currency,
        refunds.status,
        coalesce(refunds.refunded_at, refunds.created_at) as occurred_at
    from {{ ref('stg_shop__refunds') }} as refunds
    inner join payments
        on refunds.shop_id = payments.shop_id and refunds.payment_id = payments.payment_id
    where not refunds.is_deleted
),

final as (
    select
        touched.shop_id,
        movements.payment_id,
        movements.original_payment_id,
        touched.order_id,
        movements.kind,
        movements.provider,
        movements.method,
        movements.installments,
        movements.amount,
        movements.currency,
        movements.status,
        movements.occurred_at,
        {{ shop_day('movements.occurred_at', 'shops.time_zone') }} as shop_day,
        {{ build_id() }} as _build_id
    from touched
    left join movements
        on touched.shop_id = movements.shop_id and touched.order_id = movements.order_id
    left join {{ ref('stg_shop__shops') }} as shops
        on touched.shop_id = shops.shop_id
    {%- if not is_incremental() %}
    where movements.payment_id is not null
    {%- endif %}
)

select * from final
