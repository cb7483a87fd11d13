{#-
  The span of every session. Sessions of a visitor never overlap, so an event belongs to the one it lies in.

  New events can only change the sessions within one gap of them: those sessions' events and the new ones are
  cut again. A session that is not among the results any more (it was merged with another, or lost its first
  event) stays as a row that is not current, which tells the models below to drop it.
-#}
{{ config(unique_key=['session_id']) }}
{%- set gap = var('session_gap_minutes') %}

with touched as (
    select
        shop_id,
        visitor_id,
        event_id,
        occurred_at,
        is_superseded
    from {{ ref('stg_web__events') }}
    where is_in_session and {{ is_new('_build_id') }}
),

{% if is_incremental() -%}
near as (
    select distinct
        sessions.session_id,
        sessions.shop_id,
        sessions.visitor_id,
        sessions.started_at,
        sessions.ended_at
    from {{ this }} as sessions
    inner join touched
        on
            sessions.shop_id = touched.shop_id
            and sessions.visitor_id = touched.visitor_id
            and {{ plus_minutes('sessions.started_at', '-' ~ gap) }} <= touched.occurred_at
            and {{ plus_minutes('sessions.ended_at', gap) }} >= touched.occurred_at
    where sessions.is_current
),

points as (
    select
        shop_id,
        visitor_id,
        event_id,
        occurred_at
    from touched
    where not is_superseded

    union distinct

    select
        events.shop_id,
        events.visitor_id,
        events.event_id,
        events.occurred_at
    from {{ ref('stg_web__events') }} as events
    inner join near
        on
            events.shop_id = near.shop_id
            and events.visitor_id = near.visitor_id
            and events.occurred_at between near.started_at and near.ended_at
    where events.is_in_session and not events.is_superseded
),
{%- else -%}
points as (
    select
        shop_id,
        visitor_id,
        event_id,
        occurred_at
    from touched
    where not is_superseded
),
{%- endif %}

with_previous as (
    select
        points.*,
        lag(points.occurred_at) over (
            partition by points.shop_id, points.visitor_id
            order by points.occurred_at asc nulls last, points.event_id asc nulls last
        ) as previous_at
    from points
),

numbered as (
    select
        with_previous.*,
        sum(
            case when occurred_at <= {{ plus_minutes('previous_at', gap) }} then 0 else 1 end
        ) over (
            partition by shop_id, visitor_id
            order by occurred_at asc nulls last, event_id asc nulls last
            rows between unbounded preceding and current row
        ) as session_number
    from with_previous
),

spans as (
    select
        shop_id,
        visitor_id,
        min(occurred_at) as started_at,
        max(occurred_at) as ended_at
    from numbered
    group by shop_id, visitor_id, session_number
),

identified as (
    select
        md5(concat(shop_id, '/', visitor_id, '/', {{ epoch_microseconds('started_at') }})) as session_id,
        spans.*
    from spans
),

final as (
    select
        identified.*,
        true as is_current,
        {{ build_id() }} as _build_id
    from identified
    {%- if is_incremental() %}

    union all

    select
        near.session_id,
        near.shop_id,
        near.visitor_id,
        near.started_at,
        near.ended_at,
        false as is_current,
        {{ build_id() }} as _build_id
    from near
    left join identified
        on near.session_id = identified.session_id
    where identified.session_id is null
    {%- endif %}
)

select * from final
