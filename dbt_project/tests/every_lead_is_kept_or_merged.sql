-- What: each lead of the sources is either a row of lead_facts or recorded as merged into one, never both, never neither.
-- Why: de-duplication must not lose a lead, and a join must not multiply one.
-- A returned row is a lead that is missing or there more than once.
with placed as (
  select lead_id from {{ ref('lead_facts') }}
  union all
  select lead_id from {{ ref('int_lead_merge') }}
)

select
  leads.lead_id,
  count(placed.lead_id) as times
from {{ ref('stg_lead') }} as leads
left join placed on leads.lead_id = placed.lead_id
group by leads.lead_id
having count(placed.lead_id) <> 1
