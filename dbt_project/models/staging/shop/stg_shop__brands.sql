{{ config(unique_key=['shop_id', 'brand_id']) }}

with changes as (
    {{ latest_changes('brands', key='brand_id') }}
),

final as (
    select
        shop_id,
        id as brand_id,
        slug,
        name,
        _op = 'd' as is_deleted,
        _seq,
        _load_id,
        {{ build_id() }} as _build_id
    from changes
)

select * from final
