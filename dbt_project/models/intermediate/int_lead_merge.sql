-- Leads that gave way to another: the record that makes every merge visible and reversible.
select
  people.lead_id,
  people.surviving_lead_id,
  people.rule,
  people.person_id,
  people.created_at,
  {{ lineage('leads') }}
from {{ ref('int_lead_person') }} as people
inner join {{ ref('stg_lead') }} as leads on people.lead_id = leads.lead_id
where people.lead_id <> people.surviving_lead_id
