{{ config(unique_key=['user_agent']) }}

with arrived as (
    select
        verdicts.*,
        row_number() over (
            partition by verdicts.user_agent
            order by verdicts._load_id desc nulls last
        ) as recency
    from {{ source('raw', 'user_agents') }} as verdicts
    where {{ is_new('verdicts._load_id') }}
),

-- The same verdict again touches nothing; another one touches every event of that user agent.
changed as (
    {%- if is_incremental() %}
    select arrived.*
    from arrived
    left join {{ this }} as known
        on
            arrived.user_agent = known.user_agent
            and arrived.is_bot is not distinct from known.is_bot
            and arrived.device_type is not distinct from known.device_type
            and arrived.browser is not distinct from known.browser
            and arrived.os is not distinct from known.os
    where arrived.recency = 1 and known.user_agent is null
    {%- else %}
    select arrived.*
    from arrived
    where arrived.recency = 1
    {%- endif %}
),

final as (
    select
        user_agent,
        browser,
        browser_version,
        os,
        device_type,
        classifier,
        is_bot,
        _load_id,
        {{ build_id() }} as _build_id
    from changed
)

select * from final
