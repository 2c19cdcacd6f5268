-- One row per entry of hours worked for a campaign, with the campaign's channel.
select
  hours.work_hours_id,
  hours.campaign_id,
  coalesce(campaigns.channel_id, 'unknown') as channel_id,
  hours.salesperson_id,
  hours.worked_on,
  hours.hours,
  hours.activity,
  hours.stage,
  {{ lineage('hours') }}
from {{ ref('stg_work_hours') }} as hours
left join {{ ref('stg_campaign') }} as campaigns on hours.campaign_id = campaigns.campaign_id
