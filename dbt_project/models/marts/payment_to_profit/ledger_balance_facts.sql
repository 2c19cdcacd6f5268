-- One row per line of the books: account, month and amount, as it came and in the functional currency.
select
  balance_id,
  account,
  month,
  amount as balance_amount,
  currency,
  rate,
  rate_id,
  has_rate,
  amount_functional as book_amount,
  source_system,
  source_object,
  source_file,
  source_row,
  source_sha256
from {{ ref('int_ledger_balance') }}
