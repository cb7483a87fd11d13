{% macro matches(text, pattern) -%}
    {{ return(adapter.dispatch('matches', 'storehouse')(text, pattern)) }}
{%- endmacro %}

{% macro duckdb__matches(text, pattern) -%}
    coalesce(regexp_matches({{ text }}, '{{ pattern }}'), false)
{%- endmacro %}

{#- The host of a URL in lower case without "www." and port; null when it has none. -#}
{% macro url_host(url) -%}
    {{ return(adapter.dispatch('url_host', 'storehouse')(url)) }}
{%- endmacro %}

{% macro duckdb__url_host(url) -%}
    nullif(regexp_extract(lower({{ url }}), '^[a-z][a-z0-9+.-]*://(?:[^/?#@]*@)?(?:www\.)?([^/?#:]+)', 1), '')
{%- endmacro %}

{#- The path of a URL, "/" when it has none, also of a URL that is only a path. -#}
{% macro url_path(url) -%}
    {{ return(adapter.dispatch('url_path', 'storehouse')(url)) }}
{%- endmacro %}

{% macro duckdb__url_path(url) -%}
    case
        when {{ url }} is not null
            then coalesce(nullif(regexp_extract({{ url }}, '^(?:[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*)?([^?#]*)', 1), ''), '/')
    end
{%- endmacro %}

{#- A query parameter of a URL, decoded; null when it is absent or empty. -#}
{% macro url_parameter(url, name) -%}
    {{ return(adapter.dispatch('url_parameter', 'storehouse')(url, name)) }}
{%- endmacro %}

{% macro duckdb__url_parameter(url, name) -%}
    nullif(url_decode(replace(regexp_extract({{ url }}, '[?&]{{ name }}=([^&#]*)', 1), '+', ' ')), '')
{%- endmacro %}
