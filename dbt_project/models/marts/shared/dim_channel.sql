-- Channels: those of the master list, those that only documents name, and `unknown`.
with undeclared as (
  {{ undeclared_members(
    [
      ('stg_campaign', 'channel_id'), ('int_lead', 'origin_channel_id'), ('int_touch', 'channel_id'),
      ('int_spend', 'channel_id'), ('int_opportunity', 'origin_channel_id'), ('int_order', 'origin_channel_id'),
    ],
    ('stg_channel', 'channel_id')
  ) }}
)

select
  channels.channel_id,
  channels.name,
  coalesce(channels.channel_group, 'other') as channel_group,
  coalesce(channels.is_paid, false) as is_paid,
  true as is_declared,
  {{ lineage('channels') }}
from {{ ref('stg_channel') }} as channels
union all
select
  member_id as channel_id,
  {{ bare_key('member_id') }} as name,
  'other' as channel_group,
  false as is_paid,
  false as is_declared,
  source_system,
  source_object,
  source_file,
  source_row,
  source_sha256
from undeclared
union all
select
  'unknown' as channel_id,
  'Unknown / 未知' as name,
  'unknown' as channel_group,
  false as is_paid,
  false as is_declared,
  {{ no_lineage() }}
