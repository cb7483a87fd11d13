{{ config(unique_key=['shop_id', 'product_id']) }}

with changes as (
    {{ latest_changes('products', key='product_id') }}
),

final as (
    select
        shop_id,
        id as product_id,
        category_id,
        brand_id,
        slug,
        name,
        status,
        image,
        created_at,
        updated_at,
        _op = 'd' as is_deleted,
        _seq,
        _load_id,
        {{ build_id() }} as _build_id
    from changes
)

select * from final
