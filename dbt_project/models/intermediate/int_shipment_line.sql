-- One row per shipped order line and lot or serial number, with the business dates of its shipment.
select
  lines.shipment_line_id,
  lines.shipment_id,
  coalesce(order_lines.order_id, shipments.order_id) as order_id,
  lines.order_line_id,
  order_lines.product_id,
  lines.lot_no,
  lines.serial_no,
  lines.udi_pi,
  lines.quantity,
  {{ to_business_date('shipments.shipped_at') }} as shipped_on,
  {{ to_business_date('shipments.delivered_at') }} as delivered_on,
  {{ lineage('lines') }}
from {{ ref('stg_shipment_line') }} as lines
left join {{ ref('stg_shipment') }} as shipments on lines.shipment_id = shipments.shipment_id
left join {{ ref('stg_sales_order_line') }} as order_lines on lines.order_line_id = order_lines.order_line_id
