-- One row per document that says something was not right the first time, with what that cost, on its own day.
--   scrap     units scrapped by a finished production order × what each unit it started cost
--   rework    units reworked at an inspection × labour and overhead of a unit of the lot: its work is done once more
--   return    units returned × cost of the goods: of the lots shipped, else standard; they are taken as lost
--   warranty  what a ticket under warranty cost, less what was recovered
-- What has no known cost stays, with an empty amount. Incoming material is its supplier's; excluded orders have no rows.
with started as (
  select
    lot_id,
    sum(
      case
        when is_finished then coalesce(quantity_finished, 0) + coalesce(quantity_scrapped, 0)
        else quantity_planned
      end
    ) as quantity_started,
    {{ full_sum('coalesce(labour_cost, 0) + coalesce(overhead_cost, 0)') }} as work_cost,
    count(labour_cost) + count(overhead_cost) as known_cost_count
  from {{ ref('production_order_facts') }}
  group by lot_id
),

posting as (
  select
    'scrap' as kind,
    'production_order' as document_kind,
    orders.production_order_id as document_id,
    orders.finished_on as occurred_on,
    orders.product_id,
    orders.lot_id,
    cast(null as string) as order_line_id,
    cast(null as string) as reason,
    orders.quantity_scrapped as quantity,
    {{
      proportion(
        'orders.total_cost', 'orders.quantity_scrapped', 'coalesce(orders.quantity_finished, 0) + orders.quantity_scrapped'
      )
    }} as amount,
    {{ lineage('orders') }}
  from {{ ref('production_order_facts') }} as orders
  where orders.is_finished and orders.quantity_scrapped > 0

  union all

  select
    'rework' as kind,
    'quality_inspection' as document_kind,
    inspections.inspection_id as document_id,
    inspections.inspected_on as occurred_on,
    inspections.product_id,
    inspections.lot_id,
    cast(null as string) as order_line_id,
    inspections.defect_code as reason,
    inspections.quantity_reworked as quantity,
    case
      when started.known_cost_count > 0
        then {{ proportion('started.work_cost', 'inspections.quantity_reworked', 'started.quantity_started') }}
    end as amount,
    {{ lineage('inspections') }}
  from {{ ref('inspection_facts') }} as inspections
  left join started on inspections.lot_id = started.lot_id
  where coalesce(inspections.kind, 'final') <> 'incoming' and inspections.quantity_reworked > 0

  union all

  select
    'return' as kind,
    'sales_return' as document_kind,
    returns.return_id as document_id,
    returns.returned_on as occurred_on,
    returns.product_id,
    cast(null as string) as lot_id,
    returns.order_line_id,
    returns.reason,
    returns.quantity,
    coalesce(
      {{ proportion('lot_cost.lot_cost_functional', 'returns.quantity', 'lot_cost.quantity_shipped') }},
      {{ proportion('lines.booked_cost', 'returns.quantity', 'lines.quantity') }}
    ) as amount,
    {{ lineage('returns') }}
  from {{ ref('return_facts') }} as returns
  left join {{ ref('int_order_line_lot_cost') }} as lot_cost on returns.order_line_id = lot_cost.order_line_id
  left join {{ ref('order_line_facts') }} as lines on returns.order_line_id = lines.order_line_id
  where not returns.is_excluded

  union all

  select
    'warranty' as kind,
    'service_ticket' as document_kind,
    tickets.ticket_id as document_id,
    tickets.opened_on as occurred_on,
    tickets.product_id,
    tickets.lot_id,
    tickets.order_line_id,
    tickets.kind as reason,
    cast(null as decimal(18, 4)) as quantity,
    tickets.net_cost as amount,
    {{ lineage('tickets') }}
  from {{ ref('ticket_facts') }} as tickets
  where tickets.is_warranty and not tickets.is_excluded
)

select
  document_kind || ':' || document_id as quality_cost_id,
  kind,
  document_kind,
  document_id,
  occurred_on,
  product_id,
  lot_id,
  order_line_id,
  reason,
  cast(quantity as decimal(18, 4)) as quantity,
  cast(amount as decimal(18, 2)) as amount,
  amount is not null as is_valued,
  source_system,
  source_object,
  source_file,
  source_row,
  source_sha256
from posting
