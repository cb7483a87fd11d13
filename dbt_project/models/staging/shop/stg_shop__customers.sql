{{ config(unique_key=['shop_id', 'customer_id']) }}

with changes as (
    {{ latest_changes('customers', key='customer_id') }}
),

final as (
    select
        shop_id,
        id as customer_id,
        country,
        created_at,
        _op = 'd' as is_deleted,
        _seq,
        _load_id,
        {{ build_id() }} as _build_id
    from changes
)

select * from final
