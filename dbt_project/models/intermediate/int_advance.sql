-- Money of customers that settles no invoice yet, VAT included: one row per payment and day on which that changed. A
-- payment brings its amount, an allocation takes its part away on the day from which it settles the invoice (an invoice
-- still to come is settled on its own day). Kept in the payment's currency at its rate, rounded on what is left, so a
-- payment used up leaves nothing; where it settles invoices of another currency, both sides stand in the functional
-- currency at the rates of their days, and what those differ by stays.
with foreign_payment as (
  select distinct payments.payment_id
  from {{ ref('int_payment') }} as payments
  inner join {{ ref('int_payment_allocation') }} as allocations on payments.payment_id = allocations.payment_id
  where payments.currency <> allocations.currency
),

event as (
  select
    payments.payment_id,
    payments.paid_on as happened_on,
    case when foreign_payment.payment_id is null then payments.amount else payments.amount_functional end as amount
  from {{ ref('int_payment') }} as payments
  left join foreign_payment on payments.payment_id = foreign_payment.payment_id
  union all
  select
    allocations.payment_id,
    greatest(allocations.paid_on, allocations.invoiced_on) as happened_on,
    case
      when foreign_payment.payment_id is null then -allocations.allocated_amount
      else -allocations.allocated_functional
    end as amount
  from {{ ref('int_payment_allocation') }} as allocations
  left join foreign_payment on allocations.payment_id = foreign_payment.payment_id
),

by_day as (
  select
    payment_id,
    happened_on,
    {{ full_sum('amount') }} as amount
  from event
  group by payment_id, happened_on
),

running as (
  select
    by_day.*,
    sum(by_day.amount) over (
      partition by by_day.payment_id order by by_day.happened_on rows unbounded preceding
    ) as left_amount,
    lead(by_day.happened_on) over (partition by by_day.payment_id order by by_day.happened_on) as next_on
  from by_day
)

select
  running.payment_id,
  payments.account_id,
  running.happened_on,
  running.next_on,
  {{ functional_amount(
    'running.left_amount', 'case when foreign_payment.payment_id is null then payments.rate else 1 end'
  ) }} as left_functional
from running
inner join {{ ref('int_payment') }} as payments on running.payment_id = payments.payment_id
left join foreign_payment on running.payment_id = foreign_payment.payment_id
