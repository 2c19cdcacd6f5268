{{ config(materialized="view") }}
-- The touches of every path in order: of each order's journey, and of each account's null path.
select
  journey.order_id as journey_id,
  journey.order_id,
  journey.account_id,
  true as is_converted,
  journey.touch_id,
  journey.touch_position,
  {{ channel_member('journey') }} as channel_member,
  {{ campaign_member('journey') }} as campaign_member,
  journey.touched_on,
  journey.counted_at
from {{ ref('journey_touch') }} as journey
where journey.is_in_journey

union all

select
  {{ null_journey_id('path.account_id') }} as journey_id,
  cast(null as string) as order_id,
  path.account_id,
  false as is_converted,
  path.touch_id,
  path.touch_position,
  {{ channel_member('path') }} as channel_member,
  {{ campaign_member('path') }} as campaign_member,
  path.touched_on,
  path.counted_at
from {{ ref('null_path_touch') }} as path
