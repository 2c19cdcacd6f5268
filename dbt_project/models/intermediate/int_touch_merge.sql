-- Touches that gave way to another: one campaign reaching one account on one day is one touch, however many of the
-- account's people it met. The earliest survives; at the same moment an exact one goes before a date-only one.
with placed as (
  select
    touch_id,
    account_id,
    campaign_id,
    touched_on,
    first_value(touch_id) over (
      partition by account_id, campaign_id, touched_on
      order by effective_at asc, precision desc, touch_id asc
    ) as surviving_touch_id
  from {{ ref('int_touch_identified') }}
  where account_id is not null and campaign_id is not null
)

select
  touch_id,
  surviving_touch_id,
  'same_campaign_account_day' as rule
from placed
where touch_id <> surviving_touch_id
