-- One row per payment, VAT included, each payment once.
select
  payments.payment_id,
  payments.document_no,
  payments.customer_id,
  accounts.account_id,
  payments.paid_on,
  payments.method,
  payments.amount,
  payments.currency,
  {{ rate_columns('payments.currency') }},
  {{ functional_amount('payments.amount', functional_rate('payments.currency')) }} as amount_functional,
  {{ lineage('payments') }}
from {{ ref('stg_payment') }} as payments
left join {{ ref('int_payment_merge') }} as merged on payments.payment_id = merged.payment_id
left join {{ ref('int_account') }} as accounts on payments.customer_id = accounts.customer_id
{{ rate_join('payments.currency', 'payments.paid_on') }}
where merged.payment_id is null
