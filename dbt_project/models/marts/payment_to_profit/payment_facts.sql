-- One row per payment allocation: which payment settled how much of which invoice, and after how many days.
-- The lines that share it are in payment_line_facts. Collection days are asked of invoices, not of money paid back.
with excluded as (
  select
    allocation_id,
    count(distinct order_id) as order_count,
    min(order_id) as order_id,
    min(case when is_excluded then 1 else 0 end) = 1 as is_excluded,
    min(exclusion_reason) as exclusion_reason
  from {{ ref('int_payment_line') }}
  group by allocation_id
)

select
  allocations.allocation_id,
  allocations.payment_id,
  allocations.payment_no as document_no,
  allocations.invoice_id,
  coalesce(allocations.order_id, case when excluded.order_count = 1 then excluded.order_id end) as order_id,
  allocations.account_id,
  allocations.customer_id,
  coalesce(orders.origin_channel_id, 'unknown') as origin_channel_id,
  coalesce(orders.origin_campaign_id, 'unknown') as origin_campaign_id,
  allocations.method,
  allocations.invoice_kind,
  allocations.invoiced_on,
  allocations.due_on,
  allocations.paid_on,
  allocations.days_to_pay,
  {{ days_between('allocations.due_on', 'allocations.paid_on') }} as days_overdue,
  coalesce(excluded.is_excluded, false) as is_excluded,
  case when excluded.is_excluded then excluded.exclusion_reason end as exclusion_reason,
  allocations.allocated_amount,
  allocations.collected_amount,
  allocations.currency,
  allocations.rate,
  allocations.rate_id,
  allocations.has_rate,
  allocations.allocated_functional as allocated,
  allocations.collected_functional as collected,
  cast(case when allocations.invoice_kind = 'invoice' then allocations.collected_functional end as decimal(18, 2))
    as collection_amount,
  cast(
    case
      when allocations.invoice_kind = 'invoice'
        then allocations.collected_functional * allocations.days_to_pay
    end as decimal(28, 2)
  ) as collection_day_amount,
  {{ lineage('allocations') }}
from {{ ref('int_payment_allocation') }} as allocations
left join excluded on allocations.allocation_id = excluded.allocation_id
left join {{ ref('int_order') }} as orders
  on coalesce(allocations.order_id, case when excluded.order_count = 1 then excluded.order_id end) = orders.order_id
