-- The price waterfall by month of order, channel and product family: the sums of its lines.
select
  {%- for amount in waterfall_amounts() %}
  cast(sum({{ amount }}) as decimal(18, 2)) as {{ amount }},
  {%- endfor %}
  cast(count(order_line_id) as bigint) as order_line_count,
  month,
  channel_id,
  product_family
from {{ ref('price_waterfall') }}
group by month, channel_id, product_family
