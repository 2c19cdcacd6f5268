-- What the books say, row by row, in the functional currency at the rate of the month's last day.
with dated as (
  select
    balance_id,
    account,
    {{ month_start('month') }} as month,
    {{ month_end('month') }} as valued_on,
    amount,
    currency,
    source_system,
    source_object,
    source_file,
    source_row,
    source_sha256
  from {{ ref('stg_ledger_balance') }}
)

select
  dated.balance_id,
  dated.account,
  dated.month,
  dated.valued_on,
  dated.amount,
  dated.currency,
  {{ rate_columns('dated.currency') }},
  {{ functional_amount('dated.amount', functional_rate('dated.currency')) }} as amount_functional,
  {{ lineage('dated') }}
from dated
{{ rate_join('dated.currency', 'dated.valued_on') }}
