{{ config(unique_key=['shop_id', 'promotion_id']) }}

with changes as (
    {{ latest_changes('promotions', key='promotion_id') }}
),

final as (
    select
        shop_id,
        id as promotion_id,
        name,
        status,
        kind,
        class,
        needs_code,
        created_at,
        updated_at,
        _op = 'd' as is_deleted,
        _seq,
        _load_id,
        {{ build_id() }} as _build_id
    from changes
)

select * from final
