{{ config(unique_key=['_load_id']) }}

with final as (
    select
        shop_id,
        reason,
        received_at,
        _load_id,
        {{ build_id() }} as _build_id
    from {{ source('raw', 'quarantine') }}
    where {{ is_new('_load_id') }}
)

select * from final
