{#- Transitions are never changed; a shop that moves to another time zone moves them to other days. -#}
{{ config(unique_key=['shop_id', 'order_transition_id']) }}

with final as (
    select
        transitions.shop_id,
        transitions.order_transition_id,
        transitions.order_id,
        transitions.position,
        transitions.from_status,
        transitions.to_status,
        transitions.event,
        transitions.actor,
        transitions.reason,
        transitions.occurred_at,
        {{ shop_day('transitions.occurred_at', 'shops.time_zone') }} as shop_day,
        {{ build_id() }} as _build_id
    from {{ ref('stg_shop__order_transitions') }} as transitions
    left join {{ ref('stg_shop__shops') }} as shops
        on transitions.shop_id = shops.shop_id
    where {{ is_new('transitions._build_id') }} or {{ is_new('shops._build_id') }}
)

select * from final
