{{ config(unique_key=['shop_id', 'payout_id']) }}

with changes as (
    {{ latest_changes('payouts', key='payout_id') }}
),

final as (
    select
        shop_id,
        id as payout_id,
        external_id as payout_number,
        provider,
        currency,
        gross,
        fee,
        net,
        lines,
        received_at,
        _op = 'd' as is_deleted,
        _seq,
        _load_id,
        {{ build_id() }} as _build_id
    from changes
)

select * from final
