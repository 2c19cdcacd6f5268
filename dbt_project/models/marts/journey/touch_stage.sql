-- The funnel stage that the account of each touch was in when it happened; a touch known by its day only counts as the
-- beginning of that day, so that the lead it made comes after it.
with moment as (
  select
    touch_id as moment_id,
    account_id,
    touched_at as happened_at
  from {{ ref('touch_facts') }}
),

staged as (
  {{ stage_at('moment') }}
)

select
  touches.touch_id,
  touches.account_id,
  touches.campaign_id,
  touches.channel_id,
  touches.touched_on,
  staged.stage
from {{ ref('touch_facts') }} as touches
inner join staged on touches.touch_id = staged.moment_id
