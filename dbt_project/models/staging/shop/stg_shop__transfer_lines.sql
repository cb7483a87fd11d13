{{ config(unique_key=['shop_id', 'transfer_line_id']) }}

with changes as (
    {{ latest_changes('transfer_lines', key='transfer_line_id') }}
),

final as (
    select
        shop_id,
        id as transfer_line_id,
        transfer_id,
        sku_id,
        sent,
        received,
        -- null in rows from before transfers arrived in parts: what was missing was lost
        coalesce(lost, 0) as lost,
        _op = 'd' as is_deleted,
        _seq,
        _load_id,
        {{ build_id() }} as _build_id
    from changes
)

select * from final
