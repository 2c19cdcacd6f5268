-- The same costs per order line: shared by net booked amount, else by quantity, else the first line takes all, on running
-- totals so that the shares add up to the cost. A cost that no order line can bear stays, with an empty line.
with shipment_line as (
  select distinct
    shipment_id,
    order_line_id
  from {{ ref('int_shipment_line') }}
  where order_line_id is not null
),

bearer as (
  select
    costs.cost_id,
    costs.order_line_id
  from {{ ref('int_order_cost') }} as costs
  where costs.split_scope = 'line'
  union all
  select
    costs.cost_id,
    shipment_line.order_line_id
  from {{ ref('int_order_cost') }} as costs
  inner join shipment_line on costs.document_id = shipment_line.shipment_id
  where costs.split_scope = 'shipment'
  union all
  select
    costs.cost_id,
    lines.order_line_id
  from {{ ref('int_order_cost') }} as costs
  inner join {{ ref('int_order_line') }} as lines
    on costs.order_id = lines.order_id and costs.product_id = lines.product_id
  where costs.split_scope = 'product'
  union all
  select
    costs.cost_id,
    lines.order_line_id
  from {{ ref('int_order_cost') }} as costs
  inner join {{ ref('int_order_line') }} as lines on costs.order_id = lines.order_id
  where costs.split_scope = 'order'
),

weighted as (
  select
    bearer.cost_id,
    bearer.order_line_id,
    lines.order_id,
    lines.line_no,
    greatest(coalesce(lines.net_amount, 0), 0) as by_amount,
    greatest(coalesce(lines.quantity, 0), 0) as by_quantity
  from bearer
  inner join {{ ref('int_order_line') }} as lines on bearer.order_line_id = lines.order_line_id
),

running as (
  select
    *,
    row_number() over (partition by cost_id order by order_id, line_no, order_line_id) as position,
    sum(by_amount) over (
      partition by cost_id order by order_id, line_no, order_line_id rows unbounded preceding
    ) as amount_to_here,
    sum(by_amount) over (partition by cost_id) as amount_total,
    sum(by_quantity) over (
      partition by cost_id order by order_id, line_no, order_line_id rows unbounded preceding
    ) as quantity_to_here,
    sum(by_quantity) over (partition by cost_id) as quantity_total
  from weighted
),

shared as (
  select
    costs.*,
    coalesce(running.order_id, costs.order_id) as borne_by_order_id,
    running.order_line_id as borne_by_line_id,
    coalesce(running.position, 1) as position,
    coalesce(
      {{ proportion('costs.amount_functional', 'running.amount_to_here', 'running.amount_total') }},
      {{ proportion('costs.amount_functional', 'running.quantity_to_here', 'running.quantity_total') }},
      costs.amount_functional
    ) as cost_to_here
  from {{ ref('int_order_cost') }} as costs
  left join running on costs.cost_id = running.cost_id
),

stepped as (
  select
    *,
    coalesce(lag(cost_to_here) over (partition by cost_id order by position), 0) as cost_to_previous
  from shared
)

select
  stepped.cost_id || '|' || coalesce(stepped.borne_by_line_id, '') as cost_line_id,
  stepped.cost_id,
  stepped.document_kind,
  stepped.document_id,
  stepped.document_no,
  stepped.kind,
  stepped.borne_by_order_id as order_id,
  stepped.borne_by_line_id as order_line_id,
  stepped.split_scope,
  stepped.incurred_on,
  stepped.has_rate,
  coalesce(orders.is_excluded, false) as is_excluded,
  orders.exclusion_reason,
  cast(stepped.cost_to_here - stepped.cost_to_previous as decimal(18, 2)) as amount_functional,
  {{ lineage('stepped') }}
from stepped
left join {{ ref('int_order') }} as orders on stepped.borne_by_order_id = orders.order_id
