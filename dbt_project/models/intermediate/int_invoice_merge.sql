-- Invoices that two sources both sent. The one that has lines, then the one that names its order, is kept.
with lined as (
  select distinct invoice_id
  from {{ ref('stg_invoice_line') }}
),

invoice as (
  select
    invoices.*,
    invoices.net_amount + coalesce(invoices.tax_amount, 0) as gross_amount,
    coalesce(invoices.document_no, {{ bare_key('invoices.invoice_id') }}) as invoice_number,
    lined.invoice_id is null as lacks_lines
  from {{ ref('stg_invoice') }} as invoices
  left join lined on invoices.invoice_id = lined.invoice_id
),

{{ duplicate_documents(
  'invoice', 'invoice_id', 'invoice_number', 'gross_amount', 'invoiced_on', 'lacks_lines, order_id is null'
) }}
