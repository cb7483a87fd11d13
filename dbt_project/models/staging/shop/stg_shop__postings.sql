{{ config(unique_key=['shop_id', 'posting_id']) }}

with changes as (
    {{ latest_changes('postings', key='posting_id') }}
),

final as (
    select
        shop_id,
        id as posting_id,
        entry_id,
        position,
        source as source_account,
        destination as destination_account,
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
