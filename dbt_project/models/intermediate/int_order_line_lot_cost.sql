-- What the lots shipped for an order line cost per unit; only where every shipped unit has a lot of known cost.
select
  shipped.order_line_id,
  cast(sum(shipped.quantity) as decimal(18, 4)) as quantity_shipped,
  cast(round(sum(cast(shipped.quantity as decimal(38, 4)) * lots.unit_cost_functional), 4) as decimal(28, 4))
    as lot_cost_functional
from {{ ref('int_shipment_line') }} as shipped
left join {{ ref('int_lot') }} as lots
  on shipped.product_id = lots.product_id and shipped.lot_no = lots.lot_no
where shipped.order_line_id is not null
group by shipped.order_line_id
having count(*) = count(lots.unit_cost_functional) and sum(shipped.quantity) > 0
