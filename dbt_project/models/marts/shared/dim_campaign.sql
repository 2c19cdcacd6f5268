-- Campaigns: those of the master list, those that only documents name, and `unknown`.
with undeclared as (
  {{ undeclared_members(
    [
      ('int_lead', 'origin_campaign_id'), ('int_touch', 'campaign_id'), ('int_spend', 'campaign_id'),
      ('int_opportunity', 'origin_campaign_id'), ('int_order', 'origin_campaign_id'),
      ('int_order', 'tagged_campaign_id'), ('stg_campaign', 'parent_campaign_id'),
      ('stg_campaign_session', 'campaign_id'), ('stg_work_hours', 'campaign_id'),
    ],
    ('stg_campaign', 'campaign_id')
  ) }}
)

select
  campaigns.campaign_id,
  campaigns.name,
  coalesce(campaigns.channel_id, 'unknown') as channel_id,
  campaigns.parent_campaign_id,
  campaigns.starts_on,
  campaigns.ends_on,
  campaigns.budget,
  campaigns.currency,
  campaigns.objective,
  campaigns.region,
  campaigns.owner,
  campaigns.booth,
  true as is_declared,
  {{ lineage('campaigns') }}
from {{ ref('stg_campaign') }} as campaigns
union all
select
  member_id as campaign_id,
  {{ bare_key('member_id') }} as name,
  'unknown' as channel_id,
  cast(null as string) as parent_campaign_id,
  cast(null as date) as starts_on,
  cast(null as date) as ends_on,
  cast(null as decimal(18, 2)) as budget,
  cast(null as string) as currency,
  cast(null as string) as objective,
  cast(null as string) as region,
  cast(null as string) as owner,
  cast(null as string) as booth,
  false as is_declared,
  source_system,
  source_object,
  source_file,
  source_row,
  source_sha256
from undeclared
union all
select
  'unknown' as campaign_id,
  'Unknown / 未知' as name,
  'unknown' as channel_id,
  cast(null as string) as parent_campaign_id,
  cast(null as date) as starts_on,
  cast(null as date) as ends_on,
  cast(null as decimal(18, 2)) as budget,
  cast(null as string) as currency,
  cast(null as string) as objective,
  cast(null as string) as region,
  cast(null as string) as owner,
  cast(null as string) as booth,
  false as is_declared,
  {{ no_lineage() }}
