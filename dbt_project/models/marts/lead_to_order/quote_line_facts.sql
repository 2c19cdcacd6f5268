-- One row per quote line with what its quote knows: whose it is, when it was given, whether it is the last word.
select
  lines.quote_line_id,
  lines.quote_id,
  lines.line_no,
  quotes.opportunity_id,
  quotes.account_id,
  quotes.customer_id,
  lines.quoted_on,
  lines.product_id,
  lines.quantity,
  lines.unit_price,
  lines.discount,
  lines.net_amount,
  lines.is_amount_stated,
  lines.currency,
  lines.rate,
  lines.rate_id,
  lines.has_rate,
  lines.net_amount_functional,
  quotes.is_latest_version,
  quotes.is_ordered,
  {{ lineage('lines') }}
from {{ ref('int_quote_line') }} as lines
inner join {{ ref('quote_facts') }} as quotes on lines.quote_id = quotes.quote_id
