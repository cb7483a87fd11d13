{{ config(unique_key=['shop_id', 'category_id']) }}

with changes as (
    {{ latest_changes('categories', key='category_id') }}
),

final as (
    select
        shop_id,
        id as category_id,
        parent_id,
        slug,
        name,
        position,
        _op = 'd' as is_deleted,
        _seq,
        _load_id,
        {{ build_id() }} as _build_id
    from changes
)

select * from final
