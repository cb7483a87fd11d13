{{ config(unique_key=['shop_id', 'tender_event_id']) }}

with changes as (
    {{ latest_changes('tender_events', key='tender_event_id') }}
),

final as (
    select
        shop_id,
        id as tender_event_id,
        payment_id,
        reference,
        type as event_type,
        outcome,
        currency,
        amount,
        occurred_at,
        _op = 'd' as is_deleted,
        _seq,
        _load_id,
        {{ build_id() }} as _build_id
    from changes
)

select * from final
