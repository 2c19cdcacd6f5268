-- The touches of each order's journey in order, and, for an order left without any, the latest touch that its window
-- shut out with the reason: the evidence behind `unattributed`. Shut-out touches of other orders are not listed, they
-- would grow with orders × touches of an account.
with in_journey as (
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
    row_number() over (
      partition by conversion.order_id
      order by {{ capped_at('touch', 'conversion') }}, touch.precision_rank, touch.kind_rank, touch.touch_id
    ) as touch_position,
    count(*) over (partition by conversion.order_id) as touch_count
  from {{ ref('conversion') }} as conversion
  inner join {{ ref('account_touch') }} as touch
    on
      conversion.account_id = touch.account_id
      and {{ happened_by('touch', 'conversion.converted_at', 'conversion.converted_on') }}
  where {{ window_exclusion('touch', 'conversion') }} is null
),

-- A touch that the previous order used up explains more than one that was too old, so it comes first.
latest_shut_out as (
  select
    order_id,
    account_id,
    converted_at,
    coalesce(max(case when exclusion_reason = 'before_reset' then touch_rank end), max(touch_rank)) as touch_rank,
    case
      when max(case when exclusion_reason = 'before_reset' then touch_rank end) is not null then 'before_reset'
      else 'out_of_window'
    end as exclusion_reason
  from (
    select
      conversion.order_id,
      conversion.account_id,
      conversion.converted_at,
      touch.touch_rank,
      {{ window_exclusion('touch', 'conversion') }} as exclusion_reason
    from {{ ref('conversion') }} as conversion
    inner join {{ ref('account_touch') }} as touch
      on
        conversion.account_id = touch.account_id
        and {{ happened_by('touch', 'conversion.converted_at', 'conversion.converted_on') }}
    where conversion.order_id not in (select in_journey.order_id from in_journey)
  ) as candidate
  group by order_id, account_id, converted_at
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
  cast(null as string) as exclusion_reason
from in_journey

union all

select
  latest_shut_out.order_id,
  latest_shut_out.account_id,
  touch.touch_id,
  cast(null as bigint) as touch_position,
  cast(0 as bigint) as touch_count,
  touch.channel_id,
  touch.campaign_id,
  touch.touched_at,
  touch.touched_on,
  touch.precision_rank,
  cast(null as timestamp) as counted_at,
  latest_shut_out.converted_at,
  false as is_in_journey,
  latest_shut_out.exclusion_reason
from latest_shut_out
inner join {{ ref('account_touch') }} as touch
  on
    latest_shut_out.account_id = touch.account_id
    and latest_shut_out.touch_rank = touch.touch_rank
