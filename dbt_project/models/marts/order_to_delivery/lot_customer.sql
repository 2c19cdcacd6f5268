-- Recall: one row per lot and order line that it was shipped for, orders that do not count included - a sample is out there
-- too. A return names its order line, not its lot: where a line was filled from several lots, what came back of this one is
-- only known to lie between a least and a most.
with shipped as (
  select
    lot_no || '|' || coalesce(order_line_id, shipment_id) as lot_customer_id,
    min(lot_no) as lot_no,
    min(product_id) as product_id,
    min(order_line_id) as order_line_id,
    min(order_id) as order_id,
    min(shipment_id) as first_shipment_id,
    min(shipped_on) as first_shipped_on,
    max(shipped_on) as last_shipped_on,
    sum(quantity) as quantity_shipped,
    count(distinct serial_no) as serial_count,
    count(distinct udi_pi) as udi_count,
    min(udi_pi) as first_udi_pi
  from {{ ref('int_shipment_line') }}
  where lot_no is not null
  group by lot_no || '|' || coalesce(order_line_id, shipment_id)
),

whole_line as (
  select
    order_line_id,
    sum(quantity) as quantity_shipped,
    count(distinct coalesce(lot_no, '')) as lot_count
  from {{ ref('int_shipment_line') }}
  where order_line_id is not null
  group by order_line_id
),

returned as (
  select
    order_line_id,
    sum(quantity) as quantity
  from {{ ref('int_sales_return') }}
  where order_line_id is not null
  group by order_line_id
),

complained as (
  select
    lot_no,
    order_line_id,
    count(*) as ticket_count
  from {{ ref('int_service_ticket') }}
  where lot_no is not null and order_line_id is not null
  group by lot_no, order_line_id
),

bounded as (
  select
    shipped.*,
    coalesce(whole_line.lot_count, 1) as line_lot_count,
    coalesce(returned.quantity, 0) as line_quantity_returned,
    least(shipped.quantity_shipped, coalesce(returned.quantity, 0)) as quantity_returned_most,
    -- what the other lots of the line cannot account for
    greatest(
      least(
        shipped.quantity_shipped,
        coalesce(returned.quantity, 0)
        - (coalesce(whole_line.quantity_shipped, shipped.quantity_shipped) - shipped.quantity_shipped)
      ),
      0
    ) as quantity_returned_least
  from shipped
  left join whole_line on shipped.order_line_id = whole_line.order_line_id
  left join returned on shipped.order_line_id = returned.order_line_id
)

select
  bounded.lot_customer_id,
  bounded.lot_no,
  lots.lot_id,
  bounded.product_id,
  bounded.order_line_id,
  bounded.order_id,
  orders.account_id,
  orders.customer_id,
  coalesce(orders.is_excluded, false) as is_excluded,
  orders.exclusion_reason,
  coalesce(orders.origin_channel_id, 'unknown') as origin_channel_id,
  coalesce(orders.origin_campaign_id, 'unknown') as origin_campaign_id,
  bounded.first_shipped_on,
  bounded.last_shipped_on,
  cast(bounded.quantity_shipped as decimal(18, 4)) as quantity_shipped,
  bounded.line_lot_count,
  cast(bounded.line_quantity_returned as decimal(18, 4)) as line_quantity_returned,
  cast(bounded.quantity_returned_least as decimal(18, 4)) as quantity_returned_least,
  cast(bounded.quantity_returned_most as decimal(18, 4)) as quantity_returned_most,
  cast(bounded.quantity_shipped - bounded.quantity_returned_most as decimal(18, 4)) as quantity_out_least,
  cast(bounded.quantity_shipped - bounded.quantity_returned_least as decimal(18, 4)) as quantity_out_most,
  bounded.serial_count,
  bounded.udi_count,
  bounded.first_udi_pi,
  coalesce(complained.ticket_count, 0) as ticket_count,
  {{ lineage('shipments') }}
from bounded
left join {{ ref('int_shipment') }} as shipments on bounded.first_shipment_id = shipments.shipment_id
left join {{ ref('int_order') }} as orders on bounded.order_id = orders.order_id
left join {{ ref('int_lot') }} as lots on bounded.product_id = lots.product_id and bounded.lot_no = lots.lot_no
left join complained
  on bounded.lot_no = complained.lot_no and bounded.order_line_id = complained.order_line_id
