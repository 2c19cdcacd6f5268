-- One row per customer number of any source, with the account (legal entity) it belongs to.
-- Same tax id: same account. Without a tax id: same name, unless two tax ids carry that name, for then nobody can tell.
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
),

party as (
  select
    customers.customer_id,
    customers.name,
    {{ comparable_name('customers.name') }} as comparable_name,
    {{ comparable_tax_id('customers.tax_id') }} as comparable_tax_id,
    coalesce(customers.created_at, cast('9999-12-31' as timestamp)) as known_since,
    true as is_declared,
    {{ lineage('customers') }}
  from {{ ref('stg_customer') }} as customers
  union all
  select
    customer_id,
    cast(null as string) as name,
    cast(null as string) as comparable_name,
    cast(null as string) as comparable_tax_id,
    cast('9999-12-31' as timestamp) as known_since,
    false as is_declared,
    source_system,
    source_object,
    source_file,
    source_row,
    source_sha256
  from referenced
  where mention = 1
),

name_owner as (
  select
    comparable_name,
    min(comparable_tax_id) as only_tax_id
  from party
  where comparable_name is not null and comparable_tax_id is not null
  group by comparable_name
  having count(distinct comparable_tax_id) = 1
),

grouped as (
  select
    party.*,
    case
      when party.comparable_tax_id is not null then 'tax:' || party.comparable_tax_id
      when name_owner.only_tax_id is not null then 'tax:' || name_owner.only_tax_id
      when party.comparable_name is not null then 'name:' || party.comparable_name
      else 'customer:' || party.customer_id
    end as identity_key
  from party
  left join name_owner on party.comparable_name = name_owner.comparable_name
),

resolved as (
  select
    *,
    first_value(customer_id) over (partition by identity_key order by known_since, customer_id) as account_id
  from grouped
)

select
  customer_id,
  account_id,
  case
    when not is_declared then 'reference'
    when customer_id = account_id then 'self'
    when comparable_tax_id is not null then 'tax_id'
    else 'name'
  end as merge_rule,
  name,
  is_declared,
  source_system,
  source_object,
  source_file,
  source_row,
  source_sha256
from resolved
