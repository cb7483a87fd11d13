{#-
  The current row of each entity of a changes table that has new changes: the one with the highest sequence
  number, and of two with the same the one loaded last. A late change older than what we have changes nothing.

  table: a changes table of the lake. key: what this model calls the entity's id.
-#}
{% macro latest_changes(table, key) -%}
    select latest.*
    from (
        select
            changes.*,
            row_number() over (
                partition by changes.shop_id, changes.id
                order by changes._seq desc nulls last, changes._load_id desc nulls last
            ) as recency
        from {{ source('raw', table) }} as changes
        where {{ is_new('changes._load_id') }}
    ) as latest
    {%- if is_incremental() %}
    left join {{ this }} as known
        on latest.shop_id = known.shop_id and latest.id = known.{{ key }}
    where latest.recency = 1 and (known._seq is null or latest._seq >= known._seq)
    {%- else %}
    where latest.recency = 1
    {%- endif %}
{%- endmacro %}
