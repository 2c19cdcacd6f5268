-- What distributors sold on, one row per source row, by the month it stands for, at the rate of that month's last day, or
-- of the as-of date while the month is not over.
with dated as (
  select
    sold.*,
    {{ month_start('sold.month') }} as sold_month,
    least({{ month_end('sold.month') }}, as_of.as_of_on) as valued_on
  from {{ ref('stg_sell_out') }} as sold
  cross join {{ ref('int_as_of') }} as as_of
)

select
  dated.sell_out_id,
  dated.distributor_id,
  dated.product_id,
  dated.sold_month as month,
  dated.valued_on,
  dated.quantity,
  dated.amount,
  dated.currency,
  {{ rate_columns('dated.currency') }},
  {{ functional_amount('dated.amount', functional_rate('dated.currency')) }} as amount_functional,
  {{ lineage('dated') }}
from dated
{{ rate_join('dated.currency', 'dated.valued_on') }}
