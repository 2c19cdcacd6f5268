-- One row per customer number of any source, with the account (legal entity) it belongs to.
-- Which customer numbers are one legal entity is decided once, in `identity.party` (docs/how-to/identity.md).
-- Customers that documents name but no customer list holds are accounts of their own (rule `reference`).
with named as (
  {%- for relation, column in [
    ('stg_sales_order', 'customer_id'), ('stg_opportunity', 'customer_id'), ('stg_invoice', 'customer_id'),
    ('stg_payment', 'customer_id'), ('stg_lead', 'customer_id'), ('stg_contact', 'customer_id'),
    ('stg_touchpoint', 'account_id'), ('stg_service_ticket', 'customer_id'), ('stg_interaction', 'customer_id'),
    ('stg_quote', 'customer_id'),
  ] %}
  select
    {{ column }} as customer_id,
    {{ lineage('documents') }}
  from {{ ref(relation) }} as documents
  where {{ column }} is not null
  {{ 'union all' if not loop.last }}
  {%- endfor %}
),

referenced as (
  select
    named.*,
    row_number() over (
      partition by named.customer_id
      order by named.source_system, named.source_object, named.source_file, named.source_row
    ) as mention
  from named
  left join {{ ref('stg_customer') }} as customers on named.customer_id = customers.customer_id
  where customers.customer_id is null
)

select
  customers.customer_id,
  parties.account_id,
  parties.merge_rule,
  parties.match_id,
  parties.parent_account_id,
  customers.name,
  true as is_declared,
  {{ lineage('customers') }}
from {{ ref('stg_customer') }} as customers
inner join {{ source('identity', 'party') }} as parties on customers.customer_id = parties.customer_id
union all
select
  customer_id,
  customer_id as account_id,
  'reference' as merge_rule,
  cast(null as string) as match_id,
  cast(null as string) as parent_account_id,
  cast(null as string) as name,
  false as is_declared,
  source_system,
  source_object,
  source_file,
  source_row,
  source_sha256
from referenced
where mention = 1
