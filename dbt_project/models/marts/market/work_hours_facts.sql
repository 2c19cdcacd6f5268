-- One row per entry of hours worked for a campaign, with the campaign's channel, and what a salesperson's hours cost.
select
  hours.work_hours_id,
  hours.campaign_id,
  coalesce(campaigns.channel_id, 'unknown') as channel_id,
  hours.salesperson_id,
  hours.worked_on,
  hours.hours,
  hours.activity,
  hours.stage,
  coalesce(campaigns.objective <> 'retention', true) as is_acquisition,
  {% set hour_cost = var('sales_hour_cost') -%}
  case
    when hours.salesperson_id is not null
      then {{ extended_amount(hour_cost, 'hours.hours') if hour_cost else 'cast(null as decimal(18, 2))' }}
  end as sales_cost,
  {{ lineage('hours') }}
from {{ ref('stg_work_hours') }} as hours
left join {{ ref('stg_campaign') }} as campaigns on hours.campaign_id = campaigns.campaign_id
