-- Every cost that an order bears beyond the goods, each from the one entity that owns it: freight from shipments (or an
-- order cost where shipments carry none), after-sales cost from service tickets, the rest from order costs.
-- split_scope says which lines share it: `line` (named), `shipment` (the lines it carried), `product` (the order's lines
-- of that product), `order` (all of them).
with shipped_order as (
  select
    shipment_id,
    min(order_id) as order_id,
    count(order_line_id) as line_count
  from {{ ref('int_shipment_line') }}
  group by shipment_id
),

serial as (
  select
    serial_no,
    min(order_id) as order_id,
    min(order_line_id) as order_line_id
  from {{ ref('int_shipment_line') }}
  where serial_no is not null and order_line_id is not null
  group by serial_no
  having count(distinct order_line_id) = 1
),

product_order as (
  select distinct
    order_id,
    product_id
  from {{ ref('stg_sales_order_line') }}
  where product_id is not null
),

cost as (
  select
    'shipment:' || shipments.shipment_id as cost_id,
    'shipment' as document_kind,
    shipments.shipment_id as document_id,
    'freight' as kind,
    coalesce(shipments.order_id, shipped_order.order_id) as order_id,
    cast(null as string) as order_line_id,
    cast(null as string) as product_id,
    case when shipped_order.line_count > 0 then 'shipment' else 'order' end as split_scope,
    {{ to_business_date('coalesce(shipments.shipped_at, shipments.delivered_at)') }} as incurred_on,
    shipments.freight_amount as amount,
    shipments.currency,
    {{ lineage('shipments') }}
  from {{ ref('stg_shipment') }} as shipments
  left join shipped_order on shipments.shipment_id = shipped_order.shipment_id
  where shipments.freight_amount is not null
  union all
  select
    'order_cost:' || costs.order_cost_id as cost_id,
    'order_cost' as document_kind,
    costs.order_cost_id as document_id,
    costs.kind,
    coalesce(order_lines.order_id, costs.order_id) as order_id,
    costs.order_line_id,
    cast(null as string) as product_id,
    case when costs.order_line_id is not null then 'line' else 'order' end as split_scope,
    costs.incurred_on,
    costs.amount,
    costs.currency,
    {{ lineage('costs') }}
  from {{ ref('stg_order_cost') }} as costs
  left join {{ ref('stg_sales_order_line') }} as order_lines on costs.order_line_id = order_lines.order_line_id
  union all
  select
    'ticket:' || tickets.ticket_id as cost_id,
    'service_ticket' as document_kind,
    tickets.ticket_id as document_id,
    'after_sales' as kind,
    coalesce(tickets.order_id, serial.order_id) as order_id,
    serial.order_line_id,
    tickets.product_id,
    case
      when serial.order_line_id is not null then 'line'
      when product_order.order_id is not null then 'product'
      else 'order'
    end as split_scope,
    {{ to_business_date('tickets.opened_at') }} as incurred_on,
    coalesce(tickets.parts_cost, 0)
    + coalesce(tickets.labour_cost, 0)
    + coalesce(tickets.travel_cost, 0)
    - coalesce(tickets.recovered_amount, 0) as amount,
    tickets.currency,
    {{ lineage('tickets') }}
  from {{ ref('stg_service_ticket') }} as tickets
  left join serial
    on
      tickets.serial_no = serial.serial_no
      and (tickets.order_id is null or tickets.order_id = serial.order_id)
  left join product_order
    on tickets.order_id = product_order.order_id and tickets.product_id = product_order.product_id
  where
    tickets.parts_cost is not null
    or tickets.labour_cost is not null
    or tickets.travel_cost is not null
    or tickets.recovered_amount is not null
)

select
  cost.cost_id,
  cost.document_kind,
  cost.document_id,
  cost.kind,
  cost.order_id,
  cost.order_line_id,
  cost.product_id,
  cost.split_scope,
  cost.incurred_on,
  cast(cost.amount as decimal(18, 2)) as amount,
  cost.currency,
  {{ rate_columns('cost.currency') }},
  {{ functional_amount('cost.amount', functional_rate('cost.currency')) }} as amount_functional,
  {{ lineage('cost') }}
from cost
{{ rate_join('cost.currency', 'cost.incurred_on') }}
