-- When each marketing cost counts, in each view, before overhead is shared. The parts of one cost add up to it in each
-- view, to the cent.
-- Media booked for a span of days is spread over its months by days; a cost of a show stands in the show's month (view
-- event) or is spread evenly over the months it is of benefit (view benefit); any other cost stands on the day its service
-- began, else on the day it was spent. What a show has bought for several shows is borne by the shows that carry the same
-- booth, in their order, as they come; the rest waits for a show. What lies after the as-of date waits for its date.
with listed as (
  select
    *,
    {{ is_exhibition('spend') }} as is_exhibition,
    coalesce(spend.cost_type = 'media' and spend.service_to > spend.service_from, false) as is_spread
  from {{ ref('int_spend') }} as spend
),

spend as (
  select
    listed.spend_id,
    listed.campaign_id,
    listed.channel_id,
    listed.objective,
    listed.cost_type,
    listed.stage,
    listed.cost_functional as amount,
    listed.is_exhibition,
    case when listed.is_exhibition then coalesce(listed.planned_shows, 1) else 1 end as planned_shows,
    shows.booth,
    coalesce(shows.starts_on, listed.service_from, listed.spent_on) as first_on,
    case
      when listed.is_spread then listed.service_to
      else coalesce(shows.starts_on, listed.service_from, listed.spent_on)
    end as last_on
  from listed
  left join {{ ref('dim_campaign') }} as shows on listed.is_exhibition and listed.campaign_id = shows.campaign_id
),

-- The shows after its own that use what was bought, in their order.
reused as (
  select
    spend.spend_id,
    shows.campaign_id,
    shows.channel_id,
    shows.objective,
    shows.starts_on as first_on,
    1 + row_number() over (partition by spend.spend_id order by shows.starts_on, shows.campaign_id) as use_number
  from spend
  inner join {{ ref('dim_campaign') }} as shows
    on
      spend.booth = shows.booth
      and spend.campaign_id <> shows.campaign_id
      and spend.first_on <= shows.starts_on
  inner join {{ ref('int_as_of') }} as as_of on shows.starts_on <= as_of.as_of_on
  where spend.planned_shows > 1
),

used as (
  select
    spend_id,
    count(*) as uses
  from reused
  group by spend_id
),

-- One row per cost and show that bears a part of it; use_number 0 is what no show has borne yet.
borne as (
  select
    spend_id,
    campaign_id,
    channel_id,
    objective,
    cost_type,
    stage,
    is_exhibition,
    first_on,
    last_on,
    1 as use_number,
    {{ cumulative_part('amount', '0', '1', 'planned_shows') }} as amount
  from spend
  union all
  select
    spend.spend_id,
    reused.campaign_id,
    reused.channel_id,
    reused.objective,
    spend.cost_type,
    spend.stage,
    spend.is_exhibition,
    reused.first_on,
    reused.first_on as last_on,
    reused.use_number,
    {{ cumulative_part('spend.amount', 'reused.use_number - 1', '1', 'spend.planned_shows') }} as amount
  from reused
  inner join spend on reused.spend_id = spend.spend_id
  where reused.use_number <= spend.planned_shows
  union all
  select
    spend.spend_id,
    spend.campaign_id,
    spend.channel_id,
    spend.objective,
    spend.cost_type,
    spend.stage,
    spend.is_exhibition,
    spend.first_on,
    spend.last_on,
    0 as use_number,
    cast(
      spend.amount - {{ proportion('spend.amount', '1 + coalesce(used.uses, 0)', 'spend.planned_shows') }}
      as decimal(18, 2)
    ) as amount
  from spend
  left join used on spend.spend_id = used.spend_id
  where spend.planned_shows > 1 + coalesce(used.uses, 0)
),

-- How far each part reaches, and by what its months are weighed: evenly or by days.
viewed as (
  select
    views.view,
    borne.*,
    views.view = 'benefit' and borne.is_exhibition and borne.use_number > 0 as is_even,
    case
      when views.view = 'benefit' and borne.is_exhibition and borne.use_number > 0
        then {{ month_after('borne.first_on', var('benefit_months') - 1) }}
      else borne.last_on
    end as reaches
  from borne
  cross join {{ cost_views() }} as views
),

month as (
  select
    viewed.*,
    offsets.n as months,
    case when offsets.n = 0 then viewed.first_on else {{ month_after('viewed.first_on', 'offsets.n') }} end as starts,
    case
      when viewed.is_even or viewed.last_on = viewed.first_on
        then case when offsets.n = 0 then viewed.first_on else {{ month_after('viewed.first_on', 'offsets.n') }} end
      when {{ month_end(month_after('viewed.first_on', 'offsets.n')) }} < viewed.last_on
        then {{ month_end(month_after('viewed.first_on', 'offsets.n')) }}
      else viewed.last_on
    end as ends
  from viewed
  -- a service may span up to 1000 months; the plain case must not try a thousand
  inner join {{ number_series(1000) }} as offsets
    on
      (offsets.n = 0 or viewed.reaches > viewed.first_on)
      and {{ month_after('viewed.first_on', 'offsets.n') }} <= viewed.reaches
),

-- A month that the as-of date divides is two: what had been due by then, and what waits.
due as (
  select
    month.*,
    true as is_due,
    case when month.ends <= as_of.as_of_on then month.ends else as_of.as_of_on end as to_here,
    month.starts as from_here
  from month
  inner join {{ ref('int_as_of') }} as as_of on month.starts <= as_of.as_of_on
  union all
  select
    month.*,
    false as is_due,
    month.ends as to_here,
    case when month.starts > as_of.as_of_on then month.starts else {{ add_days('as_of.as_of_on', 1) }} end as from_here
  from month
  inner join {{ ref('int_as_of') }} as as_of on month.ends > as_of.as_of_on
)

select
  view,
  spend_id || ':' || cast({{ month_start('from_here') }} as string)
  || case when use_number > 1 then ':' || campaign_id when use_number = 0 then ':rest' else '' end
  || case when is_due then '' else ':waiting' end as cost_part_id,
  spend_id,
  campaign_id,
  channel_id,
  cost_type,
  stage,
  from_here as allocated_on,
  {{ month_start('from_here') }} as month,
  case
    when is_even then {{ cumulative_part('amount', 'months', '1', var('benefit_months')) }}
    else {{ cumulative_part(
      'amount',
      days_between('first_on', 'from_here'),
      '(' ~ days_between('from_here', 'to_here') ~ ' + 1)',
      '(' ~ days_between('first_on', 'last_on') ~ ' + 1)'
    ) }}
  end as amount,
  campaign_id is not null or channel_id <> 'unknown' as is_direct,
  case
    when not is_due then 'not_yet_due'
    when use_number = 0 then 'booth_not_yet_used'
  end as waits_for,
  is_exhibition,
  coalesce(cost_type = 'media', false) as is_media,
  coalesce(objective <> 'retention', true) as is_acquisition
from due
