{#- Amounts of the price waterfall, in the order in which they follow from one another. -#}
{% macro waterfall_amounts() -%}
  {{ return([
    'list_value', 'discount', 'unlisted', 'net_ordered', 'cancelled', 'net_booked', 'not_invoiced',
    'invoice_exchange_difference', 'gross_invoiced', 'credited', 'net_invoiced', 'cogs', 'uncosted', 'gross_profit',
    'freight', 'commission', 'rebate', 'after_sales', 'bad_debt', 'contribution', 'collected',
    'collection_exchange_difference', 'written_off', 'open_amount',
  ]) }}
{%- endmacro %}
