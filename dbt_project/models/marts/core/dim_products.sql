{#-
  Every SKU of the catalogue, and every one that only a document names (an import without a catalogue): those
  take their name from the line that was sold last.
-#}
{{ config(unique_key=['shop_id', 'sku'], meta={'row_key': 'product_name'}) }}

with catalogue as (
    select
        skus.shop_id,
        skus.sku,
        skus.sku_id,
        skus.product_id,
        products.name as product_name,
        skus.options,
        products.category_id,
        categories.name as category,
        parents.name as parent_category,
        brands.name as brand,
        products.status,
        skus.currency,
        skus.list_price,
        skus.price,
        skus.cost,
        products.created_at,
        not skus.is_deleted and not coalesce(products.is_deleted, false) as is_listed,
        greatest(
            skus._build_id,
            coalesce(products._build_id, 0),
            coalesce(categories._build_id, 0),
            coalesce(parents._build_id, 0),
            coalesce(brands._build_id, 0)
        ) as _build_id
    from {{ ref('stg_shop__skus') }} as skus
    left join {{ ref('stg_shop__products') }} as products
        on skus.shop_id = products.shop_id and skus.product_id = products.product_id
    left join {{ ref('stg_shop__categories') }} as categories
        on products.shop_id = categories.shop_id and products.category_id = categories.category_id
    left join {{ ref('stg_shop__categories') }} as parents
        on categories.shop_id = parents.shop_id and categories.parent_id = parents.category_id
    left join {{ ref('stg_shop__brands') }} as brands
        on products.shop_id = brands.shop_id and products.brand_id = brands.brand_id
),

sold as (
    select
        shop_id,
        sku,
        product_name,
        currency,
        ordered_at as sold_at,
        order_line_id as line_id,
        _build_id
    from {{ ref('fct_order_lines') }}

    union all

    select
        lines.shop_id,
        lines.sku,
        lines.name as product_name,
        credit_notes.currency,
        credit_notes.issued_at as sold_at,
        lines.credit_note_line_id as line_id,
        greatest(lines._build_id, credit_notes._build_id) as _build_id
    from {{ ref('stg_shop__credit_note_lines') }} as lines
    inner join {{ ref('stg_shop__credit_notes') }} as credit_notes
        on lines.shop_id = credit_notes.shop_id and lines.credit_note_id = credit_notes.credit_note_id
    where not lines.is_deleted and not credit_notes.is_deleted
),

{% if is_incremental() -%}
only_sold_before as (
    select
        shop_id,
        sku
    from {{ this }}
    where sku_id is null
),

still_sold as (
    select distinct
        sold.shop_id,
        sold.sku
    from sold
    inner join only_sold_before
        on sold.shop_id = only_sold_before.shop_id and sold.sku = only_sold_before.sku
),

{% endif -%}
touched as (
    select
        shop_id,
        sku
    from catalogue
    where {{ is_new('_build_id') }}

    union distinct

    select
        sold.shop_id,
        sold.sku
    from sold
    left join catalogue
        on sold.shop_id = catalogue.shop_id and sold.sku = catalogue.sku
    where {{ is_new('sold._build_id') }} and catalogue.sku is null
    {%- if is_incremental() %}

    union distinct

    -- the code a SKU had before
    select
        known.shop_id,
        known.sku
    from {{ this }} as known
    inner join {{ ref('stg_shop__skus') }} as skus
        on known.shop_id = skus.shop_id and known.sku_id = skus.sku_id
    where {{ is_new('skus._build_id') }}

    union distinct

    -- what no document names any more
    select
        only_sold_before.shop_id,
        only_sold_before.sku
    from only_sold_before
    left join still_sold
        on only_sold_before.shop_id = still_sold.shop_id and only_sold_before.sku = still_sold.sku
    where still_sold.sku is null
    {%- endif %}
),

only_sold as (
    select
        sold.*,
        row_number() over (
            partition by sold.shop_id, sold.sku
            order by sold.sold_at desc nulls last, sold.line_id desc nulls last
        ) as recency
    from sold
    inner join touched
        on sold.shop_id = touched.shop_id and sold.sku = touched.sku
),

final as (
    select
        touched.shop_id,
        touched.sku,
        catalogue.sku_id,
        catalogue.product_id,
        coalesce(
            catalogue.product_name, only_sold.product_name, catalogue.sku, only_sold.sku
        ) as product_name,
        catalogue.options,
        catalogue.category_id,
        catalogue.category,
        catalogue.parent_category,
        catalogue.brand,
        catalogue.status,
        coalesce(catalogue.currency, only_sold.currency) as currency,
        catalogue.list_price,
        catalogue.price,
        catalogue.cost,
        catalogue.created_at,
        coalesce(catalogue.is_listed, false) as is_listed,
        {{ build_id() }} as _build_id
    from touched
    left join catalogue
        on touched.shop_id = catalogue.shop_id and touched.sku = catalogue.sku
    left join only_sold
        on touched.shop_id = only_sold.shop_id and touched.sku = only_sold.sku and only_sold.recency = 1
)

select * from final
