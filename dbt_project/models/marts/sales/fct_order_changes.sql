{#- A change is told anew when it moves on, and when the shop moves to another time zone. -#}
{{ config(unique_key=['shop_id', 'order_change_id']) }}

with final as (
    select
        changes.shop_id,
        changes.order_change_id,
        changes.order_change_number,
        changes.order_id,
        changes.status,
        changes.reason,
        changes.is_readdressed,
        changes.delivery_method,
        changes.currency,
        changes.added,
        changes.credited,
        changes.kept,
        changes.due,
        changes.credited - changes.kept as given_back,
        changes.created_at,
        changes.closed_at,
        {{ shop_day('changes.created_at', 'shops.time_zone') }} as shop_day,
        {{ build_id() }} as _build_id
    from {{ ref('stg_shop__order_changes') }} as changes
    left join {{ ref('stg_shop__shops') }} as shops
        on changes.shop_id = shops.shop_id
    where {{ is_new('changes._build_id') }} or {{ is_new('shops._build_id') }}
)

select * from final
