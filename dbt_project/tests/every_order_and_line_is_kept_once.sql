-- What: each order and each order line of the sources is exactly one row of its mart.
-- Why: excluded orders are flagged, not dropped; a join that multiplies a line multiplies money.
-- A returned row is an order or line that is missing or there more than once.
with expected as (
  select
    'order' as kind,
    order_id as id
  from {{ ref('stg_sales_order') }}
  union all
  select
    'line' as kind,
    lines.order_line_id as id
  from {{ ref('stg_sales_order_line') }} as lines
  inner join {{ ref('stg_sales_order') }} as orders on lines.order_id = orders.order_id
),

placed as (
  select
    'order' as kind,
    order_id as id
  from {{ ref('order_facts') }}
  union all
  select
    'line' as kind,
    order_line_id as id
  from {{ ref('order_line_facts') }}
)

select
  expected.kind,
  expected.id,
  count(placed.id) as times
from expected
left join placed on expected.kind = placed.kind and expected.id = placed.id
group by expected.kind, expected.id
having count(placed.id) <> 1
