-- Units returned within the window by reason, over all units shipped: the denominator of a reason is what was shipped, whatever
-- came of it, so its rows stand in a period table. Cohorts by the first shipment of the order line; one row per cut, member and
-- period with a shipment, and per reason that the company ever met. The reasons of a cell add up to its total.
{% set window = var('return_window_days') | int -%}
with shipped as (
  select
    quality.order_line_id,
    quality.first_shipped_on,
    coalesce(products.family, 'unknown') as product_family,
    quality.quantity_shipped
  from {{ ref('shipped_line_quality') }} as quality
  left join {{ ref('dim_product') }} as products on quality.product_id = products.product_id
  cross join {{ ref('int_as_of') }} as as_of
  where not quality.is_excluded and quality.first_shipped_on <= as_of.as_of_on
),

came_back as (
  select
    shipped.first_shipped_on,
    shipped.product_family,
    coalesce(returns.reason, 'unknown') as return_reason,
    returns.quantity
  from {{ ref('return_facts') }} as returns
  inner join shipped on returns.order_line_id = shipped.order_line_id
  where returns.days_since_shipped <= {{ window }}
),

reason as (
  select distinct return_reason
  from came_back
),

{%- for table, quantity in {'shipped': 'quantity_shipped', 'came_back': 'quantity'}.items() %}

{{ table }}_cell as (
  {%- for cut in ['total', 'product_family'] %}
  {%- for kind in ['month', 'quarter', 'half_year', 'year', 'all'] %}
  select
    '{{ cut }}' as cut,
    '{{ kind }}' as period_kind,
    {{ period_start_of('first_shipped_on', kind) }} as period_start,
    {{ 'product_family' if cut == 'product_family' else "'all'" }} as family,
    {{ 'return_reason,' if table == 'came_back' }}
    sum({{ quantity }}) as quantity
  from {{ table }}
  group by
    {{ period_start_of('first_shipped_on', kind) }},
    {{ 'product_family' if cut == 'product_family' else "'all'" }}
    {{- ', return_reason' if table == 'came_back' }}
  {{ 'union all' if not (loop.last and cut == 'product_family') }}
  {%- endfor %}
  {%- endfor %}
),
{%- endfor %}

combined as (
  select
    shipped_cell.cut,
    shipped_cell.period_kind,
    shipped_cell.period_start,
    shipped_cell.family,
    shipped_cell.quantity as units_shipped,
    reason.return_reason,
    coalesce(came_back_cell.quantity, 0) as units_returned
  from shipped_cell
  cross join reason
  left join came_back_cell
    on
      shipped_cell.cut = came_back_cell.cut
      and shipped_cell.period_kind = came_back_cell.period_kind
      and coalesce(shipped_cell.period_start, date '1900-01-01')
      = coalesce(came_back_cell.period_start, date '1900-01-01')
      and shipped_cell.family = came_back_cell.family
      and reason.return_reason = came_back_cell.return_reason
)

select
  case when cut = 'total' then 'return_reason' else cut || '+return_reason' end as cut,
  period_kind,
  period_start,
  case when cut = 'product_family' then family end as product_family,
  return_reason,
  cast(units_returned as decimal(18, 4)) as units_returned,
  cast(units_shipped as decimal(18, 4)) as units_shipped
from combined

union all

select
  shipped_cell.cut,
  shipped_cell.period_kind,
  shipped_cell.period_start,
  case when shipped_cell.cut = 'product_family' then shipped_cell.family end as product_family,
  cast(null as string) as return_reason,
  cast(sum(coalesce(combined.units_returned, 0)) as decimal(18, 4)) as units_returned,
  cast(max(shipped_cell.quantity) as decimal(18, 4)) as units_shipped
from shipped_cell
left join combined
  on
    shipped_cell.cut = combined.cut
    and shipped_cell.period_kind = combined.period_kind
    and coalesce(shipped_cell.period_start, date '1900-01-01') = coalesce(combined.period_start, date '1900-01-01')
    and shipped_cell.family = combined.family
group by shipped_cell.cut, shipped_cell.period_kind, shipped_cell.period_start, shipped_cell.family
