-- What: the line shares of each payment allocation and of each order cost add up to the document, to the cent.
-- Why: a split that loses a cent makes every total above it disagree with the books.
-- A returned row is a document whose shares do not add up.
with document as (
  select
    'payment' as kind,
    allocation_id as id,
    collected as amount
  from {{ ref('payment_facts') }}
  union all
  select
    'cost' as kind,
    cost_id as id,
    amount_functional as amount
  from {{ ref('int_order_cost') }}
),

share as (
  select
    'payment' as kind,
    allocation_id as id,
    collected as amount
  from {{ ref('payment_line_facts') }}
  union all
  select
    'cost' as kind,
    cost_id as id,
    amount
  from {{ ref('order_cost_facts') }}
),

summed as (
  select
    kind,
    id,
    sum(amount) as amount
  from share
  group by kind, id
)

select
  document.kind,
  document.id,
  document.amount,
  summed.amount as shares
from document
left join summed on document.kind = summed.kind and document.id = summed.id
where coalesce(document.amount, 0) <> coalesce(summed.amount, 0)
