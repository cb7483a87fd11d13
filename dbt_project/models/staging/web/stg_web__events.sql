{#-
  Each event once: of several deliveries the one received first counts, in whatever order they are loaded.
  The classifier's verdict and the shop's day are joined here, because whatever changes them must touch the
  events, and through their _build_id everything below.
-#}
{{ config(unique_key=['shop_id', 'event_id']) }}
{%- set delivered = [
    'shop_id', 'event_id', 'event_name', 'visitor_id', 'customer_id', 'page_url', 'page_title', 'referrer',
    'user_agent', 'language', 'currency', 'transaction_id', 'search_term', 'source', 'viewport_width',
    'http_status', 'value', 'occurred_at', 'received_at', '_load_id',
] %}
{%- set judged = ['browser', 'os', 'device_type', 'is_bot', 'shop_day', 'is_in_session'] %}

with ranked as (
    select
        deliveries.*,
        row_number() over (
            partition by deliveries.shop_id, deliveries.event_id
            order by deliveries.received_at asc nulls last, deliveries._load_id asc nulls last
        ) as delivery
    from {{ source('raw', 'events') }} as deliveries
    where {{ is_new('deliveries._load_id') }}
),

arrived as (
    select
        {{ delivered | join(',\n        ') }}
    from ranked
    where delivery = 1
),

{% if is_incremental() -%}
counted as (
    select arrived.*
    from arrived
    left join {{ this }} as known
        on
            arrived.shop_id = known.shop_id
            and arrived.event_id = known.event_id
            and not known.is_superseded
    where known.event_id is null or arrived.received_at < known.received_at
),

-- Events whose user agent is judged differently now, or whose shop has another time zone.
rejudged as (
    select known.*
    from {{ this }} as known
    inner join {{ ref('stg_web__user_agents') }} as user_agents
        on known.user_agent = user_agents.user_agent
    where
        not known.is_superseded
        and {{ is_new('user_agents._build_id') }}
        and (
            known.is_bot is distinct from coalesce(user_agents.is_bot, false)
            or known.device_type is distinct from coalesce(user_agents.device_type, 'other')
            or known.browser is distinct from user_agents.browser
            or known.os is distinct from user_agents.os
        )

    union distinct

    select known.*
    from {{ this }} as known
    inner join {{ ref('stg_shop__shops') }} as shops
        on known.shop_id = shops.shop_id
    where not known.is_superseded and {{ is_new('shops._build_id') }}
),

touched as (
    select counted.*
    from counted

    union all

    select
        rejudged.{{ delivered | join(',\n        rejudged.') }}
    from rejudged
    left join counted
        on rejudged.shop_id = counted.shop_id and rejudged.event_id = counted.event_id
    where counted.event_id is null
),

-- A delivery that counted until now leaves its trace, so that the session it was in is computed again.
traces as (
    select
        known.*,
        case when known.is_superseded then known._build_id else {{ build_id() }} end as trace_build_id
    from {{ this }} as known
    inner join touched
        on known.shop_id = touched.shop_id and known.event_id = touched.event_id
    left join counted
        on known.shop_id = counted.shop_id and known.event_id = counted.event_id
    where known.is_superseded or counted.event_id is not null
),
{%- else -%}
touched as (
    select arrived.*
    from arrived
),
{%- endif %}

judged as (
    select
        touched.*,
        user_agents.browser,
        user_agents.os,
        coalesce(user_agents.device_type, 'other') as device_type,
        coalesce(user_agents.is_bot, false) as is_bot,
        touched.event_name not in ('asset_request', 'error_response') as is_in_session,
        {{ shop_day('touched.occurred_at', 'shops.time_zone') }} as shop_day
    from touched
    left join {{ ref('stg_web__user_agents') }} as user_agents
        on touched.user_agent = user_agents.user_agent
    left join {{ ref('stg_shop__shops') }} as shops
        on touched.shop_id = shops.shop_id
),

final as (
    select
        {{ (delivered + judged) | join(',\n        ') }},
        false as is_superseded,
        {{ build_id() }} as _build_id
    from judged
    {%- if is_incremental() %}

    union all

    select
        {{ (delivered + judged) | join(',\n        ') }},
        true as is_superseded,
        trace_build_id as _build_id
    from traces
    {%- endif %}
)

select * from final
