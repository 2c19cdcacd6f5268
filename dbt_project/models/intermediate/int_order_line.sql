-- One row per order line, booked at the rate of the order's business date. Standard cost is booked beside it: it is what
-- contribution means before an invoice exists.
with valued as (
  select
    lines.*,
    orders.account_id,
    orders.currency,
    orders.ordered_on,
    orders.confirmed_on,
    orders.status,
    orders.is_excluded,
    orders.exclusion_reason,
    {{ extended_amount('lines.list_price', 'lines.quantity') }} as list_amount,
    {{ extended_amount('products.standard_cost', 'lines.quantity') }} as standard_cost_amount,
    products.currency as cost_currency
  from {{ ref('stg_sales_order_line') }} as lines
  inner join {{ ref('int_order') }} as orders on lines.order_id = orders.order_id
  left join {{ ref('stg_product') }} as products on lines.product_id = products.product_id
)

select
  valued.order_line_id,
  valued.order_id,
  valued.line_no,
  valued.account_id,
  valued.product_id,
  valued.ordered_on,
  valued.confirmed_on,
  valued.is_excluded,
  valued.exclusion_reason,
  valued.promised_on,
  valued.revised_promised_on,
  valued.quantity,
  valued.list_price,
  valued.unit_price,
  valued.discount,
  valued.tax_rate,
  valued.list_amount,
  valued.net_amount,
  valued.tax_amount,
  valued.currency,
  {{ rate_columns('valued.currency') }},
  {{ functional_amount('valued.net_amount', functional_rate('valued.currency')) }} as net_booked_functional,
  {{ functional_amount('valued.list_amount', functional_rate('valued.currency')) }} as list_booked_functional,
  {{ functional_amount('valued.standard_cost_amount', functional_rate('valued.cost_currency', 'cost_rates')) }}
    as standard_cost_functional,
  -- a cost is known but not what it is worth here: for the currency gate
  valued.standard_cost_amount is null
  or coalesce({{ functional_rate('valued.cost_currency', 'cost_rates') }} is not null, false) as has_cost_rate,
  {{ lineage('valued') }}
from valued
{{ rate_join('valued.currency', 'valued.ordered_on') }}
{{ rate_join('valued.cost_currency', 'valued.ordered_on', 'cost_rates') }}
