{#-
  raw.builds and raw.loaded_files are the worker's bookkeeping. They are named here and not declared as sources,
  or every model would descend from them.
-#}

{#- Opens the next build. Its number is taken from the warehouse, not from a clock that could step back. -#}
{% macro begin_build() -%}
    insert into raw.builds (build_id, started_at, load_id)
    select
        coalesce(max(builds.build_id), 0) + 1,
        {{ now_utc() }},
        coalesce((select max(loaded_files.load_id) from raw.loaded_files as loaded_files), 0)
    from raw.builds as builds
{%- endmacro %}

{#- The number of the running build, stamped on every row it writes as _build_id. -#}
{% macro build_id() -%}
    (select max(builds.build_id) from raw.builds as builds)
{%- endmacro %}

{#-
  True for the rows of a parent that this model has not seen: those whose stamp is above the highest in this
  model. A model that failed has an old highest stamp, so its next run catches up by itself.

  column: the parent's stamp, `_load_id` (raw tables) or `_build_id` (models), with its table alias if any.
  The highest stamp is written as a number, not as a subquery, so that DuckDB skips what lies below it. It is
  asked for once a model, however often the model needs it.
-#}
{% macro is_new(column) -%}
    {%- if is_incremental() -%}
        {%- set stamp = column.split('.')[-1] -%}
        {%- set highest = model.setdefault('highest_stamps', {}) -%}
        {%- if stamp not in highest -%}
            {%- set found = run_query('select coalesce(max(' ~ stamp ~ '), -1) from ' ~ this) -%}
            {%- do highest.update({stamp: found.columns[0].values()[0] | int}) -%}
        {%- endif -%}
        {{ column }} > {{ highest[stamp] }}
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}
