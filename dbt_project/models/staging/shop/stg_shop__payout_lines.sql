{{ config(unique_key=['shop_id', 'payout_line_id']) }}

with changes as (
    {{ latest_changes('payout_lines', key='payout_line_id') }}
),

final as (
    select
        shop_id,
        id as payout_line_id,
        payout_id,
        external_id as payout_line_number,
        provider,
        kind,
        reference,
        position,
        currency,
        gross,
        fee,
        net,
        occurred_at,
        _op = 'd' as is_deleted,
        _seq,
        _load_id,
        {{ build_id() }} as _build_id
    from changes
)

select * from final
