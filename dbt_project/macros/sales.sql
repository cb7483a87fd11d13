{#-
  Whether an order counts as sold. An order of the shop counts once it is paid, also when it is cancelled later
  (the credit note takes it back on its own date). An imported order always counts: what its source lists is sold.
  What is given away (replacements, samples, gifts) is no sale.
  Only imports know a `source_status` or leave the header's amounts to the lines.
-#}
{% macro is_sale(orders) -%}
    (
        {{ orders }}.purpose = 'sale'
        and ({{ orders }}.paid_at is not null or {{ orders }}.source_status is not null or {{ orders }}.total is null)
    )
{%- endmacro %}
