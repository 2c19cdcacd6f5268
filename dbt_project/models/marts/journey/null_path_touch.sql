{{ config(**built_by_group("ref('null_path_input')", ['account_id'])) }}
-- The touches of every null path in order: it ends at its last touch and, as a journey does, reaches back from there as
-- far as each touch counts.
with changed as (
  {{ changed_groups(ref('null_path_input'), ['account_id']) }}
),

left_over as (
  select
    touch.*,
    changed.input_hash,
    max(touch.effective_at) over (partition by touch.account_id) as ended_at
  from {{ ref('left_over_touch') }} as touch
  inner join changed on touch.account_id = changed.account_id
)

select
  account_id,
  touch_id,
  row_number() over (
    partition by account_id order by effective_at, precision_rank, kind_rank, touch_id
  ) as touch_position,
  channel_id,
  campaign_id,
  touched_on,
  effective_at as counted_at,
  input_hash
from left_over
where effective_at >= {{ days_before('ended_at', 'lookback_days') }}
