{{ config(materialized="view") }}
-- What an account's last order left behind: the touches after it; all of them, if the account never ordered.
with last_order as (
  select
    account_id,
    max(converted_at) as converted_at,
    max(converted_on) as converted_on
  from {{ ref('conversion') }}
  where account_id is not null and converted_at is not null
  group by account_id
)

select
  touch.account_id,
  touch.touch_id,
  touch.channel_id,
  touch.campaign_id,
  touch.touched_on,
  touch.effective_at,
  touch.precision_rank,
  touch.kind_rank,
  touch.lookback_days
from {{ ref('account_touch') }} as touch
left join last_order on touch.account_id = last_order.account_id
where
  last_order.account_id is null
  or not {{ happened_by('touch', 'last_order.converted_at', 'last_order.converted_on') }}
