-- One row per channel and month: cost and what came of it. Add months before dividing: a ratio of a quarter is not
-- the mean of its months. What a closed month said when it was closed stands under `_reported`, with why it is told
-- differently today.
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
  {%- for column in scorecard_columns() %}
  summed.{{ column }},
  {%- endfor %}
  {{ ratio('summed.acquisition_spend', 'summed.leads') }} as cpl,
  {{ ratio('summed.attributed_contribution - summed.marketing_spend', 'summed.marketing_spend') }} as channel_roi,
  {{ ratio('summed.attributed_invoiced', 'summed.media_spend') }} as roas,
  {{ ratio('summed.attributed_contribution_reported - summed.marketing_spend', 'summed.marketing_spend') }}
    as channel_roi_reported,
  restated.reasons as restated_because
from summed
left join {{ ref('dim_channel') }} as channel on summed.channel_id = channel.channel_id
left join {{ restatement_reasons({'channel_id': credited_channel('credit'), 'month': 'month'}) }} as restated
  on summed.channel_id = restated.channel_id and summed.month = restated.month
