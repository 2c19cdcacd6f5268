-- One row per service ticket: whose, on what, at what cost. The serial number finds what the ticket leaves out - order,
-- order line, product, lot - where it was shipped for one order line only and that line is not of another order.
-- Amounts at the rate of the day the ticket was opened; the net cost is converted as one amount.
with serial as (
  select
    serial_no,
    min(order_id) as order_id,
    min(order_line_id) as order_line_id,
    min(product_id) as product_id,
    min(lot_no) as lot_no
  from {{ ref('int_shipment_line') }}
  where serial_no is not null and order_line_id is not null
  group by serial_no
  having count(distinct order_line_id) = 1
),

found as (
  select
    tickets.*,
    coalesce(tickets.order_id, serial.order_id) as served_order_id,
    serial.order_line_id,
    coalesce(tickets.product_id, serial.product_id) as served_product_id,
    coalesce(tickets.lot_no, serial.lot_no) as served_lot_no,
    {{ to_business_date('tickets.opened_at') }} as opened_on,
    {{ to_business_date('tickets.closed_at') }} as closed_on,
    case
      when
        tickets.parts_cost is not null
        or tickets.labour_cost is not null
        or tickets.travel_cost is not null
        or tickets.recovered_amount is not null
        then
          coalesce(tickets.parts_cost, 0)
          + coalesce(tickets.labour_cost, 0)
          + coalesce(tickets.travel_cost, 0)
          - coalesce(tickets.recovered_amount, 0)
    end as net_cost
  from {{ ref('stg_service_ticket') }} as tickets
  left join serial
    on
      tickets.serial_no = serial.serial_no
      and (tickets.order_id is null or tickets.order_id = serial.order_id)
)

select
  found.ticket_id,
  found.kind,
  coalesce(found.customer_id, orders.customer_id) as customer_id,
  coalesce(accounts.account_id, orders.account_id) as account_id,
  found.served_order_id as order_id,
  found.order_line_id,
  found.served_product_id as product_id,
  found.served_lot_no as lot_no,
  found.serial_no,
  found.opened_on,
  found.closed_on,
  found.is_warranty,
  cast(found.net_cost as decimal(18, 2)) as net_cost,
  found.currency,
  {{ rate_columns('found.currency') }},
  {{ functional_amount('found.parts_cost', functional_rate('found.currency')) }} as parts_functional,
  {{ functional_amount('found.labour_cost', functional_rate('found.currency')) }} as labour_functional,
  {{ functional_amount('found.travel_cost', functional_rate('found.currency')) }} as travel_functional,
  {{ functional_amount('found.recovered_amount', functional_rate('found.currency')) }} as recovered_functional,
  {{ functional_amount('found.net_cost', functional_rate('found.currency')) }} as net_functional,
  {{ lineage('found') }}
from found
left join {{ ref('int_order') }} as orders on found.served_order_id = orders.order_id
left join {{ ref('int_account') }} as accounts on found.customer_id = accounts.customer_id
{{ rate_join('found.currency', 'found.opened_on') }}
