-- The price waterfall by month of order, channel and product family: the sums of its lines.
select
  month,
  channel_id,
  product_family,
  cast(count(order_line_id) as bigint) as order_line_count,
  {%- for amount in waterfall_amounts() %}
  cast(sum({{ amount }}) as decimal(18, 2)) as {{ amount }}{{ ',' if not loop.last }}
  {%- endfor %}
from {{ ref('price_waterfall') }}
group by month, channel_id, product_family
