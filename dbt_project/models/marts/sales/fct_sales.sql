{#-
  Orders make their rows on the day they were placed, what a change added on the day it took effect, and credit
  notes on the day they were issued. Amounts are
  signed, so the rows of an order and its credit notes add up to what it was worth in the end.
-#}
{{ config(unique_key=['shop_id', 'order_key'], meta={'row_key': 'sale_id'}) }}

with touched as (
    select
        shop_id,
        order_key
    from {{ ref('int_sales__touched_orders') }}
    where {{ is_new('_build_id') }}
),

orders as (
    select orders.*
    from {{ ref('stg_shop__orders') }} as orders
    inner join touched
        on orders.shop_id = touched.shop_id and orders.order_id = touched.order_key
    where not orders.is_deleted and {{ is_sale('orders') }}
),

order_lines as (
    select order_lines.*
    from {{ ref('fct_order_lines') }} as order_lines
    inner join orders
        on order_lines.shop_id = orders.shop_id and order_lines.order_id = orders.order_id
),

changes as (
    select changes.*
    from {{ ref('stg_shop__order_changes') }} as changes
    inner join orders
        on changes.shop_id = orders.shop_id and changes.order_id = orders.order_id
    where changes.status = 'applied' and not changes.is_deleted
),

credit_notes as (
    select
        credit_notes.*,
        coalesce(credit_notes.order_id, credit_notes.credit_note_id) as order_key
    from {{ ref('stg_shop__credit_notes') }} as credit_notes
    inner join touched
        on
            credit_notes.shop_id = touched.shop_id
            and coalesce(credit_notes.order_id, credit_notes.credit_note_id) = touched.order_key
    where not credit_notes.is_deleted
),

documents as (
    select
        shop_id,
        order_id as order_key,
        order_id as document_id,
        'order' as document_kind,
        order_number as document_number,
        order_id,
        customer_id,
        channel,
        currency,
        placed_at as occurred_at
    from orders

    union all

    select
        changes.shop_id,
        changes.order_id as order_key,
        changes.order_change_id as document_id,
        'change' as document_kind,
        changes.order_change_number as document_number,
        changes.order_id,
        orders.customer_id,
        orders.channel,
        changes.currency,
        changes.closed_at as occurred_at
    from changes
    inner join orders
        on changes.shop_id = orders.shop_id and changes.order_id = orders.order_id

    union all

    -- what takes back an unpaid order takes back nothing
    select
        credit_notes.shop_id,
        credit_notes.order_key,
        credit_notes.credit_note_id as document_id,
        credit_notes.kind as document_kind,
        credit_notes.credit_note_number as document_number,
        credit_notes.order_id,
        coalesce(credit_notes.customer_id, orders.customer_id) as customer_id,
        coalesce(orders.channel, 'none') as channel,
        credit_notes.currency,
        credit_notes.issued_at as occurred_at
    from credit_notes
    left join orders
        on credit_notes.shop_id = orders.shop_id and credit_notes.order_id = orders.order_id
    where credit_notes.order_id is null or orders.order_id is not null
),

-- What the header of an order or of a change charges, which is beyond its lines: delivery, and the tax on it.
headers as (
    select
        orders.shop_id,
        orders.order_id as document_id,
        orders.shipping - coalesce(sum(changes.shipping), 0) as shipping,
        orders.tax - coalesce(sum(changes.tax), 0) as tax
    from orders
    left join changes
        on orders.shop_id = changes.shop_id and orders.order_id = changes.order_id
    group by orders.shop_id, orders.order_id, orders.shipping, orders.tax

    union all

    select
        shop_id,
        order_change_id as document_id,
        shipping,
        tax
    from changes
),

-- One column per kind; null where a line cannot have that kind.
charges as (
    select
        shop_id,
        coalesce(order_change_id, order_id) as document_id,
        order_line_id as line_id,
        sku,
        quantity,
        case when not is_gift_card then gross_sales end as sale,
        case when is_gift_card then gross_sales end as gift_card,
        -discounts as discount,
        null as returned,
        null as adjustment,
        shipping,
        tax,
        cost_of_goods
    from order_lines

    union all

    select
        headers.shop_id,
        headers.document_id,
        headers.document_id as line_id,
        null as sku,
        0 as quantity,
        null as sale,
        null as gift_card,
        null as discount,
        null as returned,
        null as adjustment,
        headers.shipping - coalesce(sum(order_lines.shipping), 0) as shipping,
        headers.tax - coalesce(sum(order_lines.tax), 0) as tax,
        null as cost_of_goods
    from headers
    left join order_lines
        on
            headers.shop_id = order_lines.shop_id
            and headers.document_id = coalesce(order_lines.order_change_id, order_lines.order_id)
    group by headers.shop_id, headers.document_id, headers.shipping, headers.tax

    union all

    select
        lines.shop_id,
        lines.credit_note_id as document_id,
        lines.credit_note_line_id as line_id,
        lines.sku,
        -lines.quantity as quantity,
        null as sale,
        -- a gift card is taken back at what it is worth, and what was taken off its price with it
        case
            when order_lines.is_gift_card
                then -lines.quantity * (order_lines.gross_sales / order_lines.quantity)
        end as gift_card,
        case
            when order_lines.is_gift_card
                then lines.quantity * (order_lines.gross_sales / order_lines.quantity) - lines.amount
        end as discount,
        case
            when
                credit_notes.kind <> 'adjustment'
                and not coalesce(order_lines.is_gift_card, false)
                and lines.sku is not null
                then -lines.amount
        end as returned,
        case when credit_notes.kind = 'adjustment' then -lines.amount end as adjustment,
        -lines.shipping as shipping,
        -lines.tax as tax,
        -lines.quantity * (order_lines.cost_of_goods / nullif(order_lines.quantity, 0)) as cost_of_goods
    from {{ ref('stg_shop__credit_note_lines') }} as lines
    inner join credit_notes
        on lines.shop_id = credit_notes.shop_id and lines.credit_note_id = credit_notes.credit_note_id
    left join order_lines
        on lines.shop_id = order_lines.shop_id and lines.order_line_id = order_lines.order_line_id
    where not lines.is_deleted
),

kinds as (
    select 'sale' as kind
    union all
    select 'gift_card' as kind
    union all
    select 'discount' as kind
    union all
    select 'return' as kind
    union all
    select 'adjustment' as kind
    union all
    select 'shipping' as kind
    union all
    select 'tax' as kind
),

amounts as (
    select
        charges.shop_id,
        charges.document_id,
        concat(charges.line_id, ':', kinds.kind) as sale_id,
        kinds.kind,
        charges.sku,
        case when kinds.kind in ('sale', 'return', 'gift_card') then charges.quantity else 0 end as quantity,
        case kinds.kind
            when 'sale' then charges.sale
            when 'gift_card' then charges.gift_card
            when 'discount' then charges.discount
            when 'return' then charges.returned
            when 'adjustment' then charges.adjustment
            when 'shipping' then charges.shipping
            when 'tax' then charges.tax
        end as amount,
        case when kinds.kind in ('sale', 'return') then charges.cost_of_goods end as cost_of_goods
    from charges
    cross join kinds
),

sales as (
    select
        documents.*,
        amounts.sale_id,
        amounts.kind,
        amounts.sku,
        amounts.quantity,
        amounts.amount,
        amounts.cost_of_goods
    from amounts
    inner join documents
        on amounts.shop_id = documents.shop_id and amounts.document_id = documents.document_id
    where
        amounts.amount <> 0
        or (amounts.amount is not null and amounts.kind in ('sale', 'return', 'adjustment'))
),

final as (
    select
        touched.shop_id,
        sales.sale_id,
        sales.kind,
        sales.document_kind,
        sales.document_number,
        touched.order_key,
        sales.order_id,
        sales.customer_id,
        sales.channel,
        sales.occurred_at,
        {{ shop_day('sales.occurred_at', 'shops.time_zone') }} as shop_day,
        sales.sku,
        cast(sales.quantity as integer) as quantity,
        cast(sales.amount as bigint) as amount,
        cast(sales.cost_of_goods as bigint) as cost_of_goods,
        sales.currency,
        {{ build_id() }} as _build_id
    from touched
    left join sales
        on touched.shop_id = sales.shop_id and touched.order_key = sales.order_key
    left join {{ ref('stg_shop__shops') }} as shops
        on touched.shop_id = shops.shop_id
    {%- if not is_incremental() %}
    where sales.sale_id is not null
    {%- endif %}
)

select * from final
