{{ config(materialized="view") }}
-- Touches of identified accounts with what orders them: when the touch counts, exact before date-only, how near to a
-- purchase its kind is, then its id (which begins with its source). The several contacts of an account that one campaign
-- met on one day are one touch already (int_touch_merge).
with touches as (
  select
    touch.touch_id,
    touch.account_id,
    touch.channel_id,
    touch.campaign_id,
    touch.touched_at,
    touch.touched_on,
    touch.effective_at,
    channel.channel_group,
    case when touch.precision = 'date' then 1 else 0 end as precision_rank,
    {{ touch_kind_rank('touch.touch_type') }} as kind_rank,
    {{ lookback_days_of('channel.channel_group') }} as lookback_days
  from {{ ref('int_touch') }} as touch
  left join {{ ref('dim_channel') }} as channel on touch.channel_id = channel.channel_id
  where touch.account_id is not null
)

select
  touch_id,
  account_id,
  channel_id,
  campaign_id,
  touched_at,
  touched_on,
  effective_at,
  channel_group,
  cast(precision_rank as integer) as precision_rank,
  cast(kind_rank as integer) as kind_rank,
  cast(lookback_days as integer) as lookback_days
from touches
