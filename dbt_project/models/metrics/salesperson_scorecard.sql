-- One row per salesperson and one per team, all time: how many leads and opportunities enter a stage and how many of them
-- move on, how many deals are won, how long a won deal takes. Each rate with what it rests on and its 95 % interval.
with work as (
  select
    coalesce(stages.salesperson_id, 'unknown') as salesperson_id,
    case when stages.subject_kind = 'lead' then 1 end as lead_stage_entries,
    case when stages.subject_kind = 'lead' and stages.has_advanced then 1 end as lead_stages_passed,
    case when stages.subject_kind = 'opportunity' then 1 end as opportunity_stage_entries,
    case when stages.subject_kind = 'opportunity' and stages.has_advanced then 1 end as opportunity_stages_passed,
    cast(null as integer) as open_opportunities,
    cast(null as integer) as decided,
    cast(null as integer) as won,
    cast(null as decimal(18, 2)) as amount_won,
    cast(null as bigint) as cycle_days
  from {{ ref('funnel_stage_facts') }} as stages
  where not stages.is_closing
  union all
  select
    coalesce(deals.salesperson_id, 'unknown') as salesperson_id,
    null as lead_stage_entries,
    null as lead_stages_passed,
    null as opportunity_stage_entries,
    null as opportunity_stages_passed,
    case when deals.is_open or deals.closed_on > as_of.as_of_on then 1 end as open_opportunities,
    case when (deals.is_won or deals.is_lost) and deals.closed_on <= as_of.as_of_on then 1 end as decided,
    case when deals.is_won and deals.closed_on <= as_of.as_of_on then 1 end as won,
    case when deals.is_won and deals.closed_on <= as_of.as_of_on then deals.amount_functional end as amount_won,
    case when deals.is_won and deals.closed_on <= as_of.as_of_on then deals.days_to_close end as cycle_days
  from {{ ref('opportunity_facts') }} as deals
  inner join {{ ref('int_as_of') }} as as_of on deals.created_on <= as_of.as_of_on
),

placed as (
  select
    work.*,
    coalesce(people.team, 'unknown') as sales_team
  from work
  left join {{ ref('dim_salesperson') }} as people on work.salesperson_id = people.salesperson_id
),

summed as (
  {% for grain, salesperson in [('salesperson', 'salesperson_id'), ('team', 'cast(null as string)')] %}
  select
    '{{ grain }}' as grain,
    sales_team,
    {{ salesperson }} as salesperson_id,
    {%- for column in [
      'lead_stage_entries', 'lead_stages_passed', 'opportunity_stage_entries', 'opportunity_stages_passed',
      'open_opportunities', 'decided', 'won',
    ] %}
    cast(coalesce(sum({{ column }}), 0) as bigint) as {{ column }},
    {%- endfor %}
    cast(coalesce(sum(amount_won), 0) as decimal(18, 2)) as amount_won,
    cast(count(cycle_days) as bigint) as cycle_count,
    cast(percentile_cont(0.5) within group (order by cycle_days) as decimal(18, 1)) as cycle_days_median
  from placed
  group by sales_team{{ ', salesperson_id' if grain == 'salesperson' }}
  {{ 'union all' if not loop.last }}
  {% endfor %}
)

select
  summed.grain || ':' || coalesce(summed.salesperson_id, summed.sales_team) as scorecard_id,
  summed.grain,
  summed.sales_team,
  summed.salesperson_id,
  case when summed.grain = 'team' then summed.sales_team else coalesce(people.name, 'unknown') end as name,
  {%- for rate, hits, cases in [
    ('lead_stage_conversion', 'lead_stages_passed', 'lead_stage_entries'),
    ('opportunity_stage_conversion', 'opportunity_stages_passed', 'opportunity_stage_entries'),
    ('win_rate', 'won', 'decided'),
  ] %}
  summed.{{ cases }},
  summed.{{ hits }},
  {{ ratio('summed.' ~ hits, 'summed.' ~ cases) }} as {{ rate }},
  {{ wilson_low('summed.' ~ hits, 'summed.' ~ cases) }} as {{ rate }}_low,
  {{ wilson_high('summed.' ~ hits, 'summed.' ~ cases) }} as {{ rate }}_high,
  {%- endfor %}
  summed.open_opportunities,
  summed.amount_won,
  summed.cycle_count,
  summed.cycle_days_median
from summed
left join {{ ref('dim_salesperson') }} as people on summed.salesperson_id = people.salesperson_id
