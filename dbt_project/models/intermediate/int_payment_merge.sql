-- Payments that two sources both sent. The one that settles invoices is kept.
with allocated as (
  select distinct payment_id
  from {{ ref('stg_payment_allocation') }}
),

payment as (
  select
    payments.*,
    coalesce(payments.document_no, {{ bare_key('payments.payment_id') }}) as payment_number,
    allocated.payment_id is null as lacks_allocation
  from {{ ref('stg_payment') }} as payments
  left join allocated on payments.payment_id = allocated.payment_id
),

{{ duplicate_documents(
  'payment', 'payment_id', 'payment_number', 'amount', 'paid_on', 'lacks_allocation, customer_id is null'
) }}
