{#-
  The columns that every scorecard adds up, with the decimals each has, in the order they are told. Costs; whom it met and
  what came of it, by origin; delivery and quality of orders by origin; money by attribution, as it is true today, and
  as it was reported (`_reported`: what closed months said when they were closed).
-#}
{% macro scorecard_columns() -%}
  {%- set columns = {
    'marketing_spend': 2, 'acquisition_spend': 2, 'media_spend': 2, 'shared_spend': 2, 'unallocated_spend': 2,
    'staged_spend': 2, 'sales_time_cost': 2,
    'touches': 0, 'leads': 0, 'mqls': 0, 'sqls': 0, 'leads_with_opportunity': 0, 'opportunities': 0, 'quotes': 0,
    'orders': 0, 'new_customers': 9,
    'net_booked': 2, 'origin_invoiced': 2, 'origin_collected': 2, 'origin_contribution': 2, 'origin_after_sales': 2,
    'lines_due': 0, 'lines_on_time': 0, 'orders_delivered': 0, 'delivery_days': 0,
    'units_shipped': 4, 'units_returned': 4, 'units_repaired': 0, 'tickets': 0,
  } -%}
  {%- for version in ['', '_reported'] -%}
    {%- for measure in scorecard_measures() -%}{%- do columns.update({'attributed_' ~ measure ~ version: 2}) -%}{%- endfor -%}
  {%- endfor -%}
  {{ return(columns) }}
{%- endmacro %}

{#- What is attributed, in the order it is told. -#}
{% macro scorecard_measures() -%}
  {{ return(['booked', 'invoiced', 'cogs', 'gross_profit', 'contribution', 'collected', 'after_sales']) }}
{%- endmacro %}

{#- Sums of those columns. -#}
{% macro scorecard_sums(alias) -%}
  {%- for column, places in scorecard_columns().items() %}
  cast(sum({{ alias }}.{{ column }}) as {{ 'bigint' if places == 0 else 'decimal(18, ' ~ places ~ ')' }}) as {{ column }}
  {{- ',' if not loop.last }}
  {%- endfor %}
{%- endmacro %}

{#-
  Why attributed money of closed months is told differently today: the reasons by which credits of the default model were
  restated, in the order of the alphabet, one row per `keys` (name → SQL over attribution_restatement as `credit`). A derived table.
-#}
{% macro restatement_reasons(keys) -%}
(
  select
    {%- for name in keys %}
    {{ name }},
    {%- endfor %}
    {{ joined_in_order('reason', 'reason', ', ') }} as reasons
  from (
    select distinct
      {%- for name, sql in keys.items() %}
      {{ sql }} as {{ name }},
      {%- endfor %}
      reason
    from {{ ref('attribution_restatement') }} as credit
    where model = '{{ var("default_attribution_model") }}'
  ) as restated
  group by {{ keys | join(', ') }}
)
{%- endmacro %}

{#- numerator ÷ denominator to 8 decimals, exactly; NULL when the denominator is 0. -#}
{% macro ratio(numerator, denominator) -%}
  {{ proportion('1', numerator, denominator, 8) }}
{%- endmacro %}

{#- The same where the denominator may be a cent, so that the ratio can be long: decimal(28, 8). -#}
{% macro long_ratio(numerator, denominator) -%}
  {{ proportion('1', numerator, denominator, 8, 28) }}
{%- endmacro %}

{#- The same for amounts of up to 9 decimals, such as weights; NULL when the denominator is 0. -#}
{% macro fine_ratio(numerator, denominator, digits=18) -%}
  {{ proportion('1', '(' ~ numerator ~ ') * 100000', '(' ~ denominator ~ ') * 100000', 8, digits) }}
{%- endmacro %}
