-- What distributors sold on to their own customers, one row per source row.
select
  sell_out_id,
  distributor_id,
  product_id,
  month,
  valued_on,
  quantity,
  amount,
  currency,
  rate,
  rate_id,
  has_rate,
  amount_functional,
  source_system,
  source_object,
  source_file,
  source_row,
  source_sha256
from {{ ref('int_sell_out') }}
