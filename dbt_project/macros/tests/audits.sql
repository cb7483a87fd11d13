{#-
  Audits look at the rows written since the last published build, because those before were audited then; with
  `--vars 'audit: all'` they look at every row. A failed audit publishes nothing, so its rows stay in sight
  until they are put right.
-#}
{% macro audited(model) -%}
    {%- if var('audit') == 'all' -%}
        {{ model }}
    {%- else -%}
        (select * from {{ model }} where _build_id > {{ last_published_build() }})
    {%- endif -%}
{%- endmacro %}

{% macro last_published_build() -%}
    (
        select coalesce(max(builds.build_id), 0)
        from raw.builds as builds
        where builds.published_at is not null
    )
{%- endmacro %}

{#- No two rows share these columns. -#}
{% test unique_key(model, columns) -%}
    select {% for column in columns %}candidates.{{ column }}{{ ', ' if not loop.last }}{% endfor %}
    from {{ model }} as candidates
    {%- if var('audit') != 'all' %}
    inner join (select distinct {{ columns | join(', ') }} from {{ audited(model) }}) as audited
        on
            {%- for column in columns %}
            candidates.{{ column }} = audited.{{ column }}{{ ' and' if not loop.last }}
            {%- endfor %}
    {%- endif %}
    group by {% for column in columns %}candidates.{{ column }}{{ ', ' if not loop.last }}{% endfor %}
    having count(*) > 1
{%- endtest %}

{#- The condition is true of every row. -#}
{% test holds(model, condition) -%}
    select *
    from {{ audited(model) }} as audited
    where not coalesce({{ condition }}, false)
{%- endtest %}

{#- The column holds one of these values. -#}
{% test known_values(model, column_name, values) -%}
    select {{ column_name }}
    from {{ audited(model) }} as audited
    where {{ column_name }} not in ('{{ values | join("', '") }}')
{%- endtest %}
