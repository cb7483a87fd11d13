{#-
  Purchase events by the order number they name. The first one of an order carries its revenue; the
  confirmation page read again tomorrow carries none. Touched order numbers are computed again as a whole.
-#}
{{ config(unique_key=['shop_id', 'order_number'], meta={'row_key': 'event_id'}) }}

with events as (
    select *
    from {{ ref('stg_web__events') }}
    where event_name = 'purchase' and transaction_id is not null
),

touched as (
    select distinct
        shop_id,
        transaction_id as order_number
    from events
    where {{ is_new('_build_id') }}
    {%- if is_incremental() %}

    union distinct

    select
        known.shop_id,
        known.order_number
    from {{ this }} as known
    inner join {{ ref('int_web__sessions') }} as sessions
        on known.session_id = sessions.session_id
    where {{ is_new('sessions._build_id') }}
    {%- endif %}
),

purchases as (
    select
        events.shop_id,
        events.transaction_id as order_number,
        events.event_id,
        events.occurred_at,
        sessions.session_id,
        row_number() over (
            partition by events.shop_id, events.transaction_id
            order by events.occurred_at asc nulls last, events.event_id asc nulls last
        ) = 1 as is_first
    from events
    inner join touched
        on events.shop_id = touched.shop_id and events.transaction_id = touched.order_number
    inner join {{ ref('int_web__sessions') }} as sessions
        on
            events.shop_id = sessions.shop_id
            and events.visitor_id = sessions.visitor_id
            and events.occurred_at between sessions.started_at and sessions.ended_at
    where sessions.is_current and not events.is_superseded
),

final as (
    select
        touched.shop_id,
        touched.order_number,
        purchases.event_id,
        purchases.session_id,
        purchases.occurred_at,
        purchases.is_first,
        {{ build_id() }} as _build_id
    from touched
    left join purchases
        on touched.shop_id = purchases.shop_id and touched.order_number = purchases.order_number
    {%- if not is_incremental() %}
    where purchases.event_id is not null
    {%- endif %}
)

select * from final
