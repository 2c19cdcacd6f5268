-- Stock at distributors against what they sell of it, at the end of each period: three times the stock and what was sold on
-- in three months, so that their quotient is months of stock. Only closed months count, and only distributors whose reports
-- have no gap. A quarter, half-year or year has the figures of its last month, once that is closed; all time those of the
-- latest month with any.
{%- set cuts = {
  'total': none, 'distributor': 'distributor_id', 'product': 'product_id', 'product_family': 'product_family'
} %}
with cell as (
  select
    stock.month,
    stock.distributor_id,
    coalesce(stock.product_id, 'unknown') as product_id,
    coalesce(products.family, 'unknown') as product_family,
    stock.stock_quantity,
    stock.sell_out_3m_quantity
  from {{ ref('distributor_stock_month') }} as stock
  left join {{ ref('dim_product') }} as products on stock.product_id = products.product_id
  cross join {{ ref('int_as_of') }} as as_of
  where stock.sell_out_3m_quantity is not null and {{ month_end('stock.month') }} <= as_of.as_of_on
),

latest as (
  select max(month) as month
  from cell
),

period as (
  {%- for kind in ['month', 'quarter', 'half_year', 'year'] %}
  select
    cell.*,
    '{{ kind }}' as period_kind,
    {{ period_start_of('cell.month', kind) }} as period_start
  from cell
  where {{ period_start_of(month_after('cell.month', 1), kind) }} <> {{ period_start_of('cell.month', kind) }}
  union all
  {%- endfor %}
  select
    cell.*,
    'all' as period_kind,
    cast(null as date) as period_start
  from cell
  inner join latest on cell.month = latest.month
)

{%- for cut, column in cuts.items() %}
{{ 'union all' if not loop.first }}
select
  '{{ cut }}' as cut,
  period_kind,
  period_start,
  {{ 'distributor_id' if cut == 'distributor' else 'cast(null as string)' }} as distributor_id,
  {{ 'product_id' if cut == 'product' else 'cast(null as string)' }} as product_id,
  {{ 'product_family' if cut == 'product_family' else 'cast(null as string)' }} as product_family,
  month as closing_month,
  cast(sum(stock_quantity) as decimal(18, 4)) as stock_quantity,
  cast(3 * sum(stock_quantity) as decimal(18, 4)) as three_times_stock,
  cast(sum(sell_out_3m_quantity) as decimal(18, 4)) as sell_out_3m_quantity,
  count(*) as cells
from period
group by period_kind, period_start, month{{ ', ' ~ column if column }}
{%- endfor %}
