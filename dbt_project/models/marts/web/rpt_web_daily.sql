{#- Sessions count on the day they began, requests on their own day. Touched days are computed as a whole. -#}
{{ config(unique_key=['shop_id', 'shop_day'], meta={'row_key': 'channel'}) }}

with touched as (
    select
        shop_id,
        shop_day
    from {{ ref('int_web__touched_days') }}
    where {{ is_new('_build_id') }}
),

sessions as (
    select
        sessions.*,
        row_number() over (
            partition by sessions.shop_id, sessions.shop_day, sessions.visitor_id
            order by sessions.started_at asc nulls last
        ) = 1 as is_first_of_day
    from {{ ref('fct_sessions') }} as sessions
    inner join touched
        on sessions.shop_id = touched.shop_id and sessions.shop_day = touched.shop_day
    where not sessions.is_bot
),

visits as (
    select
        shop_id,
        shop_day,
        channel,
        device_type,
        sum(case when is_first_of_day then 1 else 0 end) as visitors,
        count(*) as sessions,
        sum(case when is_engaged then 1 else 0 end) as engaged_sessions,
        sum(case when is_engaged then 0 else 1 end) as bounces,
        sum(page_views) as page_views,
        sum(product_views) as product_views,
        sum(case when product_views > 0 then 1 else 0 end) as sessions_with_product_view,
        sum(add_to_carts) as add_to_carts,
        sum(case when add_to_carts > 0 then 1 else 0 end) as sessions_with_add_to_cart,
        sum(begin_checkouts) as begin_checkouts,
        sum(case when begin_checkouts > 0 then 1 else 0 end) as sessions_with_begin_checkout,
        sum(searches) as searches,
        sum(case when converted then 1 else 0 end) as conversions,
        sum(orders) as orders,
        sum(revenue) as revenue,
        sum(duration_seconds) as duration_seconds,
        0 as bot_hits,
        0 as assets,
        0 as errors,
        0 as quarantined
    from sessions
    group by shop_id, shop_day, channel, device_type
),

refused as (
    select
        quarantine.shop_id,
        {{ shop_day('quarantine.received_at', 'shops.time_zone') }} as shop_day
    from {{ ref('stg_web__quarantine') }} as quarantine
    left join {{ ref('stg_shop__shops') }} as shops
        on quarantine.shop_id = shops.shop_id
    where quarantine.shop_id is not null
),

hits as (
    select
        requests.shop_id,
        requests.shop_day,
        sum(case when requests.kind = 'bot' then 1 else 0 end) as bot_hits,
        sum(case when requests.kind = 'asset' then 1 else 0 end) as assets,
        sum(case when requests.kind = 'error' then 1 else 0 end) as errors,
        0 as quarantined
    from {{ ref('fct_requests') }} as requests
    inner join touched
        on requests.shop_id = touched.shop_id and requests.shop_day = touched.shop_day
    where requests.kind <> 'view'
    group by requests.shop_id, requests.shop_day

    union all

    select
        refused.shop_id,
        refused.shop_day,
        0 as bot_hits,
        0 as assets,
        0 as errors,
        count(*) as quarantined
    from refused
    inner join touched
        on refused.shop_id = touched.shop_id and refused.shop_day = touched.shop_day
    group by refused.shop_id, refused.shop_day
),

-- What belongs to no session of a person stands in a row of its own, so that every column adds up.
sessionless as (
    select
        shop_id,
        shop_day,
        'none' as channel,
        'none' as device_type,
        0 as visitors,
        0 as sessions,
        0 as engaged_sessions,
        0 as bounces,
        0 as page_views,
        0 as product_views,
        0 as sessions_with_product_view,
        0 as add_to_carts,
        0 as sessions_with_add_to_cart,
        0 as begin_checkouts,
        0 as sessions_with_begin_checkout,
        0 as searches,
        0 as conversions,
        0 as orders,
        0 as revenue,
        0 as duration_seconds,
        sum(bot_hits) as bot_hits,
        sum(assets) as assets,
        sum(errors) as errors,
        sum(quarantined) as quarantined
    from hits
    group by shop_id, shop_day
),

figures as (
    select * from visits
    union all
    select * from sessionless
),

final as (
    select
        touched.shop_id,
        touched.shop_day,
        figures.channel,
        figures.device_type,
        cast(figures.visitors as bigint) as visitors,
        cast(figures.sessions as bigint) as sessions,
        cast(figures.engaged_sessions as bigint) as engaged_sessions,
        cast(figures.bounces as bigint) as bounces,
        cast(figures.page_views as bigint) as page_views,
        cast(figures.product_views as bigint) as product_views,
        cast(figures.sessions_with_product_view as bigint) as sessions_with_product_view,
        cast(figures.add_to_carts as bigint) as add_to_carts,
        cast(figures.sessions_with_add_to_cart as bigint) as sessions_with_add_to_cart,
        cast(figures.begin_checkouts as bigint) as begin_checkouts,
        cast(figures.sessions_with_begin_checkout as bigint) as sessions_with_begin_checkout,
        cast(figures.searches as bigint) as searches,
        cast(figures.conversions as bigint) as conversions,
        cast(figures.orders as bigint) as orders,
        cast(figures.revenue as bigint) as revenue,
        cast(figures.duration_seconds as bigint) as duration_seconds,
        cast(figures.bot_hits as bigint) as bot_hits,
        cast(figures.assets as bigint) as assets,
        cast(figures.errors as bigint) as errors,
        cast(figures.quarantined as bigint) as quarantined,
        {{ build_id() }} as _build_id
    from touched
    left join figures
        on touched.shop_id = figures.shop_id and touched.shop_day = figures.shop_day
    {%- if not is_incremental() %}
    where figures.channel is not null
    {%- endif %}
)

select * from final
