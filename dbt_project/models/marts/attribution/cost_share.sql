-- Who bears each part of a marketing cost, in each view. What names a campaign or a channel is direct. What names neither
-- is overhead: it is shared among the channels by what drives it in its month (cumulative rounding; apart for campaigns of
-- retention, so that acquisition bears its own part), and stays unallocated where nothing drove it. What waits for its
-- date or for a show is unallocated too.
{% set of_campaign = "coalesce(campaigns.objective <> 'retention', true)" -%}
with part as (
  select
    parts.*,
    parts.is_direct and parts.waits_for is null as is_borne,
    case
      when not parts.is_direct and parts.waits_for is null then {{ overhead_driver('parts.cost_type') }}
    end as driver
  from {{ ref('cost_part') }} as parts
),

-- What drives overhead besides cost, of a channel and month, for acquisition or not.
measured as (
  select
    'hours' as driver,
    {{ month_start('worked_on') }} as month,
    channel_id,
    is_acquisition,
    cast(hours as decimal(38, 4)) as weight
  from {{ ref('work_hours_facts') }}
  union all
  select
    'touches' as driver,
    {{ month_start('touches.touched_on') }} as month,
    touches.channel_id,
    {{ of_campaign }} as is_acquisition,
    cast(1 as decimal(38, 4)) as weight
  from {{ ref('touch_facts') }} as touches
  left join {{ ref('dim_campaign') }} as campaigns on touches.campaign_id = campaigns.campaign_id
  union all
  select
    'leads' as driver,
    {{ month_start('leads.created_on') }} as month,
    leads.origin_channel_id as channel_id,
    {{ of_campaign }} as is_acquisition,
    cast(1 as decimal(38, 4)) as weight
  from {{ ref('lead_facts') }} as leads
  left join {{ ref('dim_campaign') }} as campaigns on leads.origin_campaign_id = campaigns.campaign_id
  where leads.is_valid
),

-- The direct cost is each view's own.
driven as (
  select
    view,
    'direct_cost' as driver,
    month,
    channel_id,
    is_acquisition,
    cast(amount as decimal(38, 4)) as weight
  from part
  where is_borne
  union all
  select
    views.view,
    measured.driver,
    measured.month,
    measured.channel_id,
    measured.is_acquisition,
    measured.weight
  from (
    select
      driver,
      month,
      channel_id,
      is_acquisition,
      sum(weight) as weight
    from measured
    group by driver, month, channel_id, is_acquisition
  ) as measured
  cross join {{ cost_views() }} as views
),

weighed as (
  select
    view,
    driver,
    month,
    channel_id,
    is_acquisition,
    sum(weight) as weight
  from driven
  where channel_id is not null and channel_id <> 'unknown'
  group by view, driver, month, channel_id, is_acquisition
  having sum(weight) > 0
),

bearer as (
  select
    *,
    sum(weight) over (
      partition by view, driver, month order by channel_id, is_acquisition rows unbounded preceding
    ) - weight as weight_before,
    sum(weight) over (partition by view, driver, month) as weight_total
  from weighed
)

select
  part.view,
  part.cost_part_id || case
    when bearer.month is null then ''
    else ':' || bearer.channel_id || case when bearer.is_acquisition then ':acquisition' else ':retention' end
  end as cost_allocation_id,
  part.spend_id,
  part.campaign_id,
  coalesce(bearer.channel_id, part.channel_id) as channel_id,
  part.cost_type,
  part.stage,
  part.allocated_on,
  part.month,
  case
    when bearer.month is null then part.amount
    else {{ cumulative_part('part.amount', 'bearer.weight_before', 'bearer.weight', 'bearer.weight_total') }}
  end as amount,
  case
    when part.is_borne then 'direct'
    when bearer.month is not null then 'shared'
    else 'unallocated'
  end as basis,
  part.driver,
  coalesce(part.waits_for, case when not part.is_borne and bearer.month is null then 'zero_driver' end) as reason,
  part.is_exhibition,
  part.is_media,
  coalesce(bearer.is_acquisition, part.is_acquisition) as is_acquisition
from part
left join bearer on part.view = bearer.view and part.driver = bearer.driver and part.month = bearer.month
