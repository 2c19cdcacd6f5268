-- One row per production order: plan, result, delay, cost. A delay runs on for what should have started or finished by
-- the as-of date and has not; before that nothing is late.
select
  orders.production_order_id,
  orders.product_id,
  orders.order_line_id,
  orders.order_id,
  orders.lot_no,
  orders.lot_id,
  orders.planned_start_on,
  orders.planned_finish_on,
  orders.started_on,
  orders.finished_on,
  orders.finished_on is not null as is_finished,
  {{ days_between('lines.confirmed_on', 'orders.started_on') }} as response_days,
  {{ days_between('orders.started_on', 'orders.finished_on') }} as cycle_days,
  case
    when orders.started_on is not null or orders.planned_start_on <= as_of.as_of_on
      then {{ days_between('orders.planned_start_on', 'coalesce(orders.started_on, as_of.as_of_on)') }}
  end as start_delay_days,
  case
    when orders.finished_on is not null or orders.planned_finish_on <= as_of.as_of_on
      then {{ days_between('orders.planned_finish_on', 'coalesce(orders.finished_on, as_of.as_of_on)') }}
  end as finish_delay_days,
  orders.quantity_planned,
  orders.quantity_finished,
  orders.quantity_scrapped,
  orders.total_cost as cost_amount,
  orders.currency,
  orders.rate,
  orders.rate_id,
  orders.has_rate,
  orders.material_functional as material_cost,
  orders.labour_functional as labour_cost,
  orders.overhead_functional as overhead_cost,
  orders.total_functional as total_cost,
  as_of.as_of_on,
  {{ lineage('orders') }}
from {{ ref('int_production_order') }} as orders
cross join {{ ref('int_as_of') }} as as_of
left join {{ ref('int_order_line') }} as lines on orders.order_line_id = lines.order_line_id
