-- One row per production order: its lot, its business dates, and its cost in the functional currency at the rate of the
-- day it was finished (else meant to be). A production order without a lot number is a lot of its own. Each cost and
-- their total are converted on their own, so in a foreign currency the total may differ by a cent from its parts.
with dated as (
  select
    orders.*,
    lines.order_id,
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
  left join {{ ref('stg_sales_order_line') }} as lines on orders.order_line_id = lines.order_line_id
),

valued as (
  select
    *,
    coalesce(finished_on, planned_finish_on) as valued_on
  from dated
)

select
  valued.production_order_id,
  valued.product_id,
  valued.order_line_id,
  valued.order_id,
  valued.lot_no,
  valued.lot_key,
  coalesce(valued.product_id, '') || '|' || valued.lot_key as lot_id,
  valued.planned_start_on,
  valued.planned_finish_on,
  valued.started_on,
  valued.finished_on,
  valued.valued_on,
  valued.quantity_planned,
  valued.quantity_finished,
  valued.quantity_scrapped,
  cast(valued.total_cost as decimal(18, 2)) as total_cost,
  valued.currency,
  {{ rate_columns('valued.currency') }},
  {{ functional_amount('valued.material_cost', functional_rate('valued.currency')) }} as material_functional,
  {{ functional_amount('valued.labour_cost', functional_rate('valued.currency')) }} as labour_functional,
  {{ functional_amount('valued.overhead_cost', functional_rate('valued.currency')) }} as overhead_functional,
  {{ functional_amount('valued.total_cost', functional_rate('valued.currency')) }} as total_functional,
  {{ lineage('valued') }}
from valued
{{ rate_join('valued.currency', 'valued.valued_on') }}
