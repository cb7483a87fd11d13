{{ config(unique_key=['shop_id', 'credit_note_id']) }}

with changes as (
    {{ latest_changes('credit_notes', key='credit_note_id') }}
),

final as (
    select
        shop_id,
        id as credit_note_id,
        number as credit_note_number,
        order_id,
        customer_id,
        kind,
        reason,
        currency,
        country,
        issued_at,
        _op = 'd' as is_deleted,
        _seq,
        _load_id,
        {{ build_id() }} as _build_id
    from changes
)

select * from final
