-- One row per quote line, valued at the rate of the day its quote was given. A line without an amount of its own is worth
-- quantity × unit price less its discount. Lines of a quote that no source holds have no day and no currency: left out.
with valued as (
  select
    lines.*,
    {{ to_business_date('quotes.quoted_at') }} as quoted_on,
    quotes.currency,
    coalesce(
      lines.net_amount, {{ discounted_amount('lines.unit_price', 'lines.quantity', 'lines.discount') }}
    ) as line_amount
  from {{ ref('stg_quote_line') }} as lines
  inner join {{ ref('stg_quote') }} as quotes on lines.quote_id = quotes.quote_id
)

select
  valued.quote_line_id,
  valued.quote_id,
  valued.line_no,
  valued.quoted_on,
  valued.product_id,
  valued.quantity,
  valued.unit_price,
  valued.discount,
  valued.line_amount as net_amount,
  valued.net_amount is not null as is_amount_stated,
  valued.currency,
  {{ rate_columns('valued.currency') }},
  {{ functional_amount('valued.line_amount', functional_rate('valued.currency')) }} as net_amount_functional,
  {{ lineage('valued') }}
from valued
{{ rate_join('valued.currency', 'valued.quoted_on') }}
