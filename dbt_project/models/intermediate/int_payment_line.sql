-- Collected cash per invoice line. Lines share by their net amount, on running totals both over the lines and over the
-- payments: every payment's lines add up to the payment, and a paid invoice's payments add up to each line's net amount.
with line as (
  select
    invoice_id,
    invoice_line_id,
    order_id,
    order_line_id,
    product_id,
    is_excluded,
    exclusion_reason,
    sum(net_amount) over (
      partition by invoice_id order by invoice_line_id rows unbounded preceding
    ) as net_to_here,
    sum(net_amount) over (partition by invoice_id) as net_total
  from {{ ref('int_invoice_line') }}
),

shared as (
  select
    allocations.*,
    line.invoice_line_id,
    coalesce(line.order_id, allocations.order_id) as line_order_id,
    line.order_line_id,
    line.product_id,
    line.is_excluded,
    line.exclusion_reason,
    -- lines that sum to nothing give no shares: the first line takes all
    coalesce(
      {{ proportion('allocations.collected_to_date', 'line.net_to_here', 'line.net_total') }}
      - {{ proportion('allocations.collected_before', 'line.net_to_here', 'line.net_total') }},
      allocations.collected_amount
    ) as collected_to_here
  from {{ ref('int_payment_allocation') }} as allocations
  inner join line on allocations.invoice_id = line.invoice_id
),

stepped as (
  select
    *,
    coalesce(
      lag(collected_to_here) over (partition by allocation_id order by invoice_line_id), 0
    ) as collected_to_previous
  from shared
)

select
  allocation_id || '|' || invoice_line_id as payment_line_id,
  allocation_id,
  payment_id,
  invoice_id,
  invoice_line_id,
  line_order_id as order_id,
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
  cast(collected_to_here - collected_to_previous as decimal(18, 2)) as collected_amount,
  cast(
    {{ functional_amount('collected_to_here', 'rate') }}
    - {{ functional_amount('collected_to_previous', 'rate') }} as decimal(18, 2)
  ) as collected_functional,
  source_system,
  source_object,
  source_file,
  source_row,
  source_sha256
from stepped
