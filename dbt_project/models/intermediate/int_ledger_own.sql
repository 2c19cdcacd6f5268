-- What our own documents say for the accounts and months of the books that we can compute: cost rows and invoices by the
-- month they are dated, receivables as they stood at the end of the month. NULL before the month of our first document
-- of that kind, for there we know nothing; 0 afterwards where there is none, for there we do.
with posted as (
  select
    'marketing_expense' as account,
    {{ month_start('spent_on') }} as month,
    cost_functional as amount
  from {{ ref('int_spend') }}
  union all
  select
    'revenue' as account,
    {{ month_start('invoices.invoiced_on') }} as month,
    invoices.net_invoiced_functional as amount
  from {{ ref('int_invoice') }} as invoices
  left join {{ ref('int_order') }} as orders on invoices.order_id = orders.order_id
  where coalesce(orders.exclusion_reason, '') <> 'test'
  union all
  select
    'receivable' as account,
    {{ month_start('happened_on') }} as month,
    amount_functional as amount
  from {{ ref('int_receivable') }}
),

by_month as (
  select
    account,
    month,
    count(*) as document_count,
    count(amount) as valued_count,
    sum(amount) as amount
  from posted
  group by account, month
),

known as (
  select
    account,
    min(month) as first_month
  from by_month
  group by account
),

booked as (
  select distinct
    balances.account,
    balances.month,
    known.first_month
  from {{ ref('int_ledger_balance') }} as balances
  inner join known on balances.account = known.account
)

select
  booked.account,
  booked.month,
  coalesce(sum(by_month.document_count), 0) as document_count,
  cast(
    case
      -- a document without a rate leaves the sum unknown
      when booked.month >= booked.first_month
        and coalesce(sum(by_month.document_count), 0) = coalesce(sum(by_month.valued_count), 0)
        then coalesce(sum(by_month.amount), 0)
    end as decimal(18, 2)
  ) as own_amount
from booked
left join by_month
  on
    booked.account = by_month.account
    -- a balance holds everything up to its month, the others what the month itself brought
    and (booked.month = by_month.month or (booked.account = 'receivable' and booked.month > by_month.month))
group by booked.account, booked.month, booked.first_month
