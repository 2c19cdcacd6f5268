{#-
  What was bought together. CTEs: `basket`, one row per grain (`order`, or `customer`: everything it ever ordered), basket
  and product; `whole`, the number of baskets of each grain.
-#}
{% macro baskets() -%}
bought as (
  select
    order_id,
    account_id,
    product_id
  from {{ ref('order_line_facts') }}
  where not is_excluded and product_id is not null and net_booked > 0
),

basket as (
  select distinct
    'order' as grain,
    order_id as basket_id,
    product_id
  from bought
  union all
  select distinct
    'customer' as grain,
    account_id as basket_id,
    product_id
  from bought
  where account_id is not null
),

whole as (
  select
    grain,
    count(distinct basket_id) as basket_count
  from basket
  group by grain
)
{%- endmacro %}
