{#-
  How a model's table takes in what is new: the rows of every touched key are replaced.

  A model returns all rows of each key (`unique_key`) that something new touches. Their old rows are deleted and
  these inserted, in one transaction. A touched key that has no rows any more comes out as one row whose
  `row_key` (in the model's meta) is null: it deletes and is not inserted.

  On Spark over plain Parquet, which has no delete, the same contract is kept by rewriting the days of the
  touched keys: insert overwrite of their `shop_day` partitions with (old rows anti join touched keys) union new.
-#}
{% macro replace_touched(target, fresh, keys, row_key) -%}
    {{ return(adapter.dispatch('replace_touched', 'storehouse')(target, fresh, keys, row_key)) }}
{%- endmacro %}

{% macro duckdb__replace_touched(target, fresh, keys, row_key) -%}
    delete from {{ target }} as stale
    using (select distinct {{ keys | join(', ') }} from {{ fresh }}) as touched
    where
        {%- for key in keys %}
        stale.{{ key }} = touched.{{ key }}{{ ' and' if not loop.last }}
        {%- endfor %};

    insert into {{ target }} by name
    select * from {{ fresh }}
    {%- if row_key %} where {{ row_key }} is not null{% endif %};
{%- endmacro %}

{#-
  dbt-duckdb's incremental materialization without what this project does not use (hooks, grants, indexes,
  comments, changes of columns): a micro-batch is mostly dbt's own work, and this is a third of it. A definition
  that changes is no concern here: the worker then drops all models and builds them anew.
-#}
{% materialization incremental, adapter='duckdb' %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set target = this.incorporate(type='table') -%}
    {%- if existing is none or should_full_refresh() -%}
        {%- do drop_relation_if_exists(existing) -%}
        {%- call statement('main') -%}
            {{ create_table_as(False, target, compiled_code) }}
        {%- endcall -%}
    {%- else -%}
        {%- set fresh = make_temp_relation(target) -%}
        {%- call statement('main') -%}
            {{ create_table_as(True, fresh, compiled_code) }}
            {{ replace_touched(
                target, fresh.include(database=False, schema=False), config.require('unique_key'),
                config.get('meta', {}).get('row_key')
            ) }}
        {%- endcall -%}
    {%- endif -%}
    {%- do adapter.commit() -%}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}
