-- One row per campaign: what it cost, whom it reached, what it brought in, from lead to cash and back. Of each ratio
-- numerator and denominator stand beside it. ROI is simple (attributed contribution as invoiced) and realised (of that,
-- what cash has come in for), each with whether it can still change and why. What closed months said of it when they were
-- closed stands under `_reported`, with the reasons why that is told differently today.
with summed as (
  select
    month.campaign_id,
    {{ scorecard_sums('month') }}
  from {{ ref('scorecard_month') }} as month
  group by month.campaign_id
),

told as (
  select
    summed.*,
    campaign.name,
    campaign.objective,
    campaign.starts_on,
    campaign.ends_on,
    coalesce(campaign.channel_id, case when summed.campaign_id = 'unattributed' then 'unattributed' else 'unknown' end)
      as channel_id,
    coalesce(reach.accounts_touched, 0) as accounts_touched,
    coalesce(reach.leads_touched, 0) as leads_touched,
    coalesce(reach.orders_touched, 0) as orders_touched,
    coalesce(reach.orders_not_invoiced, 0) as orders_not_invoiced,
    reach.mature_on,
    coalesce(reach.mature_on <= as_of.as_of_on, false) as is_mature
  from summed
  cross join {{ ref('int_as_of') }} as as_of
  left join {{ ref('dim_campaign') }} as campaign on summed.campaign_id = campaign.campaign_id
  left join {{ ref('campaign_reach') }} as reach on summed.campaign_id = reach.campaign_id
),

judged as (
  select
    told.*,
    payback.begun_month,
    payback.contribution_collected as attributed_contribution_collected,
    payback.payback_months,
    payback.payback_reason,
    payback.payback_months_collected,
    payback.payback_reason_collected,
    payback.shortfall,
    payback.shortfall_collected,
    told.orders_touched >= {{ var('scorecard_least_orders') | int }} as is_reliable,
    case
      when told.mature_on is null then 'no_dates'
      when not told.is_mature then 'still_counting'
      when told.orders_not_invoiced > 0 then 'not_invoiced'
      when
        told.attributed_collected
        < {{ decimal_setting('realised_least_share') }} * cast(told.attributed_invoiced as decimal(30, 2))
        then 'not_collected'
    end as not_realised_because
  from told
  left join {{ ref('attributed_payback') }} as payback
    on told.campaign_id = payback.campaign_id and payback.cut = 'campaign'
)

select
  judged.campaign_id,
  judged.channel_id,
  judged.name,
  judged.objective,
  judged.starts_on,
  judged.ends_on,
  {%- for column in scorecard_columns() %}
  judged.{{ column }},
  {%- endfor %}
  judged.accounts_touched,
  judged.leads_touched,
  judged.orders_touched,
  judged.orders_not_invoiced,
  judged.is_reliable,
  {{ ratio('judged.acquisition_spend', 'judged.leads') }} as cpl,
  {{ ratio('judged.attributed_invoiced', 'judged.media_spend') }} as roas,
  {{ ratio('judged.attributed_gross_profit', 'judged.attributed_gross_profit + judged.attributed_cogs') }}
    as attributed_gross_margin_rate,
  {{ ratio('judged.attributed_contribution', 'judged.attributed_gross_profit + judged.attributed_cogs') }}
    as attributed_contribution_rate,
  {{ ratio('judged.attributed_collected', 'judged.attributed_invoiced') }} as collected_share,
  {{ ratio('judged.attributed_after_sales', 'judged.attributed_invoiced') }} as after_sales_cost_rate,
  {{ ratio('judged.lines_on_time', 'judged.lines_due') }} as on_time_delivery_rate,
  {{ ratio('judged.delivery_days', 'judged.orders_delivered') }} as delivery_lead_days,
  {{ ratio('judged.units_returned', 'judged.units_shipped') }} as return_rate,
  {{ ratio('judged.units_repaired', 'judged.units_shipped') }} as repair_rate,
  {{ ratio('judged.tickets', 'judged.orders_delivered') }} as tickets_per_order,
  judged.mature_on,
  judged.is_mature,
  {{ ratio('judged.attributed_contribution - judged.marketing_spend', 'judged.marketing_spend') }} as channel_roi,
  judged.attributed_contribution_collected,
  {{ ratio('judged.attributed_contribution_collected - judged.marketing_spend', 'judged.marketing_spend') }}
    as realised_roi,
  judged.not_realised_because is null as is_realised,
  judged.not_realised_because,
  judged.begun_month,
  judged.payback_months,
  judged.payback_reason,
  judged.payback_months_collected,
  judged.payback_reason_collected,
  judged.shortfall,
  judged.shortfall_collected,
  {{ ratio('judged.attributed_contribution_reported - judged.marketing_spend', 'judged.marketing_spend') }}
    as channel_roi_reported,
  restated.reasons as restated_because
from judged
left join {{ restatement_reasons({'campaign_id': credited_campaign('credit')}) }} as restated
  on judged.campaign_id = restated.campaign_id
