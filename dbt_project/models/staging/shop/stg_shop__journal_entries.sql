{{ config(unique_key=['shop_id', 'entry_id']) }}

with changes as (
    {{ latest_changes('journal_entries', key='entry_id') }}
),

final as (
    select
        shop_id,
        id as entry_id,
        reverses_id as reversed_entry_id,
        reference,
        document as document_number,
        reason,
        occurred_at,
        _op = 'd' as is_deleted,
        _seq,
        _load_id,
        {{ build_id() }} as _build_id
    from changes
)

select * from final
