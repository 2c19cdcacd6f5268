-- One row per account and month of the books: what they say, what our own documents say, and the difference.
with booked as (
  select
    account,
    month,
    count(*) as balance_count,
    {{ full_sum('amount_functional') }} as book_amount
  from {{ ref('int_ledger_balance') }}
  group by account, month
),

first_balance as (
  select
    *,
    row_number() over (partition by account, month order by balance_id) as sequence
  from {{ ref('int_ledger_balance') }}
),

compared as (
  select
    booked.*,
    own.document_count,
    own.own_amount,
    booked.book_amount - own.own_amount as difference
  from booked
  left join {{ ref('int_ledger_own') }} as own on booked.account = own.account and booked.month = own.month
)

select
  compared.account || '|' || cast(compared.month as string) as tie_out_id,
  compared.account,
  compared.month,
  first_balance.balance_id as first_balance_id,
  compared.balance_count,
  cast(coalesce(compared.document_count, 0) as bigint) as document_count,
  cast(compared.book_amount as decimal(18, 2)) as book_amount,
  compared.own_amount,
  cast(compared.difference as decimal(18, 2)) as difference,
  {{ proportion('compared.difference', '1', 'abs(compared.book_amount)', 8) }} as difference_share,
  coalesce({{ month_end('compared.month') }} <= as_of.as_of_on, false) as is_closed,
  {{ lineage('first_balance') }}
from compared
inner join first_balance
  on
    compared.account = first_balance.account
    and compared.month = first_balance.month
    and first_balance.sequence = 1
cross join {{ ref('int_as_of') }} as as_of
