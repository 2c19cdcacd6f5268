-- What customers owe, VAT included: one row per invoice and day on which that changed. An invoice opens its gross amount,
-- an allocation closes its part, a credit note opens a negative one; money that came before the invoice counts from the
-- invoice's day. Valued at the invoice's rate and rounded on what is open, so a settled invoice leaves nothing.
-- Invoices of test orders are not owed by anybody.
with event as (
  select
    invoice_id,
    invoiced_on as happened_on,
    gross_amount as amount
  from {{ ref('int_invoice') }}
  union all
  select
    invoice_id,
    greatest(paid_on, invoiced_on) as happened_on,
    -allocated_amount as amount
  from {{ ref('int_payment_allocation') }}
),

by_day as (
  select
    invoice_id,
    happened_on,
    sum(amount) as amount
  from event
  group by invoice_id, happened_on
),

running as (
  select
    by_day.*,
    sum(by_day.amount) over (
      partition by by_day.invoice_id order by by_day.happened_on rows unbounded preceding
    ) as open_amount
  from by_day
)

select
  running.invoice_id,
  invoices.account_id,
  running.happened_on,
  cast(running.amount as decimal(18, 2)) as amount,
  cast(running.open_amount as decimal(18, 2)) as open_amount,
  invoices.currency,
  invoices.rate,
  invoices.has_rate,
  cast(
    {{ functional_amount('running.open_amount', 'invoices.rate') }}
    - {{ functional_amount('running.open_amount - running.amount', 'invoices.rate') }} as decimal(18, 2)
  ) as amount_functional
from running
inner join {{ ref('int_invoice') }} as invoices on running.invoice_id = invoices.invoice_id
left join {{ ref('int_order') }} as orders on invoices.order_id = orders.order_id
where coalesce(orders.exclusion_reason, '') <> 'test'
