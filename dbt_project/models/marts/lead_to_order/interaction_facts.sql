-- One row per interaction, tied to the surviving lead, the opportunity and the account it was about, with how long after
-- the opportunity (or, without one, the lead) came about it took place.
with placed as (
  select
    interactions.*,
    opportunities.opportunity_id as known_opportunity_id,
    opportunities.created_on as opportunity_created_on,
    opportunities.account_id as opportunity_account_id,
    coalesce(people.surviving_lead_id, opportunities.lead_id) as surviving_lead_id,
    {{ to_business_date('interactions.occurred_at') }} as occurred_on
  from {{ ref('stg_interaction') }} as interactions
  left join {{ ref('int_opportunity') }} as opportunities
    on interactions.opportunity_id = opportunities.opportunity_id
  left join {{ ref('int_lead_person') }} as people on interactions.lead_id = people.lead_id
)

select
  placed.interaction_id,
  placed.kind,
  placed.occurred_at,
  placed.occurred_on,
  placed.surviving_lead_id as lead_id,
  placed.known_opportunity_id as opportunity_id,
  coalesce(accounts.account_id, placed.opportunity_account_id, leads.account_id) as account_id,
  placed.customer_id,
  placed.salesperson_id,
  placed.outcome,
  {{ days_between('coalesce(placed.opportunity_created_on, leads.created_on)', 'placed.occurred_on') }}
    as days_since_created,
  {{ lineage('placed') }}
from placed
left join {{ ref('int_lead') }} as leads on placed.surviving_lead_id = leads.lead_id
left join {{ ref('int_account') }} as accounts on placed.customer_id = accounts.customer_id
