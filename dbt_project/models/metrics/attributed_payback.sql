-- noqa: disable=LT02
-- When what was attributed to a campaign (a channel, all together) had earned back what was spent on it: the first month
-- from which the cumulative contribution covers the cumulative cost, and has covered it ever since. Counted in months from
-- the month in which it began or was first spent on. On collected cash, the cumulative contribution counts by the collected
-- share of what was invoiced. Where it is not paid back, the reason says why:
--   no_cost      nothing was spent on it
--   undone       it was paid back once; a refund, an after-sales cost or a later spending took that back
--   not_yet      what it did may still win orders
--   not_reached  what it did can win no order any more
{% set cuts = {'total': none, 'channel': 'channel_id', 'campaign': 'campaign_id'} -%}
{%- set sums = ['cost', 'contribution', 'invoiced', 'collected'] -%}
{%- set bases = {'': 'contribution', '_collected': 'contribution_collected'} -%}
{%- set cell = 'cut, channel_id, campaign_id' -%}
with flow as (
  select
    channel_id,
    campaign_id,
    month,
    marketing_spend as cost,
    attributed_contribution as contribution,
    attributed_invoiced as invoiced,
    attributed_collected as collected,
    marketing_spend <> 0 as is_beginning
  from {{ ref('scorecard_month') }}
  union all
  select
    campaign.channel_id,
    campaign.campaign_id,
    {{ month_start('campaign.starts_on') }} as month,
    0 as cost,
    0 as contribution,
    0 as invoiced,
    0 as collected,
    true as is_beginning
  from {{ ref('dim_campaign') }} as campaign
  inner join {{ ref('int_as_of') }} as as_of on campaign.starts_on <= as_of.as_of_on
  where campaign.campaign_id in (select known.campaign_id from {{ ref('scorecard_month') }} as known)
),

monthly as (
  {%- for cut, column in cuts.items() %}
  {{ 'union all' if not loop.first }}
  select
    '{{ cut }}' as cut,
    {%- for each in cuts.values() if each %}
    {{ 'flow.' ~ each if each == column else 'cast(null as string)' }} as {{ each }},
    {%- endfor %}
    flow.month,
    {%- for name in sums %}
    sum(flow.{{ name }}) as {{ name }},
    {%- endfor %}
    min(case when flow.is_beginning then flow.month end) as begun_month,
    max(reach.mature_on) as mature_on
  from flow
  left join {{ ref('campaign_reach') }} as reach on flow.campaign_id = reach.campaign_id
  group by flow.month{{ ', flow.' ~ column if column }}
  {%- endfor %}
),

curve as (
  select
    {{ cell }},
    month,
    {%- for name in sums %}
    cast(sum({{ name }}) over (partition by {{ cell }} order by month) as decimal(28, 2)) as {{ name }},
    {%- endfor %}
    min(begun_month) over (partition by {{ cell }}) as begun_month,
    max(mature_on) over (partition by {{ cell }}) as mature_on,
    row_number() over (partition by {{ cell }} order by month desc) as from_last
  from monthly
),

valued as (
  select
    *,
    case when invoiced > 0 then {{ proportion('contribution', 'collected', 'invoiced') }} else 0 end
      as contribution_collected
  from curve
),

covered as (
  select
    *,
    {%- for suffix, value in bases.items() %}
    max(case when cost <= 0 or {{ value }} < cost then month end) over (partition by {{ cell }})
      as open_month{{ suffix }}
    {{- ',' if not loop.last }}
    {%- endfor %}
  from valued
),

reached as (
  select
    {{ cell }},
    begun_month,
    mature_on,
    max(case when from_last = 1 then cost end) as cost,
    max(case when from_last = 1 then contribution end) as contribution,
    max(case when from_last = 1 then contribution_collected end) as contribution_collected,
    {%- for suffix, value in bases.items() %}
    min(case when cost > 0 and {{ value }} >= cost then month end) as first_covered_month{{ suffix }},
    min(case when open_month{{ suffix }} is null or month > open_month{{ suffix }} then month end)
      as paid_back_month{{ suffix }}
    {{- ',' if not loop.last }}
    {%- endfor %}
  from covered
  group by {{ cell }}, begun_month, mature_on
)

select
  reached.cut,
  'all' as period_kind,
  cast(null as date) as period_start,
  reached.channel_id,
  reached.campaign_id,
  reached.begun_month,
  reached.mature_on,
  coalesce(reached.mature_on <= as_of.as_of_on, false) as is_mature,
  cast(reached.cost as decimal(18, 2)) as cost,
  cast(reached.contribution as decimal(18, 2)) as contribution,
  cast(reached.contribution_collected as decimal(18, 2)) as contribution_collected,
  {%- for suffix, value in bases.items() %}
  reached.first_covered_month{{ suffix }}{{ ' as collected_first_covered_month' if suffix }},
  reached.paid_back_month{{ suffix }}{{ ' as collected_paid_back_month' if suffix }},
  {{ months_between('reached.begun_month', 'reached.paid_back_month' ~ suffix) }} as payback_months{{ suffix }},
  case
    when reached.paid_back_month{{ suffix }} is not null then cast(null as string)
    when reached.cost <= 0 then 'no_cost'
    when reached.first_covered_month{{ suffix }} is not null then 'undone'
    when coalesce(reached.mature_on <= as_of.as_of_on, false) then 'not_reached'
    else 'not_yet'
  end as payback_reason{{ suffix }},
  cast(
    case
      when reached.paid_back_month{{ suffix }} is null and reached.cost > 0 then reached.cost - reached.{{ value }}
      else 0
    end as decimal(18, 2)
  ) as shortfall{{ suffix }}{{ ',' if not loop.last }}
  {%- endfor %}
from reached
cross join {{ ref('int_as_of') }} as as_of
