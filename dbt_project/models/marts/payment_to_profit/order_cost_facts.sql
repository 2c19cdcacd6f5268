-- One row per cost document and order line that bears a share of it: freight, commission, rebate, bad debt, after-sales.
select
  cost_line_id,
  cost_id,
  document_kind,
  document_id,
  document_no,
  kind,
  order_id,
  order_line_id,
  split_scope,
  incurred_on,
  has_rate,
  is_excluded,
  exclusion_reason,
  amount_functional as amount,
  source_system,
  source_object,
  source_file,
  source_row,
  source_sha256
from {{ ref('int_order_cost_line') }}
