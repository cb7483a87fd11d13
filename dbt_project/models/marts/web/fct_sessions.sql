{#-
  Touched sessions are those with another span, with another purchase, or whose order came or changed.
-#}
{{ config(unique_key=['session_id'], meta={'row_key': 'visitor_id'}) }}

with orders as (
    select
        orders.shop_id,
        orders.order_number,
        case when orders.currency <> shops.currency then 0 else orders.net_sales end as net_sales
    from {{ ref('fct_orders') }} as orders
    left join {{ ref('stg_shop__shops') }} as shops
        on orders.shop_id = shops.shop_id
    where orders.is_sale
),

touched as (
    select session_id
    from {{ ref('int_web__sessions') }}
    where {{ is_new('_build_id') }}

    union distinct

    select session_id
    from {{ ref('int_web__purchases') }}
    where {{ is_new('_build_id') }}
    {%- if is_incremental() %}

    union distinct

    select purchases.session_id
    from {{ ref('int_web__purchases') }} as purchases
    inner join {{ ref('fct_orders') }} as orders
        on purchases.shop_id = orders.shop_id and purchases.order_number = orders.order_number
    where {{ is_new('orders._build_id') }}
    {%- endif %}
),

spans as (
    select sessions.*
    from {{ ref('int_web__sessions') }} as sessions
    inner join touched
        on sessions.session_id = touched.session_id
    where sessions.is_current
),

events as (
    select
        spans.session_id,
        events.*,
        row_number() over (
            partition by spans.session_id
            order by
                case when events.event_name = 'page_view' then 0 else 1 end asc nulls last,
                events.occurred_at asc nulls last,
                events.event_id asc nulls last
        ) as landing_rank
    from {{ ref('stg_web__events') }} as events
    inner join spans
        on
            events.shop_id = spans.shop_id
            and events.visitor_id = spans.visitor_id
            and events.occurred_at between spans.started_at and spans.ended_at
    where events.is_in_session and not events.is_superseded
),

landings as (
    select
        session_id,
        page_url as landing_url,
        {{ url_path('page_url') }} as landing_page,
        {{ url_host('page_url') }} as landing_host,
        referrer,
        {{ url_host('referrer') }} as referrer_host,
        {{ url_parameter('page_url', 'utm_source') }} as utm_source,
        {{ url_parameter('page_url', 'utm_medium') }} as utm_medium,
        {{ url_parameter('page_url', 'utm_campaign') }} as utm_campaign,
        {{ url_parameter('page_url', 'utm_term') }} as utm_term,
        {{ url_parameter('page_url', 'utm_content') }} as utm_content,
        {{ url_parameter('page_url', '(?:gclid|gbraid|wbraid|msclkid)') }} as search_click_id,
        {{ url_parameter('page_url', '(?:fbclid|ttclid|igshid)') }} as social_click_id,
        browser,
        os,
        device_type,
        language,
        source
    from events
    where landing_rank = 1
),

channelled as (
    select
        landings.*,
        {{ channel(
            'utm_source', 'utm_medium', 'referrer_host', 'landing_host', 'search_click_id', 'social_click_id'
        ) }} as channel
    from landings
),

counted as (
    select
        session_id,
        shop_id,
        visitor_id,
        min(shop_day) as shop_day,
        min(occurred_at) as started_at,
        max(occurred_at) as ended_at,
        {{ epoch_microseconds('max(occurred_at)') }}
        - {{ epoch_microseconds('min(occurred_at)') }} as duration_microseconds,
        max(customer_id) as customer_id,
        count(*) as events,
        sum(case when event_name = 'page_view' then 1 else 0 end) as page_views,
        sum(case when event_name = 'view_item' then 1 else 0 end) as product_views,
        sum(case when event_name = 'add_to_cart' then 1 else 0 end) as add_to_carts,
        sum(case when event_name = 'begin_checkout' then 1 else 0 end) as begin_checkouts,
        sum(case when event_name = 'search' then 1 else 0 end) as searches,
        max(case when is_bot then 1 else 0 end) = 1 as is_bot,
        max(case when {{ is_key_event('event_name') }} then 1 else 0 end) = 1 as has_key_event
    from events
    group by session_id, shop_id, visitor_id
),

sales as (
    select
        purchases.session_id,
        count(*) as orders,
        sum(orders.net_sales) as revenue
    from {{ ref('int_web__purchases') }} as purchases
    inner join spans
        on purchases.session_id = spans.session_id
    inner join orders
        on purchases.shop_id = orders.shop_id and purchases.order_number = orders.order_number
    where purchases.is_first
    group by purchases.session_id
),

final as (
    select
        counted.shop_id,
        touched.session_id,
        counted.visitor_id,
        counted.customer_id,
        counted.started_at,
        counted.ended_at,
        cast(floor(counted.duration_microseconds / 1000000.0) as integer) as duration_seconds,
        counted.shop_day,
        channelled.landing_url,
        channelled.landing_page,
        channelled.referrer,
        channelled.referrer_host,
        channelled.channel,
        channelled.utm_source,
        channelled.utm_medium,
        channelled.utm_campaign,
        channelled.utm_term,
        channelled.utm_content,
        channelled.device_type,
        channelled.browser,
        channelled.os,
        channelled.language,
        channelled.source,
        cast(counted.page_views as integer) as page_views,
        cast(counted.events as integer) as events,
        cast(counted.product_views as integer) as product_views,
        cast(counted.add_to_carts as integer) as add_to_carts,
        cast(counted.begin_checkouts as integer) as begin_checkouts,
        cast(counted.searches as integer) as searches,
        (
            counted.has_key_event
            or counted.page_views >= 2
            or counted.duration_microseconds > {{ var('engaged_seconds') }} * 1000000
        ) as is_engaged,
        counted.is_bot,
        sales.session_id is not null as converted,
        cast(coalesce(sales.orders, 0) as integer) as orders,
        cast(coalesce(sales.revenue, 0) as bigint) as revenue,
        {{ build_id() }} as _build_id
    from touched
    left join counted
        on touched.session_id = counted.session_id
    left join channelled
        on touched.session_id = channelled.session_id
    left join sales
        on touched.session_id = sales.session_id
    {%- if not is_incremental() %}
    where counted.visitor_id is not null
    {%- endif %}
)

select * from final
