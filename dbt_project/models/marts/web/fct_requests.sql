{#- A bot's request is a bot hit whatever it asked for; then come errors, assets and views. -#}
{{ config(unique_key=['shop_id', 'request_id'], meta={'row_key': 'kind'}) }}

with touched as (
    select distinct
        shop_id,
        event_id
    from {{ ref('stg_web__events') }}
    where {{ is_new('_build_id') }} and event_name in ('page_view', 'asset_request', 'error_response')
),

requests as (
    select events.*
    from {{ ref('stg_web__events') }} as events
    where
        {{ is_new('events._build_id') }}
        and events.event_name in ('page_view', 'asset_request', 'error_response')
        and not events.is_superseded
),

final as (
    select
        touched.shop_id,
        touched.event_id as request_id,
        case
            when requests.event_id is null then null
            when requests.is_bot then 'bot'
            when requests.event_name = 'error_response' then 'error'
            when requests.event_name = 'asset_request' then 'asset'
            else 'view'
        end as kind,
        requests.visitor_id,
        requests.occurred_at,
        requests.shop_day,
        {{ url_path('requests.page_url') }} as page_path,
        requests.http_status,
        requests.device_type,
        requests.browser,
        requests.source,
        {{ build_id() }} as _build_id
    from touched
    left join requests
        on touched.shop_id = requests.shop_id and touched.event_id = requests.event_id
    {%- if not is_incremental() %}
    where requests.event_id is not null
    {%- endif %}
)

select * from final
