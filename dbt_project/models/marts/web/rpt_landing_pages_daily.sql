{#- Where people's sessions began, on the day they began. Touched days are computed again as a whole. -#}
{{ config(unique_key=['shop_id', 'shop_day'], meta={'row_key': 'landing_page'}) }}

with touched as (
    select
        shop_id,
        shop_day
    from {{ ref('int_web__touched_days') }}
    where {{ is_new('_build_id') }}
),

pages as (
    select
        sessions.shop_id,
        sessions.shop_day,
        coalesce(sessions.landing_page, '(none)') as landing_page,
        sessions.channel,
        count(*) as sessions,
        sum(case when sessions.is_engaged then 1 else 0 end) as engaged_sessions,
        sum(case when sessions.is_engaged then 0 else 1 end) as bounces,
        sum(case when sessions.converted then 1 else 0 end) as conversions,
        sum(sessions.revenue) as revenue
    from {{ ref('fct_sessions') }} as sessions
    inner join touched
        on sessions.shop_id = touched.shop_id and sessions.shop_day = touched.shop_day
    where not sessions.is_bot
    group by sessions.shop_id, sessions.shop_day, coalesce(sessions.landing_page, '(none)'), sessions.channel
),

final as (
    select
        touched.shop_id,
        touched.shop_day,
        pages.landing_page,
        pages.channel,
        cast(pages.sessions as bigint) as sessions,
        cast(pages.engaged_sessions as bigint) as engaged_sessions,
        cast(pages.bounces as bigint) as bounces,
        cast(pages.conversions as bigint) as conversions,
        cast(pages.revenue as bigint) as revenue,
        {{ build_id() }} as _build_id
    from touched
    left join pages
        on touched.shop_id = pages.shop_id and touched.shop_day = pages.shop_day
    {%- if not is_incremental() %}
    where pages.landing_page is not null
    {%- endif %}
)

select * from final
