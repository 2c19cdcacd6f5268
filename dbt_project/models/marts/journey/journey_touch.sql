{{ config(**built_by_group("ref('journey_input')", ['account_id'])) }}
-- The touches of each order's journey in order, and, for an order left without any, the latest touch that its window
-- shut out with the reason: the evidence behind `unattributed`. Shut-out touches of other orders are not listed, they
-- would grow with orders × touches of an account.
with changed as (
  {{ changed_groups(ref('journey_input'), ['account_id']) }}
),

conversion as (
  select
    conversion.*,
    changed.input_hash
  from {{ ref('conversion') }} as conversion
  inner join changed on conversion.account_id = changed.account_id
),

in_journey as (
  select
    conversion.order_id,
    conversion.account_id,
    touch.touch_id,
    touch.channel_id,
    touch.campaign_id,
    touch.touched_at,
    touch.touched_on,
    touch.precision_rank,
    {{ capped_at('touch', 'conversion') }} as counted_at,
    conversion.converted_at,
    conversion.input_hash,
    row_number() over (
      partition by conversion.order_id
      order by {{ capped_at('touch', 'conversion') }}, touch.precision_rank, touch.kind_rank, touch.touch_id
    ) as touch_position,
    count(*) over (partition by conversion.order_id) as touch_count
  from conversion
  inner join {{ ref('account_touch') }} as touch
    on
      conversion.account_id = touch.account_id
      and {{ happened_by('touch', 'conversion.converted_at', 'conversion.converted_on') }}
  where {{ window_exclusion('touch', 'conversion') }} is null
),

-- Only these are joined with their touches again.
unserved as (
  select conversion.*
  from conversion
  left join (select distinct order_id from in_journey) as served on conversion.order_id = served.order_id
  where served.order_id is null
),

shut_out as (
  select
    conversion.order_id,
    conversion.account_id,
    touch.touch_id,
    touch.channel_id,
    touch.campaign_id,
    touch.touched_at,
    touch.touched_on,
    touch.effective_at,
    touch.precision_rank,
    touch.kind_rank,
    conversion.converted_at,
    conversion.input_hash,
    {{ window_exclusion('touch', 'conversion') }} as exclusion_reason
  from unserved as conversion
  inner join {{ ref('account_touch') }} as touch
    on
      conversion.account_id = touch.account_id
      and {{ happened_by('touch', 'conversion.converted_at', 'conversion.converted_on') }}
),

-- A touch that the previous order used up explains more than one that was too old, so it comes first.
latest_shut_out as (
  select
    *,
    row_number() over (
      partition by order_id
      order by
        case when exclusion_reason = 'before_reset' then 0 else 1 end,
        effective_at desc,
        precision_rank desc,
        kind_rank desc,
        touch_id desc
    ) as preference
  from shut_out
)

select
  order_id,
  account_id,
  touch_id,
  cast(touch_position as bigint) as touch_position,
  cast(touch_count as bigint) as touch_count,
  channel_id,
  campaign_id,
  touched_at,
  touched_on,
  precision_rank,
  counted_at,
  converted_at,
  true as is_in_journey,
  cast(null as string) as exclusion_reason,
  input_hash
from in_journey

union all

select
  order_id,
  account_id,
  touch_id,
  cast(null as bigint) as touch_position,
  cast(0 as bigint) as touch_count,
  channel_id,
  campaign_id,
  touched_at,
  touched_on,
  precision_rank,
  cast(null as timestamp) as counted_at,
  converted_at,
  false as is_in_journey,
  exclusion_reason,
  input_hash
from latest_shut_out
where preference = 1
