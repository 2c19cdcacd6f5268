-- One row per lot: what was planned, made, inspected, shipped and complained about. A lot that only an inspection names
-- (incoming material) is a row without a product.
with inspection as (
  select *
  from {{ ref('int_inspection') }}
  where lot_id is not null
),

judged as (
  select
    lot_id,
    count(*) as inspection_count,
    sum(quantity_inspected) as quantity_inspected,
    sum(quantity_passed) as quantity_passed,
    sum(quantity_first_pass) as quantity_first_pass,
    sum(quantity_reworked) as quantity_reworked,
    sum(quantity_rejected) as quantity_rejected
  from inspection
  group by lot_id
),

first_inspection as (
  select
    *,
    row_number() over (partition by lot_id order by inspected_at, inspection_id) as sequence
  from inspection
),

shipped as (
  select
    lot_no,
    product_id,
    sum(quantity) as quantity_shipped,
    count(distinct order_id) as order_count
  from {{ ref('int_shipment_line') }}
  where lot_no is not null and product_id is not null
  group by lot_no, product_id
),

complained as (
  select
    lot_no,
    product_id,
    count(*) as ticket_count
  from {{ ref('int_service_ticket') }}
  where lot_no is not null and product_id is not null
  group by lot_no, product_id
),

lot as (
  select
    lot_id,
    lot_no,
    product_id,
    production_order_id,
    production_order_count,
    planned_start_on,
    planned_finish_on,
    started_on,
    finished_on,
    quantity_planned,
    quantity_finished,
    quantity_scrapped,
    cost_functional,
    unit_cost_functional,
    source_system,
    source_object,
    source_file,
    source_row,
    source_sha256
  from {{ ref('int_lot') }}
  union all
  select
    first_inspection.lot_id,
    first_inspection.lot_no,
    first_inspection.product_id,
    first_inspection.production_order_id,
    0 as production_order_count,
    cast(null as date) as planned_start_on,
    cast(null as date) as planned_finish_on,
    cast(null as date) as started_on,
    cast(null as date) as finished_on,
    cast(null as decimal(18, 4)) as quantity_planned,
    cast(null as decimal(18, 4)) as quantity_finished,
    cast(null as decimal(18, 4)) as quantity_scrapped,
    cast(null as decimal(18, 2)) as cost_functional,
    cast(null as decimal(18, 6)) as unit_cost_functional,
    {{ lineage('first_inspection') }}
  from first_inspection
  left join {{ ref('int_lot') }} as lots on first_inspection.lot_id = lots.lot_id
  where first_inspection.sequence = 1 and lots.lot_id is null
)

select
  lot.lot_id,
  lot.lot_no,
  lot.product_id,
  lot.production_order_id,
  cast(lot.production_order_count as bigint) as production_order_count,
  lot.planned_start_on,
  lot.planned_finish_on,
  lot.started_on,
  lot.finished_on,
  {{ days_between('lot.started_on', 'lot.finished_on') }} as cycle_days,
  lot.finished_on <= lot.planned_finish_on as is_finished_as_planned,
  lot.quantity_planned,
  lot.quantity_finished,
  lot.quantity_scrapped,
  lot.cost_functional as production_cost,
  lot.unit_cost_functional as unit_cost,
  coalesce(judged.inspection_count, 0) as inspection_count,
  cast(judged.quantity_inspected as decimal(18, 4)) as quantity_inspected,
  cast(judged.quantity_passed as decimal(18, 4)) as quantity_passed,
  cast(judged.quantity_first_pass as decimal(18, 4)) as quantity_first_pass,
  cast(judged.quantity_reworked as decimal(18, 4)) as quantity_reworked,
  cast(judged.quantity_rejected as decimal(18, 4)) as quantity_rejected,
  cast(coalesce(shipped.quantity_shipped, 0) as decimal(18, 4)) as quantity_shipped,
  coalesce(shipped.order_count, 0) as order_count,
  coalesce(complained.ticket_count, 0) as ticket_count,
  {{ lineage('lot') }}
from lot
left join judged on lot.lot_id = judged.lot_id
left join shipped on lot.lot_no = shipped.lot_no and lot.product_id = shipped.product_id
left join complained on lot.lot_no = complained.lot_no and lot.product_id = complained.product_id
