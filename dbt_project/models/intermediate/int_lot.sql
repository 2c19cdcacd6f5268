-- One row per product and lot: what its production orders made and cost. A production order without a lot number is a
-- lot of its own. The unit cost is known only when every production order of the lot has a cost and a rate.
with produced as (
  select
    orders.*,
    coalesce(orders.lot_no, orders.production_order_id) as lot_key,
    {{ to_business_date('orders.started_at') }} as started_on,
    {{ to_business_date('orders.finished_at') }} as finished_on,
    case
      when orders.material_cost is not null or orders.labour_cost is not null or orders.overhead_cost is not null
        then
          coalesce(orders.material_cost, 0)
          + coalesce(orders.labour_cost, 0)
          + coalesce(orders.overhead_cost, 0)
    end as total_cost
  from {{ ref('stg_production_order') }} as orders
),

valued as (
  select
    produced.*,
    {{ functional_amount('produced.total_cost', functional_rate('produced.currency')) }} as cost_functional
  from produced
  {{ rate_join('produced.currency', 'coalesce(produced.finished_on, produced.planned_finish_on)') }}
),

first_row as (
  select
    *,
    row_number() over (partition by product_id, lot_key order by production_order_id) as sequence
  from valued
),

summed as (
  select
    product_id,
    lot_key,
    count(*) as production_order_count,
    min(planned_start_on) as planned_start_on,
    max(planned_finish_on) as planned_finish_on,
    min(started_on) as started_on,
    case when count(finished_on) = count(*) then max(finished_on) end as finished_on,
    count(total_cost) = count(cost_functional) as has_rate,
    sum(quantity_planned) as quantity_planned,
    sum(quantity_finished) as quantity_finished,
    sum(quantity_scrapped) as quantity_scrapped,
    case when count(cost_functional) = count(*) then sum(cost_functional) end as cost_functional
  from valued
  group by product_id, lot_key
)

select
  coalesce(summed.product_id, '') || '|' || summed.lot_key as lot_id,
  first_row.lot_no,
  summed.product_id,
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
inner join first_row
  on
    summed.lot_key = first_row.lot_key
    and coalesce(summed.product_id, '') = coalesce(first_row.product_id, '')
    and first_row.sequence = 1
