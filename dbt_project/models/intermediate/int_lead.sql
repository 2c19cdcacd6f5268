-- One row per person-intent: the surviving lead, completed with what the leads merged into it know.
-- Origin: its own channel, else its campaign's channel, else `unknown`; channel and campaign come from one and the same
-- row, the earliest that names either.
with qualified as (
  select
    subject_id as lead_id,
    min(case when {{ stage_means('stage', 'lead', 'mql') }} then entered_at end) as mql_at,
    min(case when {{ stage_means('stage', 'lead', 'sql') }} then entered_at end) as sql_at
  from {{ ref('stg_stage_event') }}
  where subject_kind = 'lead'
  group by subject_id
),

member as (
  select
    people.surviving_lead_id,
    people.lead_id,
    people.created_at,
    leads.contact_id,
    leads.customer_id,
    leads.company,
    -- whether it is known, never what it is: personal values end here
    case when leads.name is not null then true end as has_name,
    case when leads.phone is not null then true end as has_phone,
    case when leads.email is not null then true end as has_email,
    leads.region,
    leads.segment,
    leads.product_interest,
    leads.score,
    leads.owner_id,
    leads.landing_page,
    coalesce(leads.mql_at, qualified.mql_at) as mql_at,
    coalesce(leads.sql_at, qualified.sql_at) as sql_at,
    case when leads.channel_id is not null or leads.campaign_id is not null then leads.lead_id end
      as origin_lead_id
  from {{ ref('int_lead_person') }} as people
  inner join {{ ref('stg_lead') }} as leads on people.lead_id = leads.lead_id
  left join qualified on people.lead_id = qualified.lead_id
),

completed as (
  select
    surviving_lead_id,
    lead_id,
    count(*) over (partition by surviving_lead_id) as lead_row_count,
    min(mql_at) over (partition by surviving_lead_id) as mql_at,
    {%- for column in [
      'contact_id', 'customer_id', 'company', 'has_name', 'has_phone', 'has_email', 'region', 'segment',
      'product_interest', 'score', 'owner_id', 'landing_page', 'origin_lead_id',
    ] %}
    {{ first_known(column, 'surviving_lead_id', 'created_at, lead_id') }} as {{ column }},
    {%- endfor %}
    min(sql_at) over (partition by surviving_lead_id) as sql_at
  from member
)

select
  leads.lead_id,
  people.person_id,
  completed.contact_id,
  accounts.account_id,
  accounts.account_rule,
  completed.customer_id,
  leads.created_at,
  people.created_on,
  coalesce(origins.channel_id, campaigns.channel_id, 'unknown') as origin_channel_id,
  coalesce(origins.campaign_id, 'unknown') as origin_campaign_id,
  case
    when origins.channel_id is not null then 'lead_channel'
    when campaigns.channel_id is not null then 'campaign_channel'
    else 'unknown'
  end as origin_rule,
  leads.status,
  coalesce(leads.status, '') not in ('test', 'invalid') as is_valid,
  case when leads.status in ('test', 'invalid') then leads.status end as exclusion_reason,
  completed.company,
  coalesce(completed.has_name, false) as has_name,
  coalesce(completed.has_phone, false) as has_phone,
  coalesce(completed.has_email, false) as has_email,
  completed.region,
  completed.segment,
  completed.product_interest,
  completed.score,
  completed.owner_id as salesperson_id,
  completed.landing_page,
  completed.mql_at,
  completed.sql_at,
  {{ to_business_date('completed.mql_at') }} as mql_on,
  {{ to_business_date('completed.sql_at') }} as sql_on,
  completed.lead_row_count,
  {{ lineage('leads') }}
from completed
inner join {{ ref('stg_lead') }} as leads on completed.lead_id = leads.lead_id
inner join {{ ref('int_lead_person') }} as people on leads.lead_id = people.lead_id
left join {{ ref('stg_lead') }} as origins on completed.origin_lead_id = origins.lead_id
left join {{ ref('stg_campaign') }} as campaigns on origins.campaign_id = campaigns.campaign_id
left join {{ ref('int_lead_account') }} as accounts on leads.lead_id = accounts.lead_id
where completed.lead_id = completed.surviving_lead_id
