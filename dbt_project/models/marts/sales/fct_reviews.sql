{{ config(unique_key=['shop_id', 'review_id'], meta={'row_key': 'rating'}) }}

with touched as (
    select reviews.*
    from {{ ref('stg_shop__reviews') }} as reviews
    where {{ is_new('reviews._build_id') }}
    {%- if is_incremental() %}

    union distinct

    select reviews.*
    from {{ ref('stg_shop__reviews') }} as reviews
    inner join {{ ref('stg_shop__shops') }} as shops
        on reviews.shop_id = shops.shop_id
    where {{ is_new('shops._build_id') }}
    {%- endif %}
),

final as (
    select
        touched.shop_id,
        touched.review_id,
        touched.order_id,
        touched.product_id,
        case when not touched.is_deleted and touched.is_published then touched.rating end as rating,
        touched.title is not null or touched.comment is not null as has_text,
        touched.created_at,
        touched.answered_at,
        {{ shop_day('touched.created_at', 'shops.time_zone') }} as shop_day,
        {{ build_id() }} as _build_id
    from touched
    left join {{ ref('stg_shop__shops') }} as shops
        on touched.shop_id = shops.shop_id
    {%- if not is_incremental() %}
    where not touched.is_deleted and touched.is_published
    {%- endif %}
)

select * from final
