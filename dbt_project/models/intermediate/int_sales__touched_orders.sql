{#-
  Every order, and every credit note without one, with the build that last touched any part of it: header,
  lines, changes, credit notes, promotions, payments, their refunds and events, or the shop. The sales models compute touched orders again as a whole.
-#}
-- depends_on: {{ ref('stg_shop__shops') }}
{{ config(unique_key=['shop_id', 'order_key']) }}

with credit_notes as (
    select
        shop_id,
        credit_note_id,
        order_id,
        coalesce(order_id, credit_note_id) as order_key,
        _build_id
    from {{ ref('stg_shop__credit_notes') }}
),

payments as (
    select
        shop_id,
        payment_id,
        order_id,
        _build_id
    from {{ ref('stg_shop__payments') }}
),

touched as (
    select
        shop_id,
        order_id as order_key
    from {{ ref('stg_shop__orders') }}
    where {{ is_new('_build_id') }}

    union distinct

    select
        shop_id,
        order_id as order_key
    from {{ ref('stg_shop__order_lines') }}
    where {{ is_new('_build_id') }}

    union distinct

    select
        shop_id,
        order_id as order_key
    from {{ ref('stg_shop__order_changes') }}
    where {{ is_new('_build_id') }}

    union distinct

    select
        shop_id,
        order_key
    from credit_notes
    where {{ is_new('_build_id') }}

    union distinct

    select
        credit_notes.shop_id,
        credit_notes.order_key
    from {{ ref('stg_shop__credit_note_lines') }} as lines
    inner join credit_notes
        on lines.shop_id = credit_notes.shop_id and lines.credit_note_id = credit_notes.credit_note_id
    where {{ is_new('lines._build_id') }}

    union distinct

    select
        shop_id,
        order_id as order_key
    from payments
    where {{ is_new('_build_id') }}

    union distinct

    select
        payments.shop_id,
        payments.order_id as order_key
    from {{ ref('stg_shop__refunds') }} as refunds
    inner join payments
        on refunds.shop_id = payments.shop_id and refunds.payment_id = payments.payment_id
    where {{ is_new('refunds._build_id') }}

    union distinct

    select
        payments.shop_id,
        payments.order_id as order_key
    from {{ ref('stg_shop__tender_events') }} as events
    inner join payments
        on events.shop_id = payments.shop_id and events.payment_id = payments.payment_id
    where {{ is_new('events._build_id') }}

    union distinct

    select
        shop_id,
        order_id as order_key
    from {{ ref('stg_shop__order_promotions') }}
    where {{ is_new('_build_id') }}
    {%- if is_incremental() %}

    union distinct

    select
        known.shop_id,
        known.order_key
    from {{ this }} as known
    inner join {{ ref('stg_shop__shops') }} as shops
        on known.shop_id = shops.shop_id
    where {{ is_new('shops._build_id') }}
    {%- endif %}
),

final as (
    select
        touched.*,
        {{ build_id() }} as _build_id
    from touched
    where touched.order_key is not null
)

select * from final
