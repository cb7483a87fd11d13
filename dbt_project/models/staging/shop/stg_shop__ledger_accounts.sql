{{ config(unique_key=['shop_id', 'ledger_account_id']) }}

with changes as (
    {{ latest_changes('ledger_accounts', key='ledger_account_id') }}
),

final as (
    select
        shop_id,
        id as ledger_account_id,
        code as account,
        currency,
        balance,
        opened_at,
        _op = 'd' as is_deleted,
        _seq,
        _load_id,
        {{ build_id() }} as _build_id
    from changes
)

select * from final
