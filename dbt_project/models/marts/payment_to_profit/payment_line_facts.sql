-- One row per payment allocation and invoice line: the cash that line collected, exact to the cent, and the contribution
-- that comes with it: the order's contribution × collected ÷ net invoiced, on the running total of the order's cash, so that
-- what is collected in full has brought the whole contribution. Empty where the order has none, or nothing invoiced.
with running as (
  select
    lines.*,
    orders.contribution,
    orders.net_invoiced,
    sum(lines.collected_functional) over (
      partition by lines.order_id order by lines.paid_on, lines.payment_line_id rows unbounded preceding
    ) as collected_to_here
  from {{ ref('int_payment_line') }} as lines
  left join {{ ref('order_facts') }} as orders on lines.order_id = orders.order_id
)

select
  payment_line_id,
  allocation_id,
  payment_id,
  invoice_id,
  invoice_line_id,
  order_id,
  order_line_id,
  account_id,
  product_id,
  invoice_kind,
  invoiced_on,
  paid_on,
  days_to_pay,
  is_excluded,
  exclusion_reason,
  currency,
  rate,
  rate_id,
  has_rate,
  collected_amount,
  collected_functional as collected,
  cast(
    {{ proportion('contribution', 'collected_to_here', 'net_invoiced') }}
    - {{ proportion('contribution', 'collected_to_here - collected_functional', 'net_invoiced') }} as decimal(18, 2)
  ) as contribution_collected,
  source_system,
  source_object,
  source_file,
  source_row,
  source_sha256
from running
