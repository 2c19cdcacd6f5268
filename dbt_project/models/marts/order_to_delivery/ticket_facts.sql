-- One row per service ticket: whose, on which product, lot and serial number, how long it took and what it cost.
select
  tickets.ticket_id,
  tickets.kind,
  tickets.customer_id,
  tickets.account_id,
  tickets.order_id,
  tickets.order_line_id,
  coalesce(orders.is_excluded, false) as is_excluded,
  orders.exclusion_reason,
  tickets.product_id,
  tickets.lot_no,
  lots.lot_id,
  tickets.serial_no,
  tickets.opened_on,
  tickets.closed_on,
  tickets.closed_on is not null as is_closed,
  case
    when tickets.closed_on is not null or tickets.opened_on <= as_of.as_of_on
      then {{ days_between('tickets.opened_on', 'coalesce(tickets.closed_on, as_of.as_of_on)') }}
  end as days_open,
  tickets.is_warranty,
  tickets.net_cost as net_amount,
  tickets.currency,
  tickets.rate,
  tickets.rate_id,
  tickets.has_rate,
  tickets.parts_functional as parts_cost,
  tickets.labour_functional as labour_cost,
  tickets.travel_functional as travel_cost,
  tickets.recovered_functional as recovered,
  tickets.net_functional as net_cost,
  as_of.as_of_on,
  {{ lineage('tickets') }}
from {{ ref('int_service_ticket') }} as tickets
cross join {{ ref('int_as_of') }} as as_of
left join {{ ref('int_order') }} as orders on tickets.order_id = orders.order_id
left join {{ ref('int_lot') }} as lots on tickets.product_id = lots.product_id and tickets.lot_no = lots.lot_no
