{#-
  Each posting makes two rows, one for the account it was posted from and one for the account it went to, so the
  rows of any entry, day or account add up like a trial balance. Entries are written once: an entry is touched
  when it or its postings arrive, or when its shop's time zone does.
-#}
{{ config(unique_key=['shop_id', 'entry_id'], meta={'row_key': 'ledger_row_id'}) }}

with touched as (
    select
        shop_id,
        entry_id
    from {{ ref('stg_shop__postings') }}
    where {{ is_new('_build_id') }}

    union distinct

    select
        shop_id,
        entry_id
    from {{ ref('stg_shop__journal_entries') }}
    where {{ is_new('_build_id') }}
    {%- if is_incremental() %}

    union distinct

    select
        known.shop_id,
        known.entry_id
    from {{ this }} as known
    inner join {{ ref('stg_shop__shops') }} as shops
        on known.shop_id = shops.shop_id
    where {{ is_new('shops._build_id') }}
    {%- endif %}
),

entries as (
    select entries.*
    from {{ ref('stg_shop__journal_entries') }} as entries
    inner join touched
        on entries.shop_id = touched.shop_id and entries.entry_id = touched.entry_id
    where not entries.is_deleted
),

postings as (
    select postings.*
    from {{ ref('stg_shop__postings') }} as postings
    inner join touched
        on postings.shop_id = touched.shop_id and postings.entry_id = touched.entry_id
    where not postings.is_deleted
),

sides as (
    select
        postings.shop_id,
        postings.entry_id,
        concat(postings.posting_id, ':debit') as ledger_row_id,
        postings.posting_id,
        'debit' as side,
        postings.source_account as account,
        postings.amount,
        postings.currency
    from postings

    union all

    select
        postings.shop_id,
        postings.entry_id,
        concat(postings.posting_id, ':credit') as ledger_row_id,
        postings.posting_id,
        'credit' as side,
        postings.destination_account as account,
        -postings.amount as amount,
        postings.currency
    from postings
),

final as (
    select
        touched.shop_id,
        touched.entry_id,
        sides.ledger_row_id,
        sides.posting_id,
        entries.reversed_entry_id,
        entries.reference,
        entries.document_number,
        entries.reason,
        sides.side,
        sides.account,
        -- the first word of an account's code is its kind: asset:receivable:sandbox
        case
            when sides.account like 'asset:%' then 'asset'
            when sides.account like 'liability:%' then 'liability'
            when sides.account like 'income:%' then 'income'
            when sides.account like 'expense:%' then 'expense'
        end as account_kind,
        sides.amount,
        sides.currency,
        entries.occurred_at,
        {{ shop_day('entries.occurred_at', 'shops.time_zone') }} as shop_day,
        {{ build_id() }} as _build_id
    from touched
    left join entries
        on touched.shop_id = entries.shop_id and touched.entry_id = entries.entry_id
    left join sides
        on entries.shop_id = sides.shop_id and entries.entry_id = sides.entry_id
    left join {{ ref('stg_shop__shops') }} as shops
        on touched.shop_id = shops.shop_id
    {%- if not is_incremental() %}
    where sides.ledger_row_id is not null
    {%- endif %}
)

select * from final
