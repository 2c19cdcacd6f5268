-- Stock against what is sold of it: the mean of 13 month-end values and the cost of goods of the 12 months between them, at the
-- end of each period. Machines lent for demonstration are no stock for sale and are left out. Only closed months count, and
-- only where each of the 13 month ends was counted (a family with nothing then is 0). A quarter, half-year or year has the
-- values of its last month, once that is closed; all time those of the latest month.
{%- set cuts = ['total', 'product_family'] %}
with stock as (
  select
    inventory.month,
    coalesce(products.family, 'unknown') as product_family,
    inventory.value
  from {{ ref('inventory_facts') }} as inventory
  left join {{ ref('dim_product') }} as products on inventory.product_id = products.product_id
  where inventory.is_month_end and coalesce(inventory.kind, 'fg') <> 'demo'
),

counted as (
  select distinct stock.month
  from stock
  cross join {{ ref('int_as_of') }} as as_of
  where {{ month_end('stock.month') }} <= as_of.as_of_on
),

whole_year as (
  select ends.month
  from counted as ends
  inner join counted as earlier
    on ends.month >= earlier.month and {{ month_after('ends.month', -12) }} <= earlier.month
  group by ends.month
  having count(*) = 13
),

sold as (
  select
    {{ month_start('lines.invoiced_on') }} as month,
    coalesce(products.family, 'unknown') as product_family,
    lines.cogs
  from {{ ref('invoice_line_facts') }} as lines
  left join {{ ref('dim_product') }} as products on lines.product_id = products.product_id
  where not lines.is_excluded and lines.cogs is not null
),

{%- for table, amount, months in [('stock', 'value', 12), ('sold', 'cogs', 11)] %}

{{ table }}_cell as (
  {%- for cut in cuts %}
  select
    '{{ cut }}' as cut,
    {{ 'rows_.product_family' if cut == 'product_family' else "'all'" }} as family,
    whole_year.month,
    {{ full_sum('rows_.' ~ amount) }} as amount
  from whole_year
  inner join {{ table }} as rows_
    on whole_year.month >= rows_.month and {{ month_after('whole_year.month', -months) }} <= rows_.month
  group by {{ 'rows_.product_family, ' if cut == 'product_family' }}whole_year.month
  {{ 'union all' if not loop.last }}
  {%- endfor %}
),
{%- endfor %}

monthly as (
  select
    stock_cell.cut,
    stock_cell.family,
    stock_cell.month,
    {{ proportion('1', 'stock_cell.amount', '13') }} as mean_value,
    cast(coalesce(sold_cell.amount, 0) as decimal(18, 2)) as cogs
  from stock_cell
  left join sold_cell
    on
      stock_cell.cut = sold_cell.cut
      and stock_cell.family = sold_cell.family
      and stock_cell.month = sold_cell.month
),

latest as (
  select max(month) as month
  from monthly
),

period as (
  {%- for kind in ['month', 'quarter', 'half_year', 'year'] %}
  select
    monthly.*,
    '{{ kind }}' as period_kind,
    {{ period_start_of('monthly.month', kind) }} as period_start
  from monthly
  where {{ period_start_of(month_after('monthly.month', 1), kind) }} <> {{ period_start_of('monthly.month', kind) }}
  union all
  {%- endfor %}
  select
    monthly.*,
    'all' as period_kind,
    cast(null as date) as period_start
  from monthly
  inner join latest on monthly.month = latest.month
)

select
  cut,
  period_kind,
  period_start,
  case when cut = 'product_family' then family end as product_family,
  month as closing_month,
  mean_value,
  cogs,
  cast(mean_value * 365 as decimal(18, 2)) as value_days
from period
