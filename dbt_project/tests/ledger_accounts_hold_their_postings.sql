{{ config(meta={'dagster': {'ref': {'name': 'fct_ledger_postings'}}}) }}
-- What the shop counts on a holder's account is what was posted to it less what was posted from it.
with holders as (
    select
        audited.shop_id,
        audited.account
    from {{ audited(ref('stg_shop__ledger_accounts')) }} as audited

    union distinct

    select
        audited.shop_id,
        audited.account
    from {{ audited(ref('fct_ledger_postings')) }} as audited
    where
        audited.account like 'liability:balance:%'
        or audited.account like 'liability:gift_card:%'
        or audited.account like 'liability:points:%'
),

posted as (
    select
        ledger.shop_id,
        ledger.account,
        -sum(ledger.amount) as balance
    from {{ ref('fct_ledger_postings') }} as ledger
    inner join holders
        on ledger.shop_id = holders.shop_id and ledger.account = holders.account
    group by ledger.shop_id, ledger.account
),

final as (
    select
        holders.shop_id,
        holders.account,
        accounts.balance,
        posted.balance as posted_balance
    from holders
    left join {{ ref('stg_shop__ledger_accounts') }} as accounts
        on
            holders.shop_id = accounts.shop_id
            and holders.account = accounts.account
            and not accounts.is_deleted
    left join posted
        on holders.shop_id = posted.shop_id and holders.account = posted.account
    where coalesce(accounts.balance, 0) <> coalesce(posted.balance, 0)
)

select * from final
