-- The touches of every path in order: of each order's journey, and of each account's null path. A null path is what an
-- account's last order left behind (all its touches, if it never ordered) once no touch of it could serve an order any
-- more; it ends at its last touch and, as a journey does, reaches back from there as far as each touch counts.
with last_order as (
  select
    account_id,
    max(converted_at) as converted_at,
    max(converted_on) as converted_on
  from {{ ref('conversion') }}
  where account_id is not null and converted_at is not null
  group by account_id
),

left_over as (
  select
    touch.account_id,
    touch.touch_id,
    touch.precision_rank,
    touch.kind_rank,
    touch.channel_id,
    touch.campaign_id,
    touch.touched_on,
    touch.effective_at,
    touch.lookback_days,
    case
      when touch.effective_at < {{ days_before(end_of_business_date('as_of.as_of_on'), 'touch.lookback_days') }} then 0
      else 1
    end as is_still_counting,
    max(touch.effective_at) over (partition by touch.account_id) as ended_at
  from {{ ref('account_touch') }} as touch
  cross join {{ ref('int_as_of') }} as as_of
  left join last_order on touch.account_id = last_order.account_id
  where
    last_order.account_id is null
    or not {{ happened_by('touch', 'last_order.converted_at', 'last_order.converted_on') }}
),

come_to_nothing as (
  select account_id
  from left_over
  group by account_id
  having max(is_still_counting) = 0
)

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
  {{ null_journey_id('left_over.account_id') }} as journey_id,
  cast(null as string) as order_id,
  left_over.account_id,
  false as is_converted,
  left_over.touch_id,
  row_number() over (
    partition by left_over.account_id
    order by left_over.effective_at, left_over.precision_rank, left_over.kind_rank, left_over.touch_id
  ) as touch_position,
  {{ channel_member('left_over') }} as channel_member,
  {{ campaign_member('left_over') }} as campaign_member,
  left_over.touched_on,
  left_over.effective_at as counted_at
from left_over
inner join come_to_nothing on left_over.account_id = come_to_nothing.account_id
where left_over.effective_at >= {{ days_before('left_over.ended_at', 'left_over.lookback_days') }}
