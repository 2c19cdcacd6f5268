{#- The columns that every scorecard adds up, and the ratios it derives from them as the metric registry defines these. -#}
{% macro scorecard_sums(alias) -%}
  {%- for column in [
    'marketing_spend', 'acquisition_spend', 'media_spend', 'shared_spend', 'unallocated_spend',
    'attributed_booked',
    'attributed_invoiced', 'attributed_cogs', 'attributed_gross_profit', 'attributed_contribution', 'attributed_collected', 'attributed_after_sales', 'net_booked',
  ] %}
  cast(sum({{ alias }}.{{ column }}) as decimal(18, 2)) as {{ column }},
  {%- endfor %}
  {%- for column in [
    'leads', 'leads_with_opportunity', 'opportunities', 'orders', 'lines_due', 'lines_on_time',
  ] %}
  cast(sum({{ alias }}.{{ column }}) as bigint) as {{ column }},
  {%- endfor %}
  cast(sum({{ alias }}.new_customers) as decimal(18, 9)) as new_customers
{%- endmacro %}

{#- numerator ÷ denominator to 8 decimals, exactly; NULL when the denominator is 0. -#}
{% macro ratio(numerator, denominator) -%}
  {{ proportion('1', numerator, denominator, 8) }}
{%- endmacro %}

{#- The same for amounts of up to 9 decimals, such as weights; NULL when the denominator is 0. -#}
{% macro fine_ratio(numerator, denominator) -%}
  {{ ratio('(' ~ numerator ~ ') * 100000', '(' ~ denominator ~ ') * 100000') }}
{%- endmacro %}
