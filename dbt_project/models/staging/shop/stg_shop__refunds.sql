{{ config(unique_key=['shop_id', 'refund_id']) }}

with changes as (
    {{ latest_changes('refunds', key='refund_id') }}
),

final as (
    select
        shop_id,
        id as refund_id,
        payment_id,
        credit_note_id,
        currency,
        amount,
        status,
        reversal,
        created_at,
        refunded_at,
        _op = 'd' as is_deleted,
        _seq,
        _load_id,
        {{ build_id() }} as _build_id
    from changes
)

select * from final
