{{ config(unique_key=['shop_id', 'group_purchase_id']) }}

with changes as (
    {{ latest_changes('group_purchases', key='group_purchase_id') }}
),

final as (
    select
        shop_id,
        id as group_purchase_id,
        sku_id,
        code as group_code,
        status,
        currency,
        price,
        buyers_wanted,
        per_buyer,
        created_at,
        closes_at,
        _op = 'd' as is_deleted,
        _seq,
        _load_id,
        {{ build_id() }} as _build_id
    from changes
)

select * from final
