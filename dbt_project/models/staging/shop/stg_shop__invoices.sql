{{ config(unique_key=['shop_id', 'invoice_id']) }}

with changes as (
    {{ latest_changes('invoices', key='invoice_id') }}
),

final as (
    select
        shop_id,
        id as invoice_id,
        order_id,
        credit_note_id,
        document_id,
        kind,
        number as invoice_number,
        year as invoice_year,
        sequence,
        currency,
        net,
        tax,
        total,
        issued_at,
        _op = 'd' as is_deleted,
        _seq,
        _load_id,
        {{ build_id() }} as _build_id
    from changes
)

select * from final
