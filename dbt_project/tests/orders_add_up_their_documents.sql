-- What: invoiced, cost, costs and collected cash of each order equal the sums of the document rows that belong to it.
-- Why: order_facts is read by attribution and every money metric; a fan-out or a lost row would show here, to the cent.
-- A returned row is an order and measure whose two sums differ.
with document as (
  select
    order_id,
    'net_invoiced' as measure,
    net_invoiced as amount
  from {{ ref('invoice_line_facts') }}
  union all
  select
    order_id,
    'gross_profit' as measure,
    gross_profit as amount
  from {{ ref('invoice_line_facts') }}
  union all
  select
    order_id,
    'collected' as measure,
    collected as amount
  from {{ ref('payment_line_facts') }}
  union all
  select
    order_id,
    kind as measure,
    amount
  from {{ ref('order_cost_facts') }}
),

summed as (
  select
    order_id,
    measure,
    coalesce(sum(amount), 0) as amount
  from document
  where order_id is not null
  group by order_id, measure
),

stated as (
  {%- for measure, column in [
    ('net_invoiced', 'net_invoiced'), ('gross_profit', 'gross_profit'), ('collected', 'collected'),
    ('freight', 'freight'), ('commission', 'commission'), ('rebate', 'rebate'), ('bad_debt', 'bad_debt'),
    ('other', 'other_cost'), ('after_sales', 'after_sales'),
  ] %}
  select
    order_id,
    '{{ measure }}' as measure,
    {{ column }} as amount
  from {{ ref('order_facts') }}
  {{ 'union all' if not loop.last }}
  {%- endfor %}
)

select
  stated.order_id,
  stated.measure,
  stated.amount as in_order_facts,
  summed.amount as in_documents
from stated
left join summed on stated.order_id = summed.order_id and stated.measure = summed.measure
-- an amount that is NULL for want of a rate or a cost says so itself
where stated.amount is not null and stated.amount <> coalesce(summed.amount, 0)
