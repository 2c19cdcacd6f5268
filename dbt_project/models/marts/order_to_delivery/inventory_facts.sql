-- One row per stock count: quantity and value of a product in a warehouse on a day, and whether that is its month end.
select
  inventory_snapshot_id,
  product_id,
  warehouse,
  kind,
  taken_on,
  month,
  is_month_end,
  quantity,
  value as value_amount,
  currency,
  rate,
  rate_id,
  has_rate,
  value_functional as value,
  source_system,
  source_object,
  source_file,
  source_row,
  source_sha256
from {{ ref('int_inventory_snapshot') }}
