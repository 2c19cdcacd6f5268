-- One row per invoice or credit note, each document once. A credit note is valued at the rate of the invoice it
-- reverses, and belongs to that invoice's order when it names none.
with kept as (
  select
    invoices.*,
    coalesce(reversal.surviving_invoice_id, invoices.reverses_invoice_id) as reversed_id
  from {{ ref('stg_invoice') }} as invoices
  left join {{ ref('int_invoice_merge') }} as merged on invoices.invoice_id = merged.invoice_id
  left join {{ ref('int_invoice_merge') }} as reversal
    on invoices.reverses_invoice_id = reversal.invoice_id
  where merged.invoice_id is null
),

placed as (
  select
    kept.*,
    coalesce(kept.order_id, reversed.order_id) as placed_order_id,
    coalesce(kept.customer_id, reversed.customer_id) as placed_customer_id,
    case
      when kept.kind = 'credit_note' then coalesce(reversed.invoiced_on, kept.invoiced_on)
      else kept.invoiced_on
    end as valued_on,
    kept.net_amount + coalesce(kept.tax_amount, 0) as gross_amount
  from kept
  left join kept as reversed on kept.reversed_id = reversed.invoice_id
)

select
  placed.invoice_id,
  placed.document_no,
  placed.placed_order_id as order_id,
  placed.placed_customer_id as customer_id,
  coalesce(accounts.account_id, orders.account_id) as account_id,
  placed.kind,
  placed.invoiced_on,
  placed.due_on,
  placed.valued_on,
  placed.reversed_id as reverses_invoice_id,
  placed.net_amount,
  placed.tax_amount,
  cast(placed.gross_amount as decimal(18, 2)) as gross_amount,
  placed.currency,
  {{ rate_columns('placed.currency') }},
  {{ functional_amount('placed.net_amount', functional_rate('placed.currency')) }} as net_invoiced_functional,
  {{ lineage('placed') }}
from placed
left join {{ ref('int_account') }} as accounts on placed.placed_customer_id = accounts.customer_id
left join {{ ref('int_order') }} as orders on placed.placed_order_id = orders.order_id
{{ rate_join('placed.currency', 'placed.valued_on') }}
