-- The account of each contact: that of its customer number, else the customer that its company's name means.
select
  contacts.contact_id,
  coalesce(numbered.account_id, companies.account_id) as account_id,
  case when numbered.account_id is not null then 'customer' else 'company' end as account_rule
from {{ ref('stg_contact') }} as contacts
left join {{ ref('int_account') }} as numbered on contacts.customer_id = numbered.customer_id
left join {{ source('identity', 'company') }} as companies
  on contacts.company = companies.company and contacts.customer_id is null
where numbered.account_id is not null or companies.account_id is not null
