-- One row per stock count, valued at the rate of the day it was taken. The month end of a product, warehouse and kind of
-- stock is its last day of counting in the month; several rows of that day (lots, bins) are all of it.
with counted as (
  select
    *,
    {{ month_start('taken_on') }} as month,
    max(taken_on) over (
      partition by product_id, warehouse, kind, {{ month_start('taken_on') }}
    ) as last_taken_on
  from {{ ref('stg_inventory_snapshot') }}
)

select
  counted.inventory_snapshot_id,
  counted.product_id,
  counted.warehouse,
  counted.kind,
  counted.taken_on,
  counted.month,
  counted.taken_on = counted.last_taken_on as is_month_end,
  counted.quantity,
  counted.value,
  counted.currency,
  {{ rate_columns('counted.currency') }},
  {{ functional_amount('counted.value', functional_rate('counted.currency')) }} as value_functional,
  {{ lineage('counted') }}
from counted
{{ rate_join('counted.currency', 'counted.taken_on') }}
