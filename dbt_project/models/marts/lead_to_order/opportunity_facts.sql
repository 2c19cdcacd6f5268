-- One row per opportunity: how it ended, what it was worth, the confirmed orders that came of it.
{% set window = var('order_window_days') | int -%}
with ordered as (
  select
    opportunity_id,
    order_id,
    confirmed_on,
    net_booked,
    row_number() over (partition by opportunity_id order by confirmed_at, order_id) as sequence
  from {{ ref('order_facts') }}
  where not is_excluded and opportunity_id is not null
),

summed as (
  select
    opportunity_id,
    count(*) as order_count,
    {{ full_sum('net_booked') }} as net_booked,
    min(case when sequence = 1 then order_id end) as first_order_id,
    min(confirmed_on) as first_order_on
  from ordered
  group by opportunity_id
),

judged as (
  select
    opportunities.*,
    coalesce(summed.order_count, 0) as order_count,
    case when summed.opportunity_id is null then 0 else summed.net_booked end as net_booked,
    summed.first_order_id,
    summed.first_order_on,
    {{ days_between('opportunities.created_on', 'summed.first_order_on') }} as days_to_order,
    {{ days_between('opportunities.created_on', 'opportunities.closed_on') }} as days_to_close,
    {{ days_between('opportunities.created_on', 'as_of.as_of_on') }} as age_days
  from {{ ref('int_opportunity') }} as opportunities
  cross join {{ ref('int_as_of') }} as as_of
  left join summed on opportunities.opportunity_id = summed.opportunity_id
)

select
  opportunity_id,
  lead_id,
  account_id,
  customer_id,
  salesperson_id,
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
  coalesce(days_to_order between 0 and {{ window }}, false) as is_order_within_window,
  coalesce(age_days >= {{ window }}, false) as is_order_window_mature,
  cast(net_booked as decimal(18, 2)) as net_booked,
  source_system,
  source_object,
  source_file,
  source_row,
  source_sha256
from judged
