-- Where each marketing cost belongs: campaign and channel, by month. The rows of one cost add up to it, to the cent.
-- Media booked for a span of days is spread over its months by days (cumulative rounding); any other cost stands on
-- the day its service began, else on the day it was spent. What names neither campaign nor channel is overhead: each
-- month's is shared among channels by their direct cost of that month (cumulative rounding; apart for campaigns of
-- retention, so that acquisition bears its own part), and stays unallocated in a month without direct cost.
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
),

placed as (
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
    by_days.campaign_id is not null or by_days.channel_id <> 'unknown' as is_direct,
    coalesce(by_days.cost_type = 'media', false) as is_media,
    coalesce(by_days.objective <> 'retention', true) as is_acquisition
  from by_days
),

-- The driver of overhead: direct cost, of a channel and month, for acquisition or not.
driven as (
  select
    month,
    channel_id,
    is_acquisition,
    sum(amount) as weight
  from placed
  where is_direct
  group by month, channel_id, is_acquisition
  having sum(amount) > 0
),

driver as (
  select
    month,
    channel_id,
    is_acquisition,
    weight,
    sum(weight) over (
      partition by month order by channel_id, is_acquisition rows unbounded preceding
    ) as weight_to_here,
    sum(weight) over (partition by month) as weight_total
  from driven
)

select
  cost_allocation_id,
  spend_id,
  campaign_id,
  channel_id,
  cost_type,
  stage,
  allocated_on,
  month,
  amount,
  'direct' as basis,
  cast(null as string) as driver,
  cast(null as string) as reason,
  is_media,
  is_acquisition
from placed
where is_direct
union all
select
  placed.cost_allocation_id || case
    when driver.month is null then ''
    else ':' || driver.channel_id || case when driver.is_acquisition then ':acquisition' else ':retention' end
  end as cost_allocation_id,
  placed.spend_id,
  placed.campaign_id,
  coalesce(driver.channel_id, placed.channel_id) as channel_id,
  placed.cost_type,
  placed.stage,
  placed.allocated_on,
  placed.month,
  cast(
    case
      when driver.month is null then placed.amount
      else {{ proportion('placed.amount', 'driver.weight_to_here', 'driver.weight_total') }}
        - {{ proportion('placed.amount', 'driver.weight_to_here - driver.weight', 'driver.weight_total') }}
    end as decimal(18, 2)
  ) as amount,
  case when driver.month is null then 'unallocated' else 'shared' end as basis,
  case when driver.month is not null then 'direct_cost' end as driver,
  case when driver.month is null then 'no_campaign_or_channel' end as reason,
  placed.is_media,
  coalesce(driver.is_acquisition, placed.is_acquisition) as is_acquisition
from placed
left join driver on placed.month = driver.month
where not placed.is_direct
