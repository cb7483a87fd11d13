{{ config(meta={'dagster': {'ref': {'name': 'fct_ledger_postings'}}}) }}
-- Every entry has postings, and what they move by the shop's own rows is debited and credited in the ledger.
with touched as (
    select
        audited.shop_id,
        audited.entry_id
    from {{ audited(ref('stg_shop__journal_entries')) }} as audited

    union distinct

    select
        audited.shop_id,
        audited.entry_id
    from {{ audited(ref('stg_shop__postings')) }} as audited

    union distinct

    select
        audited.shop_id,
        audited.entry_id
    from {{ audited(ref('fct_ledger_postings')) }} as audited
),

moved as (
    select
        postings.shop_id,
        postings.entry_id,
        postings.currency,
        sum(postings.amount) as amount
    from {{ ref('stg_shop__postings') }} as postings
    inner join touched
        on postings.shop_id = touched.shop_id and postings.entry_id = touched.entry_id
    where not postings.is_deleted
    group by postings.shop_id, postings.entry_id, postings.currency
),

booked as (
    select
        ledger.shop_id,
        ledger.entry_id,
        ledger.currency,
        sum(case when ledger.side = 'debit' then ledger.amount else 0 end) as debits,
        sum(case when ledger.side = 'credit' then -ledger.amount else 0 end) as credits
    from {{ ref('fct_ledger_postings') }} as ledger
    inner join touched
        on ledger.shop_id = touched.shop_id and ledger.entry_id = touched.entry_id
    group by ledger.shop_id, ledger.entry_id, ledger.currency
),

final as (
    select
        touched.shop_id,
        touched.entry_id,
        moved.currency,
        moved.amount,
        booked.debits,
        booked.credits
    from touched
    left join moved
        on touched.shop_id = moved.shop_id and touched.entry_id = moved.entry_id
    left join booked
        on
            moved.shop_id = booked.shop_id
            and moved.entry_id = booked.entry_id
            and moved.currency = booked.currency
    where
        moved.amount is null
        or booked.debits is null
        or moved.amount <> booked.debits
        or moved.amount <> booked.credits
)

select * from final
