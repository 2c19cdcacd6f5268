-- Who came back: the buyers of each period, and what the same accounts bought in the next. A buyer has an order whose
-- lines sum to more than 0, by the day it was confirmed; revenue is the net booked of these orders. A row stands in the
-- later of the two periods. New customers are in no figure of it, so net retention above 1 is growth of those kept.
{% set cuts = {
  'total': none, 'channel': 'channel_id', 'distributor': 'distributor_id', 'customer_segment': 'customer_segment',
  'customer_region': 'customer_region',
} -%}
{%- set kinds = ['quarter', 'half_year', 'year'] -%}
with purchase as (
  select
    orders.account_id,
    orders.confirmed_on,
    orders.net_booked
  from {{ ref('order_facts') }} as orders
  inner join {{ ref('int_as_of') }} as as_of on orders.confirmed_on <= as_of.as_of_on
  where orders.is_net_positive and orders.account_id is not null
),

bought as (
  {%- for kind in kinds %}
  select
    account_id,
    '{{ kind }}' as period_kind,
    {{ period_start_of('confirmed_on', kind) }} as period_start,
    {{ month_after(period_start_of('confirmed_on', kind), period_months(kind)) }} as next_start,
    sum(net_booked) as revenue
  from purchase
  group by
    account_id, {{ period_start_of('confirmed_on', kind) }},
    {{ month_after(period_start_of('confirmed_on', kind), period_months(kind)) }}
  {{ 'union all' if not loop.last }}
  {%- endfor %}
),

pair as (
  select
    earlier.period_kind,
    earlier.next_start as period_start,
    customers.origin_channel_id as channel_id,
    coalesce(customers.distributor_id, 'unknown') as distributor_id,
    coalesce(customers.segment, 'unknown') as customer_segment,
    coalesce(customers.region, 'unknown') as customer_region,
    earlier.revenue as revenue_before,
    coalesce(later.revenue, 0) as revenue_now,
    later.account_id is not null as is_kept
  from bought as earlier
  inner join {{ ref('customer_facts') }} as customers on earlier.account_id = customers.account_id
  inner join {{ ref('int_as_of') }} as as_of on earlier.next_start <= as_of.as_of_on
  left join bought as later
    on
      earlier.account_id = later.account_id
      and earlier.period_kind = later.period_kind
      and earlier.next_start = later.period_start
)

{% for cut, column in cuts.items() %}
{%- if not loop.first %}
union all
{% endif %}
select
  '{{ cut }}' as cut,
  period_kind,
  period_start,
  {%- for each in cuts.values() if each %}
  {{ each if each == column else 'cast(null as string)' }} as {{ each }},
  {%- endfor %}
  count(*) as buyers_before,
  cast(sum(case when is_kept then 1 else 0 end) as bigint) as buyers_kept,
  cast(sum(revenue_before) as decimal(18, 2)) as revenue_before,
  cast(sum(least(revenue_now, revenue_before)) as decimal(18, 2)) as revenue_kept,
  cast(sum(revenue_now) as decimal(18, 2)) as revenue_now
from pair
group by period_kind, period_start{{ ', ' ~ column if column }}
{% endfor %}
