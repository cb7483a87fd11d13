{#-
  The one incremental strategy: replace the rows of every touched key.

  A model returns all rows of each key (`unique_key`) that something new touches. Their old rows are deleted and
  these inserted, in one transaction. A touched key that has no rows any more comes out as one row whose
  `row_key` (in the model's meta) is null: it deletes and is not inserted.

  On Spark over plain Parquet, which has no delete, the same contract is kept by rewriting the days of the
  touched keys: insert overwrite of their `shop_day` partitions with (old rows anti join touched keys) union new.
-#}
{% macro get_incremental_replace_sql(arguments) -%}
    {{ return(adapter.dispatch('get_incremental_replace_sql', 'storehouse')(arguments)) }}
{%- endmacro %}

{% macro duckdb__get_incremental_replace_sql(arguments) -%}
    {%- set target = arguments['target_relation'] -%}
    {%- set fresh = arguments['temp_relation'] -%}
    {%- set keys = arguments['unique_key'] -%}
    {%- set row_key = config.get('meta', {}).get('row_key') -%}
    {%- set columns = get_quoted_csv(arguments['dest_columns'] | map(attribute='name')) -%}
    delete from {{ target }} as stale
    using (select distinct {{ keys | join(', ') }} from {{ fresh }}) as touched
    where
        {%- for key in keys %}
        stale.{{ key }} = touched.{{ key }}{{ ' and' if not loop.last }}
        {%- endfor %};

    insert into {{ target }} ({{ columns }})
    select {{ columns }} from {{ fresh }}
    {%- if row_key %} where {{ row_key }} is not null{% endif %}
{%- endmacro %}
