{{ config(unique_key=['shop_id', 'review_id']) }}

with changes as (
    {{ latest_changes('reviews', key='review_id') }}
),

final as (
    select
        shop_id,
        id as review_id,
        order_id,
        product_id,
        rating,
        title,
        comment,
        created_at,
        answered_at,
        _op = 'd' as is_deleted,
        coalesce(status, 'published') = 'published' as is_published,
        _seq,
        _load_id,
        {{ build_id() }} as _build_id
    from changes
)

select * from final
