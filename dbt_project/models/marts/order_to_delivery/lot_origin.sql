-- Complaint: one row per service ticket, back from its serial number or lot to who made the lot, for which order, for whom, and
-- where that order came from (its origin; attribution among several touches aside). traced_by says what led to the order:
-- order (the ticket names it), serial, or nothing; then only the customers who have the lot are known, by their number.
with held as (
  select
    lot_no,
    count(distinct account_id) as account_count
  from {{ ref('lot_customer') }}
  group by lot_no
)

select
  tickets.ticket_id,
  tickets.kind,
  tickets.opened_on,
  tickets.closed_on,
  tickets.product_id,
  tickets.lot_no,
  tickets.lot_id,
  tickets.serial_no,
  lots.production_order_id,
  tickets.order_id,
  tickets.order_line_id,
  tickets.account_id,
  orders.customer_id as order_customer_id,
  orders.ordered_on,
  shipped.first_shipped_on,
  case
    when tickets.order_id is null then 'nothing'
    when tickets.order_line_id is not null then 'serial'
    else 'order'
  end as traced_by,
  coalesce(orders.origin_channel_id, 'unknown') as origin_channel_id,
  coalesce(orders.origin_campaign_id, 'unknown') as origin_campaign_id,
  orders.origin_rule,
  coalesce(held.account_count, 0) as lot_account_count,
  tickets.is_warranty,
  tickets.net_cost,
  {{ lineage('tickets') }}
from {{ ref('ticket_facts') }} as tickets
left join {{ ref('order_facts') }} as orders on tickets.order_id = orders.order_id
left join {{ ref('int_lot') }} as lots on tickets.lot_id = lots.lot_id
left join {{ ref('shipped_line_quality') }} as shipped on tickets.order_line_id = shipped.order_line_id
left join held on tickets.lot_no = held.lot_no
