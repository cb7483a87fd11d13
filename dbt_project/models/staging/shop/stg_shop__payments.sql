{{ config(unique_key=['shop_id', 'payment_id']) }}

with changes as (
    {{ latest_changes('payments', key='payment_id') }}
),

final as (
    select
        shop_id,
        id as payment_id,
        order_id,
        change_id as order_change_id,
        -- null in imports, and in rows from before there were other tenders
        coalesce(kind, 'external') as kind,
        coalesce(position, 1) as position,
        provider,
        method,
        installments,
        currency,
        amount,
        status,
        created_at,
        captured_at,
        _op = 'd' as is_deleted,
        _seq,
        _load_id,
        {{ build_id() }} as _build_id
    from changes
)

select * from final
