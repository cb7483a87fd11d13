{#- Moments are UTC without a zone; these are the only places that do arithmetic on them. -#}

{% macro now_utc() -%}
    {{ return(adapter.dispatch('now_utc', 'storehouse')()) }}
{%- endmacro %}

{% macro duckdb__now_utc() -%}
    cast(timezone('UTC', now()) as timestamp)
{%- endmacro %}

{#- The date on the shop's wall calendar at a UTC moment; a shop not known yet counts in UTC. -#}
{% macro shop_day(moment, time_zone) -%}
    {{ return(adapter.dispatch('shop_day', 'storehouse')(moment, time_zone)) }}
{%- endmacro %}

{% macro duckdb__shop_day(moment, time_zone) -%}
    cast(timezone(coalesce({{ time_zone }}, 'UTC'), timezone('UTC', {{ moment }})) as date)
{%- endmacro %}

{% macro plus_minutes(moment, minutes) -%}
    {{ return(adapter.dispatch('plus_minutes', 'storehouse')(moment, minutes)) }}
{%- endmacro %}

{% macro duckdb__plus_minutes(moment, minutes) -%}
    ({{ moment }} + interval '{{ minutes }} minutes')
{%- endmacro %}

{% macro epoch_microseconds(moment) -%}
    {{ return(adapter.dispatch('epoch_microseconds', 'storehouse')(moment)) }}
{%- endmacro %}

{% macro duckdb__epoch_microseconds(moment) -%}
    epoch_us({{ moment }})
{%- endmacro %}

{#- One row per date from first to last, both included, in a column named `day`. -#}
{% macro days_between(first, last) -%}
    {{ return(adapter.dispatch('days_between', 'storehouse')(first, last)) }}
{%- endmacro %}

{% macro duckdb__days_between(first, last) -%}
    select cast(days.range as date) as day
    from range(cast('{{ first }}' as date), cast('{{ last }}' as date) + interval '1 day', interval '1 day') as days
{%- endmacro %}
