{{ config(**built_by_group("ref('path_input')", ['journey_id'])) }}
-- One row per journey: every order that counts, also one without any touch, and every null path. Repeats of a channel
-- or campaign are kept; the models collapse them if attribution.collapse_repeats says so.
with changed as (
  {{ changed_groups(ref('path_input'), ['journey_id']) }}
),

path as (
  select
    journey_id,
    account_id,
    count(*) as touch_count,
    count(distinct channel_member) as channel_count,
    count(distinct campaign_member) as campaign_count,
    {{ joined_in_order('channel_member', 'touch_position', ' > ') }} as channel_path,
    {{ joined_in_order('campaign_member', 'touch_position', ' > ') }} as campaign_path,
    min(counted_at) as first_touch_at,
    max(counted_at) as last_touch_at,
    min(case when touch_position = 1 then touch_id end) as first_touch_id,
    max(case when touch_position = touch_total then touch_id end) as last_touch_id,
    max(case when touch_position = 1 then touched_on end) as first_touch_on,
    max(case when touch_position = touch_total then touched_on end) as last_touch_on
  from (
    select
      *,
      count(*) over (partition by journey_id) as touch_total
    from {{ ref('path_touch') }}
    where journey_id in (select changed.journey_id from changed)
  ) as touch
  group by journey_id, account_id
)

select
  conversion.order_id as journey_id,
  conversion.order_id,
  conversion.account_id,
  true as is_converted,
  cast(coalesce(path.touch_count, 0) as bigint) as touch_count,
  cast(coalesce(path.channel_count, 0) as bigint) as channel_count,
  cast(coalesce(path.campaign_count, 0) as bigint) as campaign_count,
  path.channel_path,
  path.campaign_path,
  path.first_touch_id,
  path.last_touch_id,
  path.first_touch_at,
  path.last_touch_at,
  path.first_touch_on,
  path.last_touch_on,
  conversion.converted_at,
  conversion.converted_on,
  {{ days_between('path.first_touch_on', 'conversion.converted_on') }} as days_to_convert,
  changed.input_hash
from {{ ref('conversion') }} as conversion
inner join changed on conversion.order_id = changed.journey_id
left join path on conversion.order_id = path.journey_id

union all

select
  path.journey_id,
  cast(null as string) as order_id,
  path.account_id,
  false as is_converted,
  path.touch_count,
  path.channel_count,
  path.campaign_count,
  path.channel_path,
  path.campaign_path,
  path.first_touch_id,
  path.last_touch_id,
  path.first_touch_at,
  path.last_touch_at,
  path.first_touch_on,
  path.last_touch_on,
  cast(null as timestamp) as converted_at,
  cast(null as date) as converted_on,
  cast(null as bigint) as days_to_convert,
  changed.input_hash
from path
inner join changed on path.journey_id = changed.journey_id
where path.journey_id = {{ null_journey_id('path.account_id') }}
