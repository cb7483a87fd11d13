{#-
  Every day on which a document's sales stand or stood, and every day that is or was a customer's first, with
  the build that last touched it. Days that a document or customer left stay here, so the reports below learn
  that they have to compute them again.
-#}
-- depends_on: {{ ref('int_sales__touched_orders') }}
{{ config(unique_key=['shop_id', 'owner', 'shop_day']) }}

with sales as (
    select distinct
        shop_id,
        order_key as owner,
        shop_day
    from {{ ref('fct_sales') }}
    where {{ is_new('_build_id') }}

    union distinct

    -- an order may have no lines
    select
        shop_id,
        order_id as owner,
        shop_day
    from {{ ref('fct_orders') }}
    where {{ is_new('_build_id') }}
),

first_days as (
    select
        shop_id,
        concat('customer ', customer_id) as owner,
        first_order_day as shop_day
    from {{ ref('dim_customers') }}
    where first_order_day is not null and {{ is_new('_build_id') }}
),

{% if is_incremental() -%}
touched_owners as (
    select
        shop_id,
        order_key as owner
    from {{ ref('int_sales__touched_orders') }}
    where {{ is_new('_build_id') }}

    union distinct

    -- a returning customer's first day stays what it was
    select
        first_days.shop_id,
        first_days.owner
    from first_days
    left join {{ this }} as known
        on
            first_days.shop_id = known.shop_id
            and first_days.owner = known.owner
            and first_days.shop_day = known.shop_day
    where known.shop_day is null
),

touched as (
    select * from sales

    union distinct

    select first_days.*
    from first_days
    inner join touched_owners
        on first_days.shop_id = touched_owners.shop_id and first_days.owner = touched_owners.owner

    union distinct

    select
        known.shop_id,
        known.owner,
        known.shop_day
    from {{ this }} as known
    inner join touched_owners
        on known.shop_id = touched_owners.shop_id and known.owner = touched_owners.owner
),
{%- else -%}
touched as (
    select * from sales
    union distinct
    select * from first_days
),
{%- endif %}

final as (
    select
        touched.*,
        {{ build_id() }} as _build_id
    from touched
)

select * from final
