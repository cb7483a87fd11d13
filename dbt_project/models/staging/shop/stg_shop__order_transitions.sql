{{ config(unique_key=['shop_id', 'order_transition_id']) }}

with changes as (
    {{ latest_changes('order_transitions', key='order_transition_id') }}
),

final as (
    select
        shop_id,
        id as order_transition_id,
        order_id,
        from_status,
        to_status,
        event,
        actor,
        reason,
        position,
        occurred_at,
        _op = 'd' as is_deleted,
        _seq,
        _load_id,
        {{ build_id() }} as _build_id
    from changes
)

select * from final
