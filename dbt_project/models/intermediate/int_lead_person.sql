-- Every lead with the person who sent it and the lead that stands for that person's intent.
-- Two leads are one person when they share a contact, a phone token or an e-mail token, or when people decided so; all
-- kinds are followed in turn, so A -phone- B -e-mail- C is one person. The rounds are bounded: four of them link chains of
-- up to eight leads. A phone or e-mail that leads of several names give is a switchboard, and links nobody.
-- Of one person, leads no more than lead_dedup_window_days after the one before are one lead; the earliest survives.
-- Spam and test leads merge with nobody: they must not swallow a real one. Nor do leads that people said stand apart.
{% set rounds = 4 -%}
{% set kinds = ['contact', 'phone', 'email', 'decided'] -%}
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
{% for kind in ['phone', 'email'] %}
shared_{{ kind }} as (
  select {{ kind }}_token as token
  from told
  where {{ kind }}_token is not null
  group by {{ kind }}_token
  having count(distinct name_token) >= {{ var('shared_line_names') | int }}
),
{% endfor %}
candidate as (
  select
    told.lead_id,
    told.created_at,
    {{ to_business_date('told.created_at') }} as created_on,
    {%- for kind in kinds %}
    case
      when
        told.may_merge and told.{{ kind }}_token is not null
        {%- if kind in ['phone', 'email'] %} and shared_{{ kind }}.token is null{% endif %}
        then '{{ kind }}:' || told.{{ kind }}_token
      else 'lead:' || told.lead_id
    end as {{ kind }}_key
    {{- ',' if not loop.last }}
    {%- endfor %}
  from told
  left join shared_phone on told.phone_token = shared_phone.token
  left join shared_email on told.email_token = shared_email.token
),

counted as (
  select
    *,
    {%- for kind in kinds %}
    count(*) over (partition by {{ kind }}_key) as {{ kind }}_count
    {{- ',' if not loop.last }}
    {%- endfor %}
  from candidate
),

-- most leads share nothing with any other, and only the rest has to be followed
person_0 as (
  select
    lead_id,
    {%- for kind in kinds %}
    {{ kind }}_key,
    {%- endfor %}
    lead_id as person_id
  from counted
  where {% for kind in kinds %}{{ kind }}_count > 1{{ ' or ' if not loop.last }}{% endfor %}
),
{% for n in range(1, rounds + 1) %}
{%- for kind in kinds %}
{%- set before = 'person_' ~ (n - 1) if loop.first else 'round_' ~ n ~ '_' ~ kinds[loop.index0 - 1] %}
{{ 'person_' ~ n if loop.last else 'round_' ~ n ~ '_' ~ kind }} as (
  select
    lead_id,
    {%- for other in kinds %}
    {{ other }}_key,
    {%- endfor %}
    min(person_id) over (partition by {{ kind }}_key) as person_id
  from {{ before }}
),
{% endfor %}
{%- endfor %}
spaced as (
  select
    counted.*,
    coalesce(linked.person_id, counted.lead_id) as person_id,
    lag(counted.created_on) over (
      partition by coalesce(linked.person_id, counted.lead_id) order by counted.created_at, counted.lead_id
    ) as previous_on
  from counted
  left join person_{{ rounds }} as linked on counted.lead_id = linked.lead_id
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
    {%- for kind in kinds %}
    count(*) over (partition by person_id, intent_number, {{ kind }}_key) as same_{{ kind }}
    {{- ',' if not loop.last }}
    {%- endfor %}
  from intended
)

select
  lead_id,
  surviving_lead_id,
  person_id,
  case
    when lead_id = surviving_lead_id then 'self'
    {%- for kind in ['phone', 'email', 'contact', 'decided'] %}
    when same_{{ kind }} > 1 then '{{ kind }}'
    {%- endfor %}
    else 'linked'
  end as rule,
  created_at,
  created_on
from survived
