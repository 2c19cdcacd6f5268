-- One row per quote, which is one version of it, with its account and its amount at the rate of the day it was given.
-- A quote that states no amount is worth the sum of its lines. An opportunity that no source holds is left empty here;
-- the contract gate names the quote.
with lined as (
  select
    quote_id,
    count(*) as line_count,
    {{ full_sum('net_amount') }} as line_amount,
    {{ full_sum('net_amount_functional') }} as line_amount_functional
  from {{ ref('int_quote_line') }}
  group by quote_id
),

valued as (
  select
    quotes.*,
    opportunities.opportunity_id as known_opportunity_id,
    opportunities.created_on as opportunity_created_on,
    coalesce(accounts.account_id, opportunities.account_id) as account_id,
    {{ to_business_date('quotes.quoted_at') }} as quoted_on,
    coalesce(lined.line_count, 0) as line_count,
    lined.line_amount,
    lined.line_amount_functional,
    cast(coalesce(quotes.amount, lined.line_amount) as decimal(18, 2)) as quoted_amount
  from {{ ref('stg_quote') }} as quotes
  left join {{ ref('int_opportunity') }} as opportunities on quotes.opportunity_id = opportunities.opportunity_id
  left join {{ ref('int_account') }} as accounts on quotes.customer_id = accounts.customer_id
  left join lined on quotes.quote_id = lined.quote_id
)

select
  valued.quote_id,
  valued.quote_no,
  coalesce(
    'number:' || valued.source_system || ':' || valued.quote_no,
    'opportunity:' || valued.opportunity_id,
    'quote:' || valued.quote_id
  ) as version_group,
  valued.known_opportunity_id as opportunity_id,
  valued.opportunity_created_on,
  valued.customer_id,
  valued.account_id,
  valued.salesperson_id,
  valued.quoted_at,
  valued.quoted_on,
  valued.valid_until,
  valued.version,
  valued.status,
  valued.discount,
  valued.quoted_amount as amount,
  valued.amount is not null as is_amount_stated,
  valued.line_count,
  cast(valued.line_amount as decimal(18, 2)) as line_amount,
  cast(valued.line_amount_functional as decimal(18, 2)) as line_amount_functional,
  valued.currency,
  {{ rate_columns('valued.currency') }},
  {{ functional_amount('valued.quoted_amount', functional_rate('valued.currency')) }} as amount_functional,
  {{ lineage('valued') }}
from valued
{{ rate_join('valued.currency', 'valued.quoted_on') }}
