-- Every lead with the person who sent it and the lead that stands for that person's intent.
-- Two leads are one person when they share a phone token, or an e-mail token; both kinds are followed in turn, so
-- A -phone- B -e-mail- C is one person. The rounds are bounded: four of them link chains of up to eight leads.
-- Of one person, leads no more than lead_dedup_window_days after the one before are one lead; the earliest survives.
-- Spam and test leads merge with nobody: they must not swallow a real one.
{% set rounds = 4 -%}
with candidate as (
  select
    leads.lead_id,
    leads.created_at,
    {{ to_business_date('leads.created_at') }} as created_on,
    case
      when coalesce(leads.status, '') not in ('test', 'invalid')
        then coalesce('phone:' || coalesce(leads.phone, contacts.phone), 'lead:' || leads.lead_id)
      else 'lead:' || leads.lead_id
    end as phone_key,
    case
      when coalesce(leads.status, '') not in ('test', 'invalid')
        then coalesce('email:' || coalesce(leads.email, contacts.email), 'lead:' || leads.lead_id)
      else 'lead:' || leads.lead_id
    end as email_key
  from {{ ref('stg_lead') }} as leads
  left join {{ ref('stg_contact') }} as contacts on leads.contact_id = contacts.contact_id
),

person_0 as (
  select
    *,
    lead_id as person_id
  from candidate
),
{% for n in range(1, rounds + 1) %}
phone_{{ n }} as (
  select
    lead_id,
    created_at,
    created_on,
    phone_key,
    email_key,
    min(person_id) over (partition by phone_key) as person_id
  from person_{{ n - 1 }}
),

person_{{ n }} as (
  select
    lead_id,
    created_at,
    created_on,
    phone_key,
    email_key,
    min(person_id) over (partition by email_key) as person_id
  from phone_{{ n }}
),
{% endfor %}
spaced as (
  select
    *,
    lag(created_on) over (partition by person_id order by created_at, lead_id) as previous_on
  from person_{{ rounds }}
),

intended as (
  select
    *,
    sum(
      case
        when previous_on is null then 1
        when {{ days_between('previous_on', 'created_on') }} > {{ var('lead_dedup_window_days') | int }} then 1
        else 0
      end
    ) over (partition by person_id order by created_at, lead_id rows unbounded preceding) as intent_number
  from spaced
),

survived as (
  select
    *,
    first_value(lead_id) over (partition by person_id, intent_number order by created_at, lead_id)
      as surviving_lead_id,
    count(*) over (partition by person_id, intent_number, phone_key) as same_phone,
    count(*) over (partition by person_id, intent_number, email_key) as same_email
  from intended
)

select
  lead_id,
  surviving_lead_id,
  person_id,
  case
    when lead_id = surviving_lead_id then 'self'
    when same_phone > 1 then 'phone'
    when same_email > 1 then 'email'
    else 'linked'
  end as rule,
  created_at,
  created_on
from survived
