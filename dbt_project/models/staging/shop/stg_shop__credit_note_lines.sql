{{ config(unique_key=['shop_id', 'credit_note_line_id']) }}

with changes as (
    {{ latest_changes('credit_note_lines', key='credit_note_line_id') }}
),

final as (
    select
        shop_id,
        id as credit_note_line_id,
        credit_note_id,
        position,
        order_line_id,
        nullif(sku, '') as sku, -- delivery alone has none
        name,
        quantity,
        amount,
        shipping,
        tax,
        _op = 'd' as is_deleted,
        _seq,
        _load_id,
        {{ build_id() }} as _build_id
    from changes
)

select * from final
