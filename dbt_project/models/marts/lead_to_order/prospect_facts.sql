-- One row per prospect: somebody who left a valid lead by the as-of date. An account where it is known, else the company
-- that its leads write, else the person; with whether it placed a first order within the window.
{% set window = var('customer_window_days') | int -%}
with identified as (
  select
    leads.lead_id,
    leads.account_id,
    leads.created_at,
    leads.created_on,
    leads.origin_channel_id,
    leads.origin_campaign_id,
    leads.salesperson_id,
    leads.sales_team,
    leads.segment,
    leads.region,
    leads.account_first_order_on,
    as_of.as_of_on,
    {{ lineage('leads') }},
    case
      when leads.account_id is not null then 'account'
      when companies.norm is not null then 'company'
      else 'person'
    end as prospect_kind,
    coalesce(leads.account_id, companies.norm, leads.person_id) as prospect_key
  from {{ ref('lead_facts') }} as leads
  inner join {{ ref('int_as_of') }} as as_of on leads.created_on <= as_of.as_of_on
  left join {{ ref('stg_contact') }} as contacts on leads.contact_id = contacts.contact_id
  left join {{ source('identity', 'company') }} as companies
    on coalesce(leads.company, contacts.company) = companies.company
  where leads.is_valid
),

numbered as (
  select
    *,
    row_number() over (partition by prospect_kind, prospect_key order by created_at, lead_id) as sequence,
    count(*) over (partition by prospect_kind, prospect_key) as lead_count
  from identified
),

judged as (
  select
    *,
    {{ days_between('created_on', 'account_first_order_on') }} as days_to_order,
    {{ days_between('created_on', 'as_of_on') }} as age_days
  from numbered
  where sequence = 1
)

select
  judged.prospect_kind || ':' || judged.prospect_key as prospect_id,
  judged.prospect_kind,
  judged.account_id,
  judged.lead_id as first_lead_id,
  judged.created_on as first_lead_on,
  judged.lead_count,
  judged.origin_channel_id,
  judged.origin_campaign_id,
  judged.salesperson_id,
  judged.sales_team,
  coalesce(customers.segment, judged.segment) as segment,
  coalesce(customers.region, judged.region) as region,
  judged.account_first_order_on as first_order_on,
  judged.days_to_order as days_to_first_order,
  coalesce(judged.days_to_order < 0, false) as has_earlier_order,
  coalesce(judged.days_to_order between 0 and least({{ window }}, judged.age_days), false)
    as is_customer_within_window,
  judged.age_days >= {{ window }} as is_window_mature,
  {{ lineage('judged') }}
from judged
left join {{ ref('customer_facts') }} as customers on judged.account_id = customers.account_id
