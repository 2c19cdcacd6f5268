-- One row per line of a shipment: which lot or serial number went to whom, and when. The lot is linked where we made it.
select
  lines.shipment_line_id,
  lines.shipment_id,
  lines.order_line_id,
  lines.order_id,
  lines.product_id,
  orders.account_id,
  coalesce(orders.is_excluded, false) as is_excluded,
  orders.exclusion_reason,
  lines.lot_no,
  lots.lot_id,
  lines.serial_no,
  lines.udi_pi,
  lines.quantity,
  lines.shipped_on,
  lines.delivered_on,
  {{ lineage('lines') }}
from {{ ref('int_shipment_line') }} as lines
left join {{ ref('int_order') }} as orders on lines.order_id = orders.order_id
left join {{ ref('int_lot') }} as lots on lines.product_id = lots.product_id and lines.lot_no = lots.lot_no
