-- One row per inspection: what was inspected of which lot at which step, what passed the first time, and what was wrong.
select
  inspection_id,
  lot_no,
  lot_id,
  product_id,
  production_order_id,
  kind,
  step,
  inspected_on,
  quantity_inspected,
  quantity_passed,
  quantity_first_pass,
  quantity_reworked,
  quantity_rejected,
  defect_code,
  source_system,
  source_object,
  source_file,
  source_row,
  source_sha256
from {{ ref('int_inspection') }}
