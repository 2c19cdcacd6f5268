-- Touches of an account in their total order. One campaign reaching several contacts of an account on one day is one touch.
with touches as (
  select
    touch.touch_id,
    touch.account_id,
    touch.channel_id,
    touch.campaign_id,
    touch.touched_at,
    {{ to_business_date('touch.touched_at') }} as touched_on,
    touch.effective_at,
    case when touch.precision = 'date' then 1 else 0 end as precision_rank,
    {{ lookback_days_of('channel.channel_group') }} as lookback_days
  from {{ ref('int_touch') }} as touch
  left join {{ ref('dim_channel') }} as channel on touch.channel_id = channel.channel_id
  where touch.account_id is not null
),

same_day as (
  select
    *,
    row_number() over (
      partition by account_id, touched_on, campaign_id, case when campaign_id is null then touch_id end
      order by effective_at, precision_rank, touch_id
    ) as same_day_rank,
    count(*) over (
      partition by account_id, touched_on, campaign_id, case when campaign_id is null then touch_id end
    ) as merged_touch_count
  from touches
)

select
  touch_id,
  account_id,
  channel_id,
  campaign_id,
  touched_at,
  touched_on,
  effective_at,
  cast(precision_rank as integer) as precision_rank,
  cast(lookback_days as integer) as lookback_days,
  cast(merged_touch_count as bigint) as merged_touch_count,
  row_number() over (partition by account_id order by effective_at, precision_rank, touch_id) as touch_rank
from same_day
where same_day_rank = 1
