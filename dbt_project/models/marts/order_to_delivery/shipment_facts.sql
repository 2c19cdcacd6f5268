-- One row per shipment: for which order, by whom, how long it took, what it carried and what the freight cost.
select
  shipments.shipment_id,
  shipments.order_id,
  orders.account_id,
  coalesce(orders.is_excluded, false) as is_excluded,
  orders.exclusion_reason,
  shipments.shipped_on,
  shipments.delivered_on,
  {{ days_between('shipments.shipped_on', 'shipments.delivered_on') }} as transit_days,
  shipments.carrier,
  shipments.line_count,
  shipments.quantity,
  shipments.freight_amount,
  shipments.currency,
  shipments.rate,
  shipments.rate_id,
  shipments.has_rate,
  shipments.freight_functional as freight,
  {{ lineage('shipments') }}
from {{ ref('int_shipment') }} as shipments
left join {{ ref('int_order') }} as orders on shipments.order_id = orders.order_id
