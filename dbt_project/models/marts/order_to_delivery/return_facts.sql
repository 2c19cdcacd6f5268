-- One row per return of goods: which order line came back, how much, why, and how many days after it was first shipped.
with shipped as (
  select
    order_line_id,
    min(shipped_on) as first_shipped_on
  from {{ ref('int_shipment_line') }}
  where order_line_id is not null
  group by order_line_id
)

select
  returns.return_id,
  returns.order_line_id,
  returns.order_id,
  returns.product_id,
  returns.account_id,
  returns.is_excluded,
  returns.exclusion_reason,
  returns.returned_on,
  shipped.first_shipped_on,
  {{ days_between('shipped.first_shipped_on', 'returns.returned_on') }} as days_since_shipped,
  returns.reason,
  returns.quantity,
  returns.valued_on,
  returns.amount as return_amount,
  returns.currency,
  returns.rate,
  returns.rate_id,
  returns.has_rate,
  returns.amount_functional as amount,
  {{ lineage('returns') }}
from {{ ref('int_sales_return') }} as returns
left join shipped on returns.order_line_id = shipped.order_line_id
