-- One row per campaign: what it cost, whom it reached, what it brought in, from lead to cash. Of each ratio
-- numerator and denominator stand beside it.
with summed as (
  select
    month.campaign_id,
    {{ scorecard_sums('month') }}
  from {{ ref('scorecard_month') }} as month
  group by month.campaign_id
)

select
  summed.campaign_id,
  coalesce(campaign.channel_id, case when summed.campaign_id = 'unattributed' then 'unattributed' else 'unknown' end)
    as channel_id,
  campaign.name,
  campaign.objective,
  campaign.starts_on,
  campaign.ends_on,
  summed.marketing_spend,
  summed.acquisition_spend,
  summed.media_spend,
  summed.shared_spend,
  summed.unallocated_spend,
  summed.leads,
  summed.leads_with_opportunity,
  summed.opportunities,
  summed.orders,
  summed.net_booked,
  summed.lines_due,
  summed.lines_on_time,
  summed.new_customers,
  summed.attributed_booked,
  summed.attributed_invoiced,
  summed.attributed_cogs,
  summed.attributed_gross_profit,
  summed.attributed_contribution,
  summed.attributed_collected,
  summed.attributed_after_sales,
  {{ ratio('summed.acquisition_spend', 'summed.leads') }} as cpl,
  {{ ratio('summed.attributed_contribution - summed.marketing_spend', 'summed.marketing_spend') }} as channel_roi,
  {{ ratio('summed.attributed_invoiced', 'summed.media_spend') }} as roas,
  {{ ratio('summed.attributed_gross_profit', 'summed.attributed_gross_profit + summed.attributed_cogs') }}
    as attributed_gross_margin_rate,
  {{ ratio('summed.lines_on_time', 'summed.lines_due') }} as on_time_delivery_rate
from summed
left join {{ ref('dim_campaign') }} as campaign on summed.campaign_id = campaign.campaign_id
