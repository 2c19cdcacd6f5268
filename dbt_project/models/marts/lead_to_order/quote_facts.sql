-- One row per quote, which is one version of it: what it was worth, whether it is the last word, whether it was ordered.
with ordered as (
  select distinct quote_id
  from {{ ref('order_facts') }}
  where quote_id is not null and not is_excluded
),

ranked as (
  select
    *,
    row_number() over (
      partition by version_group order by coalesce(version, -1) desc, quoted_at desc, quote_id desc
    ) as recency
  from {{ ref('int_quote') }}
)

select
  ranked.quote_id,
  ranked.quote_no,
  ranked.opportunity_id,
  ranked.customer_id,
  ranked.account_id,
  ranked.salesperson_id,
  ranked.quoted_at,
  ranked.quoted_on,
  ranked.valid_until,
  ranked.version,
  ranked.status,
  ranked.discount,
  ranked.amount,
  ranked.is_amount_stated,
  ranked.line_count,
  ranked.line_amount,
  ranked.currency,
  ranked.rate,
  ranked.rate_id,
  ranked.has_rate,
  ranked.amount_functional,
  ranked.line_amount_functional,
  ranked.recency = 1 as is_latest_version,
  ordered.quote_id is not null as is_ordered,
  {{ days_between('ranked.opportunity_created_on', 'ranked.quoted_on') }} as days_to_quote,
  {{ lineage('ranked') }}
from ranked
left join ordered on ranked.quote_id = ordered.quote_id
