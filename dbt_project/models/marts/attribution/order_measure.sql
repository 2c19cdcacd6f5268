-- Every amount an order earns or costs, one row per document, order line and measure, on the day it was posted: what
-- the credits must add up to, and equal to order_facts per order. Contribution is gross profit less the costs the
-- order bears, so a later cost or credit note lowers it on its own day. An invoice line whose cost nobody knows has
-- no cogs, gross profit or contribution, and an order of only such lines has no contribution at all. Excluded orders
-- have no rows; a document that names no order has, with an empty order.
with costed_order as (
  select
    order_id,
    max(case when cogs is not null then 1 else 0 end) as is_costed
  from {{ ref('invoice_line_facts') }}
  where order_id is not null
  group by order_id
),

posting as (
  select
    order_id,
    order_line_id,
    'order_line' as document_kind,
    order_line_id as document_id,
    ordered_on as posted_on,
    'booked' as measure,
    net_booked as amount,
    product_id
  from {{ ref('order_line_facts') }}
  where not is_excluded

  union all

  select
    line.order_id,
    line.order_line_id,
    'invoice_line' as document_kind,
    line.invoice_line_id as document_id,
    line.invoiced_on as posted_on,
    measure.name as measure,
    case measure.name
      when 'invoiced' then line.net_invoiced
      when 'cogs' then line.cogs
      else line.gross_profit
    end as amount,
    line.product_id
  from {{ ref('invoice_line_facts') }} as line
  cross join (values ('invoiced'), ('cogs'), ('gross_profit'), ('contribution')) as measure (name)
  where not line.is_excluded

  union all

  select
    cost.order_id,
    cost.order_line_id,
    'order_cost' as document_kind,
    cost.cost_line_id as document_id,
    cost.incurred_on as posted_on,
    measure.name as measure,
    case measure.name when 'contribution' then -cost.amount else cost.amount end as amount,
    cast(null as string) as product_id
  from {{ ref('order_cost_facts') }} as cost
  cross join (values ('contribution'), ('after_sales')) as measure (name)
  left join costed_order on cost.order_id = costed_order.order_id
  where
    not cost.is_excluded
    and (
      (measure.name = 'after_sales' and cost.kind = 'after_sales')
      or (
        measure.name = 'contribution'
        and cost.kind in ('freight', 'commission', 'rebate', 'bad_debt', 'after_sales')
        and coalesce(costed_order.is_costed, 1) = 1
      )
    )

  union all

  select
    order_id,
    order_line_id,
    'payment_line' as document_kind,
    payment_line_id as document_id,
    paid_on as posted_on,
    'collected' as measure,
    collected as amount,
    product_id
  from {{ ref('payment_line_facts') }}
  where not is_excluded
)

select
  posting.order_id,
  posting.order_line_id,
  posting.document_kind || ':' || posting.document_id as posting_id,
  posting.posted_on,
  posting.measure,
  cast(posting.amount as decimal(18, 2)) as amount,
  posting.document_kind,
  posting.document_id,
  orders.account_id,
  coalesce(orders.origin_channel_id, 'unknown') as origin_channel_id,
  coalesce(orders.origin_campaign_id, 'unknown') as origin_campaign_id,
  orders.salesperson_id,
  orders.distributor_id,
  coalesce(posting.product_id, lines.product_id) as product_id
from posting
left join {{ ref('order_facts') }} as orders on posting.order_id = orders.order_id
left join {{ ref('order_line_facts') }} as lines on posting.order_line_id = lines.order_line_id
where posting.amount <> 0
