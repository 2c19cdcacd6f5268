-- What: an invoice whose allocations equal its gross amount has collected exactly its net amount.
-- Why: this is what rounding on running totals promises; rounding each payment alone breaks it.
-- A returned row is a paid invoice whose collected cash is not its net amount.
select
  invoices.invoice_id,
  invoices.net_amount,
  sum(allocations.collected_amount) as collected_amount
from {{ ref('int_invoice') }} as invoices
inner join {{ ref('int_payment_allocation') }} as allocations on invoices.invoice_id = allocations.invoice_id
group by invoices.invoice_id, invoices.net_amount, invoices.gross_amount
having
  sum(allocations.allocated_amount) = invoices.gross_amount
  and sum(allocations.collected_amount) <> invoices.net_amount
