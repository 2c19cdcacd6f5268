-- What each payment settles of an invoice, and how much of that is collected net of VAT: allocation × net ÷ gross.
-- Rounded on the running total of the invoice, so that an invoice paid in full has collected exactly its net amount.
-- Money paid back, against a credit note or against the invoice itself, is valued on the day of the last payment it gives
-- back, so a full refund leaves nothing of an exchange difference in collected cash.
with allocated as (
  select
    allocations.allocation_id,
    allocations.payment_id,
    payments.account_id as payer_account_id,
    payments.document_no as payment_no,
    payments.method,
    payments.paid_on,
    invoices.invoice_id,
    invoices.order_id,
    invoices.customer_id,
    invoices.account_id,
    invoices.kind as invoice_kind,
    invoices.invoiced_on,
    invoices.due_on,
    invoices.valued_on as invoice_valued_on,
    invoices.reverses_invoice_id,
    invoices.net_amount,
    invoices.gross_amount,
    invoices.currency,
    allocations.amount as allocated_amount,
    {{ lineage('allocations') }}
  from {{ ref('stg_payment_allocation') }} as allocations
  inner join {{ ref('int_payment') }} as payments on allocations.payment_id = payments.payment_id
  left join {{ ref('int_invoice_merge') }} as merged on allocations.invoice_id = merged.invoice_id
  inner join {{ ref('int_invoice') }} as invoices
    on coalesce(merged.surviving_invoice_id, allocations.invoice_id) = invoices.invoice_id
),

refunded as (
  select
    refunds.allocation_id,
    max(receipts.paid_on) as received_on
  from allocated as refunds
  inner join allocated as receipts
    on
      case when refunds.invoice_kind = 'credit_note' then refunds.reverses_invoice_id else refunds.invoice_id end
      = receipts.invoice_id
      and refunds.paid_on >= receipts.paid_on
      and receipts.allocated_amount > 0
  where refunds.invoice_kind = 'credit_note' or refunds.allocated_amount < 0
  group by refunds.allocation_id
),

running as (
  select
    allocated.*,
    case
      when allocated.invoice_kind = 'credit_note'
        then coalesce(refunded.received_on, allocated.invoice_valued_on)
      else coalesce(refunded.received_on, allocated.paid_on)
    end as valued_on,
    sum(allocated.allocated_amount) over (
      partition by allocated.invoice_id
      order by allocated.paid_on, allocated.allocation_id rows unbounded preceding
    ) as settled_amount
  from allocated
  left join refunded on allocated.allocation_id = refunded.allocation_id
),

netted as (
  select
    *,
    {{ proportion('settled_amount', 'net_amount', 'gross_amount') }} as collected_to_date,
    {{ proportion('settled_amount - allocated_amount', 'net_amount', 'gross_amount') }} as collected_before
  from running
)

select
  netted.allocation_id,
  netted.payment_id,
  netted.invoice_id,
  netted.order_id,
  netted.customer_id,
  coalesce(netted.account_id, netted.payer_account_id) as account_id,
  netted.payment_no,
  netted.method,
  netted.paid_on,
  netted.valued_on,
  netted.invoice_kind,
  netted.invoiced_on,
  netted.due_on,
  {{ days_between('netted.invoiced_on', 'netted.paid_on') }} as days_to_pay,
  netted.allocated_amount,
  netted.collected_to_date,
  netted.collected_before,
  cast(netted.collected_to_date - netted.collected_before as decimal(18, 2)) as collected_amount,
  netted.currency,
  {{ rate_columns('netted.currency') }},
  {{ functional_amount('netted.allocated_amount', functional_rate('netted.currency')) }} as allocated_functional,
  {{ functional_amount(
    'netted.collected_to_date - netted.collected_before', functional_rate('netted.currency')
  ) }} as collected_functional,
  {{ lineage('netted') }}
from netted
{{ rate_join('netted.currency', 'netted.valued_on') }}
