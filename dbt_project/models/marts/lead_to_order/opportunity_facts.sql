-- One row per opportunity: how it ended, what it was worth, the confirmed orders that came of it. An order before the
-- opportunity, or after the as-of date, is in no window; a later one within it still counts.
{% set window = var('order_window_days') | int -%}
with ordered as (
  select
    orders.opportunity_id,
    orders.order_id,
    orders.confirmed_on,
    orders.net_booked,
    {{ days_between('opportunities.created_on', 'orders.confirmed_on') }} between 0 and {{ window }}
    and orders.confirmed_on <= as_of.as_of_on as is_within_window,
    row_number() over (partition by orders.opportunity_id order by orders.confirmed_at, orders.order_id) as sequence
  from {{ ref('order_facts') }} as orders
  inner join {{ ref('int_opportunity') }} as opportunities on orders.opportunity_id = opportunities.opportunity_id
  cross join {{ ref('int_as_of') }} as as_of
  where not orders.is_excluded
),

summed as (
  select
    opportunity_id,
    count(*) as order_count,
    sum(case when is_within_window then 1 else 0 end) as count_within_window,
    {{ full_sum('net_booked') }} as net_booked,
    min(case when sequence = 1 then order_id end) as first_order_id,
    min(confirmed_on) as first_order_on
  from ordered
  group by opportunity_id
),

judged as (
  select
    opportunities.*,
    people.team as sales_team,
    customers.segment as customer_segment,
    customers.region as customer_region,
    coalesce(summed.order_count, 0) as order_count,
    coalesce(summed.count_within_window, 0) as count_within_window,
    case when summed.opportunity_id is null then 0 else summed.net_booked end as net_booked,
    summed.first_order_id,
    summed.first_order_on,
    {{ days_between('opportunities.created_on', 'summed.first_order_on') }} as days_to_order,
    {{ days_between('opportunities.created_on', 'opportunities.closed_on') }} as days_to_close,
    {{ days_between('opportunities.created_on', 'as_of.as_of_on') }} as age_days
  from {{ ref('int_opportunity') }} as opportunities
  cross join {{ ref('int_as_of') }} as as_of
  left join summed on opportunities.opportunity_id = summed.opportunity_id
  left join {{ ref('dim_salesperson') }} as people on opportunities.salesperson_id = people.salesperson_id
  left join {{ ref('customer_facts') }} as customers on opportunities.account_id = customers.account_id
)

select
  opportunity_id,
  lead_id,
  account_id,
  customer_id,
  customer_segment,
  customer_region,
  salesperson_id,
  sales_team,
  distributor_id,
  origin_channel_id,
  origin_campaign_id,
  origin_rule,
  created_at,
  created_on,
  closed_at,
  closed_on,
  expected_close_on,
  stage,
  is_won,
  is_lost,
  is_open,
  loss_reason,
  lead_created_on,
  is_won_before_contact,
  days_to_close,
  amount,
  currency,
  valued_on,
  rate,
  rate_id,
  has_rate,
  amount_functional,
  order_count,
  order_count > 0 as has_order,
  first_order_id,
  first_order_on,
  days_to_order,
  count_within_window > 0 as is_order_within_window,
  coalesce(age_days >= {{ window }}, false) as is_order_window_mature,
  cast(net_booked as decimal(18, 2)) as net_booked,
  source_system,
  source_object,
  source_file,
  source_row,
  source_sha256
from judged
