{{ config(meta={'dagster': {'ref': {'name': 'rpt_web_daily'}}}) }}
-- The daily report holds every session of a person, its page views and revenue, on the day it began.
with reported as (
    select
        shop_id,
        shop_day,
        sum(sessions) as sessions,
        sum(page_views) as page_views,
        sum(revenue) as revenue
    from {{ ref('rpt_web_daily') }}
    group by shop_id, shop_day
),

days as (
    select distinct
        audited.shop_id,
        audited.shop_day
    from {{ audited(ref('fct_sessions')) }} as audited
),

visited as (
    select
        sessions.shop_id,
        sessions.shop_day,
        count(*) as sessions,
        sum(sessions.page_views) as page_views,
        sum(sessions.revenue) as revenue
    from {{ ref('fct_sessions') }} as sessions
    inner join days
        on sessions.shop_id = days.shop_id and sessions.shop_day = days.shop_day
    where not sessions.is_bot
    group by sessions.shop_id, sessions.shop_day
),

final as (
    select visited.*
    from visited
    left join reported
        on visited.shop_id = reported.shop_id and visited.shop_day = reported.shop_day
    where
        reported.sessions is null
        or reported.sessions <> visited.sessions
        or reported.page_views <> visited.page_views
        or reported.revenue <> visited.revenue
)

select * from final
