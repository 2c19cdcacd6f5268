-- What each stage of the way to an order cost and returned: in total, by channel and by campaign, in each period. Cost from
-- the cost ledger in the view of the settings, at the stage it worked at; entrants and advances as stage_pool counts them, by
-- the day they entered; money from the credits of each staged model. One row per staged model; a sum reads one `cut`, one
-- `period_kind` and one `model`. `none` is cost without a stage and money that no touch earned, `other` cost with a tag that
-- costs.stages does not explain, `after_close` what was spent on accounts whose way had ended.
{% set kinds = ['month', 'quarter', 'half_year', 'year', 'all'] -%}
{%- set cuts = {'total': [], 'channel': ['channel_id'], 'campaign': ['channel_id', 'campaign_id']} -%}
{%- set measures = ['booked', 'invoiced', 'collected', 'contribution'] -%}
with model as (
  -- without a staged model there is no credit by stage; cost and advances are told all the same
  select listed.name
  from {{ staged_models() }} as listed (name)
),

entered as (
  select
    {%- for measure in measures %}
    0 as {{ measure }},
    {%- endfor %}
    model.name as model,
    entry.milestone as stage,
    entry.channel_id,
    entry.campaign_id,
    entry.entered_on as happened_on,
    entry.subject_id,
    max(case when entry.has_advanced then 1 else 0 end) as has_advanced,
    0 as cost,
    0 as sales_time_cost,
    cast(null as string) as order_id
  from {{ ref('stage_entry') }} as entry
  cross join model
  group by
    model.name,
    entry.milestone,
    entry.channel_id,
    entry.campaign_id,
    entry.entered_on,
    entry.subject_id
),

spent as (
  select
    {%- for measure in measures %}
    0 as {{ measure }},
    {%- endfor %}
    model.name as model,
    {{ stage_worked_at('ledger.stage') }} as stage,
    coalesce(ledger.channel_id, 'unknown') as channel_id,
    coalesce(ledger.campaign_id, 'unknown') as campaign_id,
    ledger.allocated_on as happened_on,
    cast(null as string) as subject_id,
    0 as has_advanced,
    sum(ledger.amount) as cost,
    sum(case when ledger.cost_source = 'work_hours' then ledger.amount else 0 end) as sales_time_cost,
    cast(null as string) as order_id
  from {{ ref('cost_ledger') }} as ledger
  cross join model
  where ledger.view = {{ quoted_text(var('costs_view')) }}
  group by
    model.name,
    {{ stage_worked_at('ledger.stage') }},
    coalesce(ledger.channel_id, 'unknown'),
    coalesce(ledger.campaign_id, 'unknown'),
    ledger.allocated_on
),

credited as (
  select
    {%- for measure in measures %}
    sum(case when credit.measure = '{{ measure }}' then credit.amount else 0 end) as {{ measure }},
    {%- endfor %}
    credit.model,
    coalesce(credit.stage, 'none') as stage,
    {{ credited_channel('credit') }} as channel_id,
    {{ credited_campaign('credit') }} as campaign_id,
    credit.posted_on as happened_on,
    cast(null as string) as subject_id,
    0 as has_advanced,
    0 as cost,
    0 as sales_time_cost,
    credit.order_id
  from {{ ref('attribution_credit') }} as credit
  inner join model on credit.model = model.name
  where credit.measure in ('booked', 'invoiced', 'collected', 'contribution')
  group by
    credit.model,
    coalesce(credit.stage, 'none'),
    {{ credited_channel('credit') }},
    {{ credited_campaign('credit') }},
    credit.posted_on,
    credit.order_id
),

event as (
  select
    told.*,
    case when told.subject_id is not null then {{ add_days('told.happened_on', var('stage_mature_days')) }} end
      as matures_on
  from (
    select * from entered
    union all
    select * from spent
    union all
    select * from credited
  ) as told
  inner join {{ ref('int_as_of') }} as as_of on told.happened_on <= as_of.as_of_on
),

counted as (
  {%- for cut, keys in cuts.items() %}{% set outer = loop %}{% for kind in kinds %}
  {{ 'union all' if not (outer.first and loop.first) }}
  select
    {%- for measure in measures %}
    sum({{ measure }}) as credited_{{ measure }},
    {%- endfor %}
    '{{ cut }}' as cut,
    '{{ kind }}' as period_kind,
    {{ period_start_of('happened_on', kind) }} as period_start,
    {{ 'channel_id' if 'channel_id' in keys else 'cast(null as string)' }} as channel_id,
    {{ 'campaign_id' if 'campaign_id' in keys else 'cast(null as string)' }} as campaign_id,
    stage,
    model,
    count(distinct subject_id) as entrants,
    count(distinct case when has_advanced = 1 then subject_id end) as advances,
    max(matures_on) as matures_on,
    sum(cost) as cost,
    sum(sales_time_cost) as sales_time_cost,
    count(distinct order_id) as orders
  from event
  group by
    stage,
    model
    {%- for key in keys %}, {{ key }}{% endfor %}
    {{- period_grouping('happened_on', kind) }}
  {%- endfor %}{% endfor %}
)

select
  counted.cut || '|' || counted.period_kind || '|' || coalesce(cast(counted.period_start as string), '') || '|'
  || coalesce(counted.channel_id, '') || '|' || coalesce(counted.campaign_id, '') || '|' || counted.stage || '|'
  || counted.model as stage_scorecard_id,
  counted.cut,
  counted.period_kind,
  counted.period_start,
  counted.channel_id,
  counted.campaign_id,
  counted.stage,
  coalesce(pool.milestone_number, case counted.stage when 'after_close' then 6 when 'other' then 7 else 8 end)
    as stage_number,
  counted.model,
  case counted.model
    when 'staged' then pool.fixed_weight
    when 'staged_information' then pool.information_weight
  end as pool_weight,
  cast(counted.cost as decimal(18, 2)) as cost,
  cast(counted.sales_time_cost as decimal(18, 2)) as sales_time_cost,
  cast(counted.entrants as bigint) as entrants,
  cast(counted.advances as bigint) as advances,
  {{ ratio('counted.advances', 'counted.entrants') }} as conversion_rate,
  {{ wilson_low('counted.advances', 'counted.entrants') }} as conversion_rate_low,
  {{ wilson_high('counted.advances', 'counted.entrants') }} as conversion_rate_high,
  coalesce(counted.matures_on <= as_of.as_of_on, true) as is_mature,
  {{ long_ratio('counted.cost', 'counted.entrants') }} as cost_per_entrant,
  {{ long_ratio('counted.cost', 'counted.advances') }} as cost_per_advance,
  cast(counted.orders as bigint) as orders,
  cast(counted.credited_booked as decimal(18, 2)) as credited_booked,
  cast(counted.credited_invoiced as decimal(18, 2)) as credited_invoiced,
  cast(counted.credited_collected as decimal(18, 2)) as credited_collected,
  cast(counted.credited_contribution as decimal(18, 2)) as credited_contribution,
  -- what is no stage of the way has no return
  {{ long_ratio(
    'counted.credited_contribution - counted.cost', 'case when pool.milestone is not null then counted.cost end'
  ) }} as roi,
  counted.orders < {{ var('scorecard_least_orders') | int }}
  or (counted.entrants > 0 and counted.entrants < {{ var('scorecard_least_orders') | int }}) as is_small_sample
from counted
cross join {{ ref('int_as_of') }} as as_of
left join {{ ref('stage_pool') }} as pool on counted.stage = pool.milestone
