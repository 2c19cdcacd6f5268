-- One row per channel and month: cost and what came of it. Add months before dividing: a ratio of a quarter is not
-- the mean of its months.
with summed as (
  select
    month.channel_id,
    month.month,
    {{ scorecard_sums('month') }}
  from {{ ref('scorecard_month') }} as month
  group by month.channel_id, month.month
)

select
  summed.channel_id,
  summed.month,
  channel.name,
  channel.channel_group,
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
  {{ ratio('summed.attributed_invoiced', 'summed.media_spend') }} as roas
from summed
left join {{ ref('dim_channel') }} as channel on summed.channel_id = channel.channel_id
