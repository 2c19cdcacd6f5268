-- One row per opportunity and product offered in it: the lines of the last versions of its quotes. An opportunity without
-- a quote line has one row without a product. Lines of orders are not asked: only deals that were won have any.
with offered as (
  select
    opportunity_id,
    product_id,
    count(distinct quote_id) as quote_count,
    sum(quantity) as quantity,
    {{ full_sum('net_amount_functional') }} as net_amount_functional
  from {{ ref('quote_line_facts') }}
  where is_latest_version and opportunity_id is not null and product_id is not null
  group by opportunity_id, product_id
)

select
  opportunities.opportunity_id || '|' || coalesce(offered.product_id, '-') as opportunity_product_id,
  opportunities.opportunity_id,
  offered.product_id,
  coalesce(offered.quote_count, 0) as quote_count,
  cast(offered.quantity as decimal(18, 4)) as quantity,
  cast(offered.net_amount_functional as decimal(18, 2)) as net_amount_functional,
  opportunities.account_id,
  opportunities.created_on,
  opportunities.closed_on,
  opportunities.is_won,
  opportunities.is_lost,
  opportunities.origin_channel_id,
  opportunities.salesperson_id,
  opportunities.sales_team,
  {{ lineage('opportunities') }}
from {{ ref('opportunity_facts') }} as opportunities
left join offered on opportunities.opportunity_id = offered.opportunity_id
