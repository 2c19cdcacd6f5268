-- One row per return of goods, valued like the sale it undoes: at the rate of the day the order was placed, so that a
-- full return takes back exactly what was booked. Without an order line: at the rate of the day it came back.
with returned as (
  select
    returns.*,
    lines.order_id,
    lines.product_id,
    lines.account_id,
    coalesce(lines.is_excluded, false) as is_excluded,
    lines.exclusion_reason,
    {{ to_business_date('returns.returned_at') }} as returned_on,
    coalesce(lines.ordered_on, {{ to_business_date('returns.returned_at') }}) as valued_on
  from {{ ref('stg_sales_return') }} as returns
  left join {{ ref('int_order_line') }} as lines on returns.order_line_id = lines.order_line_id
)

select
  returned.return_id,
  returned.order_line_id,
  returned.order_id,
  returned.product_id,
  returned.account_id,
  returned.returned_on,
  returned.valued_on,
  returned.reason,
  returned.is_excluded,
  returned.exclusion_reason,
  returned.quantity,
  returned.amount,
  returned.currency,
  {{ rate_columns('returned.currency') }},
  {{ functional_amount('returned.amount', functional_rate('returned.currency')) }} as amount_functional,
  {{ lineage('returned') }}
from returned
{{ rate_join('returned.currency', 'returned.valued_on') }}
