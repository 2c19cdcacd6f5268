-- The account of each surviving lead, by the strongest evidence any of its merged leads has:
-- the lead's own customer, its contact's account, the customer of an opportunity or order that came of it, then a
-- contact with the same phone or e-mail token, when all such contacts belong to one account, then the customer that the
-- company's name means, and last another lead of the same person, when all that are known belong to one account.
with lead_row as (
  select
    people.surviving_lead_id,
    leads.lead_id,
    leads.created_at,
    leads.customer_id,
    contact_accounts.account_id as contact_account_id,
    coalesce(leads.company, contacts.company) as company,
    coalesce(leads.phone, contacts.phone) as phone_token,
    coalesce(leads.email, contacts.email) as email_token
  from {{ ref('int_lead_person') }} as people
  inner join {{ ref('stg_lead') }} as leads on people.lead_id = leads.lead_id
  left join {{ ref('stg_contact') }} as contacts on leads.contact_id = contacts.contact_id
  left join {{ ref('int_contact_account') }} as contact_accounts on leads.contact_id = contact_accounts.contact_id
),

sale as (
  select
    opportunities.lead_id,
    coalesce(opportunities.customer_id, orders.customer_id) as customer_id,
    row_number() over (
      partition by opportunities.lead_id
      order by opportunities.created_at, opportunities.opportunity_id, orders.ordered_at, orders.order_id
    ) as sequence
  from {{ ref('stg_opportunity') }} as opportunities
  left join {{ ref('stg_sales_order') }} as orders on opportunities.opportunity_id = orders.opportunity_id
  where opportunities.lead_id is not null and coalesce(opportunities.customer_id, orders.customer_id) is not null
),

known_person as (
  {%- for kind in ['phone', 'email'] %}
  select
    '{{ kind }}' as kind,
    contacts.{{ kind }} as token,
    min(accounts.account_id) as account_id
  from {{ ref('stg_contact') }} as contacts
  inner join {{ ref('int_contact_account') }} as accounts on contacts.contact_id = accounts.contact_id
  where contacts.{{ kind }} is not null
  group by contacts.{{ kind }}
  having count(distinct accounts.account_id) = 1
  {{ 'union all' if not loop.last }}
  {%- endfor %}
),

evidence as (
  select
    lead_row.surviving_lead_id,
    lead_row.lead_id,
    lead_row.created_at,
    1 as strength,
    'lead' as account_rule,
    accounts.account_id
  from lead_row
  inner join {{ ref('int_account') }} as accounts on lead_row.customer_id = accounts.customer_id
  union all
  select
    lead_row.surviving_lead_id,
    lead_row.lead_id,
    lead_row.created_at,
    2 as strength,
    'contact' as account_rule,
    lead_row.contact_account_id as account_id
  from lead_row
  where lead_row.contact_account_id is not null
  union all
  select
    lead_row.surviving_lead_id,
    lead_row.lead_id,
    lead_row.created_at,
    3 as strength,
    'opportunity' as account_rule,
    accounts.account_id
  from lead_row
  inner join sale on lead_row.lead_id = sale.lead_id and sale.sequence = 1
  inner join {{ ref('int_account') }} as accounts on sale.customer_id = accounts.customer_id
  {%- for kind in ['phone', 'email'] %}
  union all
  select
    lead_row.surviving_lead_id,
    lead_row.lead_id,
    lead_row.created_at,
    {{ 3 + loop.index }} as strength,
    'same_{{ kind }}' as account_rule,
    known_person.account_id
  from lead_row
  inner join known_person on known_person.kind = '{{ kind }}' and lead_row.{{ kind }}_token = known_person.token
  {%- endfor %}
  union all
  select
    lead_row.surviving_lead_id,
    lead_row.lead_id,
    lead_row.created_at,
    6 as strength,
    'company' as account_rule,
    companies.account_id
  from lead_row
  inner join {{ source('identity', 'company') }} as companies on lead_row.company = companies.company
  where companies.account_id is not null
),

ranked as (
  select
    *,
    row_number() over (partition by surviving_lead_id order by strength, created_at, lead_id) as preference
  from evidence
),

known as (
  select
    ranked.surviving_lead_id as lead_id,
    people.person_id,
    ranked.account_id,
    ranked.account_rule
  from ranked
  inner join {{ ref('int_lead_person') }} as people on ranked.surviving_lead_id = people.lead_id
  where ranked.preference = 1
),

person_account as (
  select
    person_id,
    min(account_id) as account_id
  from known
  group by person_id
  having count(distinct account_id) = 1
)

select
  lead_id,
  account_id,
  account_rule
from known
union all
select
  people.lead_id,
  person_account.account_id,
  'same_person' as account_rule
from {{ ref('int_lead_person') }} as people
inner join person_account on people.person_id = person_account.person_id
left join known on people.lead_id = known.lead_id
where people.lead_id = people.surviving_lead_id and known.lead_id is null
