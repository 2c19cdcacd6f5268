-- Every cost that an order bears beyond the goods, each from the one entity that owns it: freight from shipments (or an
-- order cost where shipments carry none), after-sales cost from service tickets, the rest from order costs.
-- split_scope says which lines share it: `line` (named), `shipment` (the lines it carried), `product` (the order's lines
-- of that product), `order` (all of them).
with product_order as (
  select distinct
    order_id,
    product_id
  from {{ ref('stg_sales_order_line') }}
  where product_id is not null
),

cost as (
  select
    'shipment:' || shipment_id as cost_id,
    'shipment' as document_kind,
    shipment_id as document_id,
    cast(null as string) as document_no,
    'freight' as kind,
    order_id,
    cast(null as string) as order_line_id,
    cast(null as string) as product_id,
    case when order_line_count > 0 then 'shipment' else 'order' end as split_scope,
    incurred_on,
    freight_amount as amount,
    currency,
    source_system,
    source_object,
    source_file,
    source_row,
    source_sha256
  from {{ ref('int_shipment') }}
  where freight_amount is not null
  union all
  select
    'order_cost:' || costs.order_cost_id as cost_id,
    'order_cost' as document_kind,
    costs.order_cost_id as document_id,
    costs.document_no,
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
    cast(null as string) as document_no,
    'after_sales' as kind,
    tickets.order_id,
    tickets.order_line_id,
    tickets.product_id,
    case
      when tickets.order_line_id is not null then 'line'
      when product_order.order_id is not null then 'product'
      else 'order'
    end as split_scope,
    tickets.opened_on as incurred_on,
    tickets.net_cost as amount,
    tickets.currency,
    {{ lineage('tickets') }}
  from {{ ref('int_service_ticket') }} as tickets
  left join product_order
    on tickets.order_id = product_order.order_id and tickets.product_id = product_order.product_id
  where tickets.net_cost is not null
)

select
  cost.cost_id,
  cost.document_kind,
  cost.document_id,
  cost.document_no,
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
