-- Every lead with the person who sent it and the lead that stands for that person's intent.
-- Two leads are one person when they share a contact, a phone token or an e-mail token, or when people decided so; all
-- kinds are followed in turn, so A -phone- B -e-mail- C is one person. The rounds are bounded: four of them link chains of
-- up to eight leads. A phone or e-mail that leads of several names give is a switchboard, and links nobody.
-- Of one person, leads no more than lead_dedup_window_days after the one before are one lead; the earliest survives.
-- Spam and test leads merge with nobody: they must not swallow a real one. Nor do leads that people said stand apart.
{% set rounds = 4 -%}
with told as (
  select
    leads.lead_id,
    leads.created_at,
    leads.contact_id as contact_token,
    coalesce(leads.name, contacts.name) as name_token,
    coalesce(leads.phone, contacts.phone) as phone_token,
    coalesce(leads.email, contacts.email) as email_token,
    persons.person_key as decided_token,
    coalesce(leads.status, '') not in ('test', 'invalid') and not coalesce(persons.is_apart, false) as may_merge
  from {{ ref('stg_lead') }} as leads
  left join {{ ref('stg_contact') }} as contacts on leads.contact_id = contacts.contact_id
  left join (
    select
      lead_id,
      max(person_key) as person_key,
      max(cast(is_apart as integer)) = 1 as is_apart
    from {{ source('identity', 'person') }}
    group by lead_id
  ) as persons on leads.lead_id = persons.lead_id
),

shared_phone as (
  select phone_token
  from told
  where phone_token is not null
  group by phone_token
  having count(distinct name_token) >= {{ var('shared_line_names') | int }}
),

shared_email as (
  select email_token
  from told
  where email_token is not null
  group by email_token
  having count(distinct name_token) >= {{ var('shared_line_names') | int }}
),

-- by what each lead may be put together with others; a key of its own where nothing tells
candidate as (
  select
    told.lead_id,
    told.created_at,
    {{ to_business_date('told.created_at') }} as created_on,
    case when told.may_merge then coalesce('contact:' || told.contact_token, 'lead:' || told.lead_id)
      else 'lead:' || told.lead_id
    end as contact_key,
    case when told.may_merge and shared_phone.phone_token is null
        then coalesce('phone:' || told.phone_token, 'lead:' || told.lead_id)
      else 'lead:' || told.lead_id
    end as phone_key,
    case when told.may_merge and shared_email.email_token is null
        then coalesce('email:' || told.email_token, 'lead:' || told.lead_id)
      else 'lead:' || told.lead_id
    end as email_key,
    case when told.may_merge then coalesce(told.decided_token, 'lead:' || told.lead_id)
      else 'lead:' || told.lead_id
    end as decided_key
  from told
  left join shared_phone on told.phone_token = shared_phone.phone_token
  left join shared_email on told.email_token = shared_email.email_token
),

counted as (
  select
    *,
    count(*) over (partition by contact_key) as same_contact,
    count(*) over (partition by phone_key) as same_phone,
    count(*) over (partition by email_key) as same_email,
    count(*) over (partition by decided_key) as same_decided
  from candidate
),

-- most leads share nothing with any other, and only the rest has to be followed
person_0 as (
  select
    lead_id,
    contact_key,
    phone_key,
    email_key,
    decided_key,
    lead_id as person_id
  from counted
  where same_contact > 1 or same_phone > 1 or same_email > 1 or same_decided > 1
),
{% for n in range(1, rounds + 1) %}
contact_{{ n }} as (
  select
    lead_id,
    contact_key,
    phone_key,
    email_key,
    decided_key,
    min(person_id) over (partition by contact_key) as person_id
  from person_{{ n - 1 }}
),

phone_{{ n }} as (
  select
    lead_id,
    contact_key,
    phone_key,
    email_key,
    decided_key,
    min(person_id) over (partition by phone_key) as person_id
  from contact_{{ n }}
),

email_{{ n }} as (
  select
    lead_id,
    contact_key,
    phone_key,
    email_key,
    decided_key,
    min(person_id) over (partition by email_key) as person_id
  from phone_{{ n }}
),

person_{{ n }} as (
  select
    lead_id,
    contact_key,
    phone_key,
    email_key,
    decided_key,
    min(person_id) over (partition by decided_key) as person_id
  from email_{{ n }}
),
{% endfor %}
known as (
  select
    candidate.*,
    coalesce(linked.person_id, candidate.lead_id) as person_id
  from candidate
  left join person_{{ rounds }} as linked on candidate.lead_id = linked.lead_id
),

spaced as (
  select
    *,
    lag(created_on) over (partition by person_id order by created_at, lead_id) as previous_on
  from known
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
    count(*) over (partition by person_id, intent_number, email_key) as same_email,
    count(*) over (partition by person_id, intent_number, contact_key) as same_contact,
    count(*) over (partition by person_id, intent_number, decided_key) as same_decided
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
    when same_contact > 1 then 'contact'
    when same_decided > 1 then 'decided'
    else 'linked'
  end as rule,
  created_at,
  created_on
from survived
