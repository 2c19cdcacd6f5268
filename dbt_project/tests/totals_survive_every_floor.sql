-- What: rows and amounts of each source, per currency where the row has one, are the same in canonical, in staging and in the
-- mart. What was merged as one document sent twice, or names a document that no source has, is no row of the mart.
-- Why: a filter, a merge or a join between two floors may drop or repeat the rows of one source or currency, and a total
-- over all of them can hide that behind another.
-- A returned row is an entity, source and currency in which a floor differs from the one above it.
{%- set entities = [
  {'name': 'sales_order_line', 'key': 'order_line_id', 'amount': 'net_amount', 'mart': 'order_line_facts',
   'held': 'net_amount', 'kept': 'order_id in (select order_id from ' ~ ref('stg_sales_order') ~ ')'},
  {'name': 'invoice', 'key': 'invoice_id', 'amount': 'net_amount', 'mart': 'invoice_line_facts', 'held': 'net_amount',
   'currency': 'currency', 'kept': 'invoice_id not in (select invoice_id from ' ~ ref('int_invoice_merge') ~ ')'},
  {'name': 'payment_allocation', 'key': 'allocation_id', 'amount': 'amount', 'mart': 'payment_facts',
   'held': 'allocated_amount', 'kept': 'payment_id in (select payment_id from ' ~ ref('int_payment')
     ~ ') and invoice_id in (select invoice_id from ' ~ ref('stg_invoice') ~ ')'},
  {'name': 'marketing_spend', 'key': 'spend_id', 'amount': 'amount', 'mart': 'marketing_spend_facts', 'held': 'amount',
   'currency': 'currency', 'kept': 'spend_id not in (select spend_id from ' ~ ref('int_spend_merge') ~ ')'},
  {'name': 'sell_out', 'key': 'sell_out_id', 'amount': 'amount', 'mart': 'sell_out_facts', 'held': 'amount',
   'currency': 'currency', 'kept': 'true'},
  {'name': 'ledger_balance', 'key': 'balance_id', 'amount': 'amount', 'mart': 'ledger_balance_facts',
   'held': 'balance_amount', 'currency': 'currency', 'kept': 'true'},
] %}
with held as (
  {%- for entity in entities %}
  {%- set currency = entity.get('currency') %}
  select
    '{{ entity.name }}' as entity,
    'staging' as floor,
    source_system,
    {{ "coalesce(" ~ currency_code(currency) ~ ", '-')" if currency else "'-'" }} as currency,
    1 as expected_rows,
    coalesce({{ entity.amount }}, 0) as expected_amount,
    0 as found_rows,
    0 as found_amount
  from {{ source('canonical', entity.name) }}
  union all
  select
    '{{ entity.name }}' as entity,
    'staging' as floor,
    source_system,
    {{ "coalesce(" ~ currency ~ ", '-')" if currency else "'-'" }} as currency,
    0 as expected_rows,
    0 as expected_amount,
    1 as found_rows,
    coalesce({{ entity.amount }}, 0) as found_amount
  from {{ ref('stg_' ~ entity.name) }}
  union all
  select
    '{{ entity.name }}' as entity,
    'mart' as floor,
    source_system,
    {{ "coalesce(" ~ currency ~ ", '-')" if currency else "'-'" }} as currency,
    1 as expected_rows,
    coalesce({{ entity.amount }}, 0) as expected_amount,
    0 as found_rows,
    0 as found_amount
  from {{ ref('stg_' ~ entity.name) }}
  where {{ entity.kept }}
  union all
  -- the mart of invoices holds their lines: each document once, of the source that has its header
  select
    '{{ entity.name }}' as entity,
    'mart' as floor,
    documents.source_system,
    {{ "coalesce(documents." ~ currency ~ ", '-')" if currency else "'-'" }} as currency,
    0 as expected_rows,
    0 as expected_amount,
    {% if entity.name == 'invoice' -%}
    case
      when row_number() over (partition by mart.invoice_id order by mart.invoice_line_id) = 1 then 1 else 0
    end as found_rows,
    {%- else -%}
    1 as found_rows,
    {%- endif %}
    coalesce(mart.{{ entity.held }}, 0) as found_amount
  from {{ ref(entity.mart) }} as mart
  left join {{ ref('stg_' ~ entity.name) }} as documents on mart.{{ entity.key }} = documents.{{ entity.key }}
  {{ 'union all' if not loop.last }}
  {%- endfor %}
)

select
  entity,
  floor,
  source_system,
  currency,
  sum(expected_rows) as expected_rows,
  sum(found_rows) as found_rows,
  sum(expected_amount) as expected_amount,
  sum(found_amount) as found_amount
from held
group by entity, floor, source_system, currency
having sum(expected_rows) <> sum(found_rows) or sum(expected_amount) <> sum(found_amount)
