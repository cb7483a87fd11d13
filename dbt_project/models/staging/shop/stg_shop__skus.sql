{{ config(unique_key=['shop_id', 'sku_id']) }}

with changes as (
    {{ latest_changes('skus', key='sku_id') }}
),

final as (
    select
        shop_id,
        id as sku_id,
        product_id,
        code as sku,
        options,
        currency,
        list_price,
        price,
        cost,
        weight_grams,
        position,
        _op = 'd' as is_deleted,
        _seq,
        _load_id,
        {{ build_id() }} as _build_id
    from changes
)

select * from final
