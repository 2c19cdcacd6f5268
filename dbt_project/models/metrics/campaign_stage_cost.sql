-- What each campaign spent in each stage of the funnel, and on how many touches: its direct marketing cost and the time of
-- salespeople, by the stages of the cost ledger, in the one view that every figure reads (costs.view), up to the as-of
-- date. Cost that has no stage stands under `none`. The rows of a campaign add up to its cost in the scorecard.
with spent as (
  select
    coalesce(ledger.campaign_id, 'unknown') as campaign_id,
    coalesce(ledger.stage, 'none') as stage,
    case when ledger.cost_source = 'marketing_spend' then ledger.amount end as marketing_spend,
    case when ledger.cost_source = 'work_hours' then ledger.amount end as sales_time_cost,
    cast(null as integer) as touches
  from {{ ref('cost_ledger') }} as ledger
  inner join {{ ref('int_as_of') }} as as_of on ledger.allocated_on <= as_of.as_of_on
  where ledger.view = '{{ var("costs_view") }}' and ledger.basis = 'direct'
  union all
  select
    coalesce(staged.campaign_id, 'unknown') as campaign_id,
    coalesce(staged.stage, 'none') as stage,
    cast(null as decimal(18, 2)) as marketing_spend,
    cast(null as decimal(18, 2)) as sales_time_cost,
    1 as touches
  from {{ ref('touch_stage') }} as staged
  inner join {{ ref('int_as_of') }} as as_of on staged.touched_on <= as_of.as_of_on
),

summed as (
  select
    campaign_id,
    stage,
    cast(coalesce(sum(marketing_spend), 0) as decimal(18, 2)) as marketing_spend,
    cast(coalesce(sum(sales_time_cost), 0) as decimal(18, 2)) as sales_time_cost,
    cast(count(touches) as bigint) as touches
  from spent
  group by campaign_id, stage
),

shared as (
  select
    *,
    cast(sum(marketing_spend) over (partition by campaign_id) as decimal(18, 2)) as campaign_spend
  from summed
)

select
  shared.campaign_id,
  shared.stage,
  coalesce(stages.label_en, shared.stage) as label_en,
  coalesce(stages.label_zh, shared.stage) as label_zh,
  shared.marketing_spend,
  shared.sales_time_cost,
  shared.touches,
  shared.campaign_spend,
  {{ ratio('shared.marketing_spend', 'shared.campaign_spend') }} as spend_share,
  {{ ratio('shared.marketing_spend', 'shared.touches') }} as cost_per_touch
from shared
left join {{ ref('dim_funnel_stage') }} as stages on shared.stage = stages.funnel_stage_id
