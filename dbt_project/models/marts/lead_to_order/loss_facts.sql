-- One row per opportunity lost by the as-of date: in which stage it was last, and for which reason it was given up.
with last_stage as (
  select
    subject_id,
    min(funnel_stage_id) as funnel_stage_id
  from {{ ref('funnel_stage_facts') }}
  where subject_kind = 'opportunity' and is_lost_here
  group by subject_id
)

select
  opportunities.opportunity_id,
  opportunities.lead_id,
  opportunities.account_id,
  coalesce(
    last_stage.funnel_stage_id, case when not stages.is_closing then stages.funnel_stage_id end
  ) as last_stage_id,
  opportunities.loss_reason,
  opportunities.created_on,
  opportunities.closed_on,
  opportunities.days_to_close,
  opportunities.amount_functional,
  opportunities.origin_channel_id,
  opportunities.origin_campaign_id,
  opportunities.salesperson_id,
  opportunities.sales_team,
  opportunities.distributor_id,
  opportunities.customer_segment,
  opportunities.customer_region,
  {{ lineage('opportunities') }}
from {{ ref('opportunity_facts') }} as opportunities
cross join {{ ref('int_as_of') }} as as_of
left join last_stage on opportunities.opportunity_id = last_stage.subject_id
left join {{ ref('dim_funnel_stage') }} as stages
  on stages.subject_kind = 'opportunity' and lower(opportunities.stage) = stages.stage
where opportunities.is_lost and coalesce(opportunities.closed_on <= as_of.as_of_on, true)
