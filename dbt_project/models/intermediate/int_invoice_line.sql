-- One row per invoice line, with its order line and its cost. An invoice that came without lines is its own single line.
-- Order line: the line's own, else the order's only line of that product, else the order's only line.
-- Cost: the line's own, else what the shipped lots cost, else standard cost; cost_basis says which. Nothing known: NULL.
-- Goods on a credit note come back, so their cost is negative also where the source writes its quantities without a sign.
-- A credit note that has a negative quantity is signed as it stands: an ERP that takes back one piece and bills it again
-- at a lower price gives no goods back. A credit note without goods (a price reduction) has no cost to give back.
with lined as (
  select distinct invoice_id
  from {{ ref('stg_invoice_line') }}
),

line as (
  select
    invoice_line_id,
    invoice_id,
    order_line_id,
    product_id,
    quantity,
    net_amount,
    tax_amount,
    cost_amount,
    false as is_header_only,
    source_system,
    source_object,
    source_file,
    source_row,
    source_sha256
  from {{ ref('stg_invoice_line') }}
  union all
  select
    invoices.invoice_id || ':header' as invoice_line_id,
    invoices.invoice_id,
    cast(null as string) as order_line_id,
    cast(null as string) as product_id,
    cast(null as decimal(18, 4)) as quantity,
    invoices.net_amount,
    invoices.tax_amount,
    cast(null as decimal(18, 2)) as cost_amount,
    true as is_header_only,
    {{ lineage('invoices') }}
  from {{ ref('int_invoice') }} as invoices
  left join lined on invoices.invoice_id = lined.invoice_id
  where lined.invoice_id is null
),

only_line as (
  select
    order_id,
    min(order_line_id) as order_line_id
  from {{ ref('stg_sales_order_line') }}
  group by order_id
  having count(*) = 1
),

only_product_line as (
  select
    order_id,
    product_id,
    min(order_line_id) as order_line_id
  from {{ ref('stg_sales_order_line') }}
  where product_id is not null
  group by order_id, product_id
  having count(*) = 1
),

placed as (
  select
    line.invoice_line_id,
    line.invoice_id,
    coalesce(line.order_line_id, only_product_line.order_line_id, only_line.order_line_id) as order_line_id,
    invoices.document_no,
    invoices.order_id as invoice_order_id,
    invoices.customer_id,
    invoices.account_id,
    invoices.kind,
    invoices.invoiced_on,
    invoices.due_on,
    invoices.valued_on,
    invoices.reverses_invoice_id,
    line.product_id,
    case
      when invoices.kind <> 'credit_note' then line.quantity
      when min(line.quantity) over (partition by line.invoice_id) < 0 then coalesce(line.quantity, 0)
      else -coalesce(line.quantity, 0)
    end as goods_quantity,
    line.net_amount,
    line.tax_amount,
    line.cost_amount,
    line.is_header_only,
    invoices.currency,
    invoices.rate,
    invoices.rate_id,
    invoices.has_rate,
    {{ lineage('line') }}
  from line
  inner join {{ ref('int_invoice') }} as invoices on line.invoice_id = invoices.invoice_id
  left join only_product_line
    on invoices.order_id = only_product_line.order_id and line.product_id = only_product_line.product_id
  left join only_line on invoices.order_id = only_line.order_id
),

ordered as (
  select
    placed.*,
    coalesce(order_lines.order_id, placed.invoice_order_id) as order_id,
    coalesce(placed.product_id, order_lines.product_id) as sold_product_id
  from placed
  left join {{ ref('stg_sales_order_line') }} as order_lines on placed.order_line_id = order_lines.order_line_id
),

costed as (
  select
    ordered.*,
    products.currency as cost_currency,
    {{ functional_amount('ordered.net_amount', 'ordered.rate') }} as net_invoiced_functional,
    {{ functional_amount('ordered.cost_amount', 'ordered.rate') }} as line_cost_functional,
    {{ proportion('lots.lot_cost_functional', 'ordered.goods_quantity', 'lots.quantity_shipped') }}
      as lot_cost_functional,
    {{ extended_amount('products.standard_cost', 'ordered.goods_quantity') }} as standard_cost_amount
  from ordered
  left join {{ ref('int_order_line_lot_cost') }} as lots on ordered.order_line_id = lots.order_line_id
  left join {{ ref('stg_product') }} as products on ordered.sold_product_id = products.product_id
),

valued as (
  select
    costed.*,
    {{ functional_amount('costed.standard_cost_amount', functional_rate('costed.cost_currency')) }}
      as standard_cost_functional
  from costed
  {{ rate_join('costed.cost_currency', 'costed.valued_on') }}
)

select
  valued.invoice_line_id,
  valued.invoice_id,
  valued.document_no,
  valued.order_id,
  valued.order_line_id,
  coalesce(valued.account_id, orders.account_id) as account_id,
  valued.customer_id,
  valued.kind,
  valued.invoiced_on,
  valued.due_on,
  valued.valued_on,
  valued.reverses_invoice_id,
  valued.sold_product_id as product_id,
  valued.goods_quantity as quantity,
  valued.is_header_only,
  coalesce(orders.is_excluded, false) as is_excluded,
  orders.exclusion_reason,
  valued.net_amount,
  valued.tax_amount,
  valued.cost_amount,
  valued.currency,
  valued.rate,
  valued.rate_id,
  valued.has_rate,
  valued.net_invoiced_functional,
  coalesce(valued.line_cost_functional, valued.lot_cost_functional, valued.standard_cost_functional)
    as cogs_functional,
  case
    when valued.line_cost_functional is not null then 'invoice_line'
    when valued.lot_cost_functional is not null then 'lot'
    when valued.standard_cost_functional is not null then 'standard'
    else 'none'
  end as cost_basis,
  -- false: only the standard cost is known, and nothing says what it is worth here; for the currency gate
  coalesce(valued.line_cost_functional, valued.lot_cost_functional, valued.standard_cost_functional) is not null
  or valued.standard_cost_amount is null as has_cost_rate,
  {{ lineage('valued') }}
from valued
left join {{ ref('int_order') }} as orders on valued.order_id = orders.order_id
