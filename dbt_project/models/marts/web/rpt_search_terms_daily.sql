{#- What people searched for, on the day they did. A term counts once per session. -#}
{{ config(unique_key=['shop_id', 'shop_day'], meta={'row_key': 'search_term'}) }}

with touched as (
    select
        shop_id,
        shop_day
    from {{ ref('int_web__touched_days') }}
    where {{ is_new('_build_id') }}
),

searches as (
    select distinct
        events.shop_id,
        events.shop_day,
        lower(trim(events.search_term)) as search_term,
        sessions.session_id,
        sessions.converted
    from {{ ref('stg_web__events') }} as events
    inner join touched
        on events.shop_id = touched.shop_id and events.shop_day = touched.shop_day
    inner join {{ ref('fct_sessions') }} as sessions
        on
            events.shop_id = sessions.shop_id
            and events.visitor_id = sessions.visitor_id
            and events.occurred_at between sessions.started_at and sessions.ended_at
    where
        events.event_name in ('search', 'view_search_results')
        and events.search_term is not null
        and not events.is_superseded
        and not sessions.is_bot
),

terms as (
    select
        shop_id,
        shop_day,
        search_term,
        count(*) as sessions,
        sum(case when converted then 1 else 0 end) as conversions
    from searches
    group by shop_id, shop_day, search_term
),

final as (
    select
        touched.shop_id,
        touched.shop_day,
        terms.search_term,
        cast(terms.sessions as bigint) as sessions,
        cast(terms.conversions as bigint) as conversions,
        {{ build_id() }} as _build_id
    from touched
    left join terms
        on touched.shop_id = terms.shop_id and touched.shop_day = terms.shop_day
    {%- if not is_incremental() %}
    where terms.search_term is not null
    {%- endif %}
)

select * from final
