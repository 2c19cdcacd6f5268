-- Marketing cost, each row once, in the functional currency at the rate of the day it was spent. What it cost the company
-- is the amount and the VAT that cannot be reclaimed, less what others paid of it.
{% set cost -%}
(
  spend.amount
  + {{ discounted_amount('coalesce(spend.tax_amount, 0)', '1', 'coalesce(spend.tax_recoverable_share, 1)') }}
  - coalesce(spend.subsidy_amount, 0)
)
{%- endset -%}
select
  spend.spend_id,
  spend.document_no,
  spend.campaign_id,
  coalesce(spend.channel_id, campaigns.channel_id, 'unknown') as channel_id,
  campaigns.objective,
  spend.spent_on,
  spend.service_from,
  spend.service_to,
  spend.placement,
  spend.cost_type,
  spend.stage,
  spend.planned_shows,
  spend.amount,
  spend.tax_amount,
  spend.tax_recoverable_share,
  spend.subsidy_amount,
  cast({{ cost }} as decimal(18, 2)) as cost_amount,
  spend.currency,
  {{ rate_columns('spend.currency') }},
  {{ functional_amount('spend.amount', functional_rate('spend.currency')) }} as amount_functional,
  {{ functional_amount('spend.tax_amount', functional_rate('spend.currency')) }} as tax_functional,
  {{ functional_amount(cost, functional_rate('spend.currency')) }} as cost_functional,
  {{ lineage('spend') }}
from {{ ref('stg_marketing_spend') }} as spend
left join {{ ref('int_spend_merge') }} as merged on spend.spend_id = merged.spend_id
left join {{ ref('stg_campaign') }} as campaigns on spend.campaign_id = campaigns.campaign_id
{{ rate_join('spend.currency', 'spend.spent_on') }}
where merged.spend_id is null
