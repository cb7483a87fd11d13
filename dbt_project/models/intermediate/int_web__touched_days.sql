{#-
  Every day of every shop on which the web figures may have changed, with the build that last touched it. A day
  whose last session moved away stays here, so the reports below learn that they have to drop it.
-#}
-- depends_on: {{ ref('int_web__sessions') }}
{{ config(unique_key=['shop_id', 'shop_day']) }}

with shops as (
    select
        shop_id,
        time_zone,
        _build_id
    from {{ ref('stg_shop__shops') }}
),

refused as (
    select
        quarantine.shop_id,
        {{ shop_day('quarantine.received_at', 'shops.time_zone') }} as shop_day,
        quarantine._build_id
    from {{ ref('stg_web__quarantine') }} as quarantine
    left join shops
        on quarantine.shop_id = shops.shop_id
    where quarantine.shop_id is not null
),

touched as (
    select
        shop_id,
        shop_day
    from {{ ref('stg_web__events') }}
    where {{ is_new('_build_id') }}

    union distinct

    select
        shop_id,
        shop_day
    from {{ ref('fct_sessions') }}
    where {{ is_new('_build_id') }}

    union distinct

    select
        shop_id,
        shop_day
    from refused
    where {{ is_new('_build_id') }}
    {%- if is_incremental() %}

    union distinct

    -- the day on which a session began that is no more
    select
        sessions.shop_id,
        {{ shop_day('sessions.started_at', 'shops.time_zone') }} as shop_day
    from {{ ref('int_web__sessions') }} as sessions
    left join shops
        on sessions.shop_id = shops.shop_id
    where not sessions.is_current and {{ is_new('sessions._build_id') }}

    union distinct

    -- every day of a shop whose time zone changed, as it was and as it is
    select
        known.shop_id,
        known.shop_day
    from {{ this }} as known
    inner join shops
        on known.shop_id = shops.shop_id
    where {{ is_new('shops._build_id') }}

    union distinct

    select
        refused.shop_id,
        refused.shop_day
    from refused
    inner join shops
        on refused.shop_id = shops.shop_id
    where {{ is_new('shops._build_id') }}
    {%- endif %}
),

final as (
    select
        touched.*,
        {{ build_id() }} as _build_id
    from touched
)

select * from final
