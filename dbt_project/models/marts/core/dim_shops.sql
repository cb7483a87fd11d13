{{ config(unique_key=['shop_id']) }}

with final as (
    select
        shop_id,
        name as shop_name,
        time_zone,
        currency,
        locale,
        tax_rate_bp,
        {{ build_id() }} as _build_id
    from {{ ref('stg_shop__shops') }}
    where {{ is_new('_build_id') }}
)

select * from final
