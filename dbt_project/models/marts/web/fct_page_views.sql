{#- Views by people, with the session they belong to; a session that is cut anew touches its views. -#}
{{ config(unique_key=['shop_id', 'page_view_id'], meta={'row_key': 'session_id'}) }}

with views as (
    select *
    from {{ ref('stg_web__events') }}
    where event_name = 'page_view'
),

touched as (
    select distinct
        shop_id,
        event_id
    from views
    where {{ is_new('_build_id') }}
    {%- if is_incremental() %}

    union distinct

    select
        views.shop_id,
        views.event_id
    from views
    inner join {{ ref('int_web__sessions') }} as sessions
        on
            views.shop_id = sessions.shop_id
            and views.visitor_id = sessions.visitor_id
            and views.occurred_at between sessions.started_at and sessions.ended_at
    where sessions.is_current and {{ is_new('sessions._build_id') }}
    {%- endif %}
),

placed as (
    select
        views.*,
        sessions.session_id
    from views
    inner join touched
        on views.shop_id = touched.shop_id and views.event_id = touched.event_id
    inner join {{ ref('int_web__sessions') }} as sessions
        on
            views.shop_id = sessions.shop_id
            and views.visitor_id = sessions.visitor_id
            and views.occurred_at between sessions.started_at and sessions.ended_at
    where sessions.is_current and not views.is_superseded and not views.is_bot
),

final as (
    select
        touched.shop_id,
        touched.event_id as page_view_id,
        placed.session_id,
        placed.visitor_id,
        placed.occurred_at as viewed_at,
        placed.shop_day,
        placed.page_url,
        {{ url_path('placed.page_url') }} as page_path,
        placed.page_title,
        placed.referrer,
        placed.device_type,
        placed.source,
        {{ build_id() }} as _build_id
    from touched
    left join placed
        on touched.shop_id = placed.shop_id and touched.event_id = placed.event_id
    {%- if not is_incremental() %}
    where placed.session_id is not null
    {%- endif %}
)

select * from final
