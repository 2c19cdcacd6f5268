-- One row per product and lot: what its production orders made and cost. The unit cost is known only when every
-- production order of the lot has a cost and a rate.
with first_row as (
  select
    *,
    row_number() over (partition by lot_id order by production_order_id) as sequence
  from {{ ref('int_production_order') }}
),

summed as (
  select
    lot_id,
    count(*) as production_order_count,
    min(planned_start_on) as planned_start_on,
    max(planned_finish_on) as planned_finish_on,
    min(started_on) as started_on,
    case when count(finished_on) = count(*) then max(finished_on) end as finished_on,
    count(total_cost) = count(total_functional) as has_rate,
    sum(quantity_planned) as quantity_planned,
    sum(quantity_finished) as quantity_finished,
    sum(quantity_scrapped) as quantity_scrapped,
    case when count(total_functional) = count(*) then sum(total_functional) end as cost_functional
  from {{ ref('int_production_order') }}
  group by lot_id
)

select
  summed.lot_id,
  first_row.lot_no,
  first_row.product_id,
  first_row.production_order_id,
  summed.production_order_count,
  summed.planned_start_on,
  summed.planned_finish_on,
  summed.started_on,
  summed.finished_on,
  cast(summed.quantity_planned as decimal(18, 4)) as quantity_planned,
  cast(summed.quantity_finished as decimal(18, 4)) as quantity_finished,
  cast(summed.quantity_scrapped as decimal(18, 4)) as quantity_scrapped,
  summed.has_rate,
  cast(summed.cost_functional as decimal(18, 2)) as cost_functional,
  {{ proportion('summed.cost_functional', '1', 'summed.quantity_finished', 6) }} as unit_cost_functional,
  {{ lineage('first_row') }}
from summed
inner join first_row on summed.lot_id = first_row.lot_id and first_row.sequence = 1
