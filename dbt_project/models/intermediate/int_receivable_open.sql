-- What is open of each invoice at the end of each month, VAT included, functional currency, and since when it is due. A
-- credit note is due when the invoice is that it reverses, so it reduces the same age; an invoice that names no due date
-- is due on its own day. Bad debt written off on an order by then takes from what is open of the order's invoices, the
-- oldest first, and never more than the order owes.
with spanned as (
  select
    invoice_id,
    open_amount,
    rate,
    happened_on,
    lead(happened_on) over (partition by invoice_id order by happened_on) as next_on
  from {{ ref('int_receivable') }}
),

opened as (
  select
    spanned.invoice_id,
    months.month,
    months.closing_on,
    invoices.account_id,
    invoices.order_id,
    invoices.kind,
    case
      when invoices.kind = 'credit_note'
        then coalesce(reversed.due_on, reversed.invoiced_on, invoices.due_on, invoices.invoiced_on)
      else coalesce(invoices.due_on, invoices.invoiced_on)
    end as due_on,
    {{ functional_amount('spanned.open_amount', 'spanned.rate') }} as receivable
  from spanned
  inner join {{ ref('int_closing_month') }} as months
    on
      spanned.happened_on <= months.closing_on
      and (spanned.next_on is null or spanned.next_on > months.closing_on)
  inner join {{ ref('int_invoice') }} as invoices on spanned.invoice_id = invoices.invoice_id
  left join {{ ref('int_invoice') }} as reversed on invoices.reverses_invoice_id = reversed.invoice_id
  where spanned.open_amount <> 0
),

bad as (
  select
    costs.order_id,
    months.month,
    sum(costs.amount_functional) as amount
  from {{ ref('int_order_cost') }} as costs
  inner join {{ ref('int_closing_month') }} as months on costs.incurred_on <= months.closing_on
  where costs.kind = 'bad_debt' and costs.order_id is not null
  group by costs.order_id, months.month
),

queued as (
  select
    opened.*,
    coalesce(bad.amount, 0) as bad_amount,
    sum(opened.receivable) over (partition by opened.order_id, opened.month) as order_receivable,
    sum(greatest(opened.receivable, 0)) over (
      partition by opened.order_id, opened.month
      order by opened.due_on, opened.invoice_id rows unbounded preceding
    ) as debt_to_here
  from opened
  left join bad on opened.order_id = bad.order_id and opened.month = bad.month
)

select
  invoice_id,
  month,
  closing_on,
  account_id,
  order_id,
  kind,
  due_on,
  {{ days_between('due_on', 'closing_on') }} as days_overdue,
  receivable,
  cast(
    least(debt_to_here, greatest(least(bad_amount, order_receivable), 0))
    - least(debt_to_here - greatest(receivable, 0), greatest(least(bad_amount, order_receivable), 0))
    as decimal(18, 2)
  ) as written_off
from queued
