-- Where each marketing cost belongs: campaign and channel, by month. The rows of one cost add up to it, to the cent.
-- Media booked for a span of days is spread over its months by days (cumulative rounding); any other cost stands on
-- the day its service began, else on the day it was spent.
with spend as (
  select
    spend.spend_id,
    spend.campaign_id,
    spend.channel_id,
    spend.objective,
    spend.cost_type,
    spend.stage,
    spend.amount_functional as amount,
    coalesce(spend.service_from, spend.spent_on) as first_on,
    case
      when spend.cost_type = 'media' and spend.service_to > spend.service_from then spend.service_to
      else coalesce(spend.service_from, spend.spent_on)
    end as last_on
  from {{ ref('int_spend') }} as spend
),

digit as (
  select listed.n
  from (values (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) as listed (n)
),

-- Months after the first one; a service may span up to 1000 of them.
offsets as (
  select 100 * hundreds.n + 10 * tens.n + units.n as months
  from digit as hundreds
  cross join digit as tens
  cross join digit as units
),

by_month as (
  select
    spend.*,
    {{ month_after('spend.first_on', 'offsets.months') }} as month,
    {{ month_after('spend.first_on', 'offsets.months + 1') }} as next_month
  from spend
  inner join offsets
    on
      {{ month_after('spend.first_on', 'offsets.months') }} <= spend.last_on
      -- The plain case must not try a thousand months.
      and (offsets.months = 0 or spend.last_on > spend.first_on)
),

by_days as (
  select
    *,
    {{ days_between('first_on', 'last_on') }} + 1 as days_in_all,
    case
      when next_month > last_on then {{ days_between('first_on', 'last_on') }} + 1
      else {{ days_between('first_on', 'next_month') }}
    end as days_until,
    case when month > first_on then {{ days_between('first_on', 'month') }} else 0 end as days_before
  from by_month
)

select
  by_days.spend_id || ':' || cast(by_days.month as string) as cost_allocation_id,
  by_days.spend_id,
  by_days.campaign_id,
  by_days.channel_id,
  by_days.cost_type,
  by_days.stage,
  case when by_days.month > by_days.first_on then by_days.month else by_days.first_on end as allocated_on,
  by_days.month,
  cast(
    {{ proportion('by_days.amount', 'by_days.days_until', 'by_days.days_in_all') }}
    - {{ proportion('by_days.amount', 'by_days.days_before', 'by_days.days_in_all') }} as decimal(18, 2)
  ) as amount,
  case
    when by_days.campaign_id is not null or by_days.channel_id <> 'unknown' then 'direct'
    else 'unallocated'
  end as basis,
  case
    when by_days.campaign_id is null and coalesce(by_days.channel_id, 'unknown') = 'unknown'
      then 'no_campaign_or_channel'
  end as reason,
  coalesce(by_days.cost_type = 'media', false) as is_media,
  coalesce(by_days.objective <> 'retention', true) as is_acquisition
from by_days
