-- Accounts whose touches came to nothing: none of those that were left over could serve an order any more. With what
-- their paths are computed from, as one number.
with account as (
  select
    touch.account_id,
    {{ fingerprint_of_group(fingerprint([
      'touch.touch_id', 'touch.channel_id', 'touch.campaign_id', 'touch.touched_on', 'touch.effective_at',
      'touch.precision_rank', 'touch.kind_rank', 'touch.lookback_days'
    ])) }} as said
  from {{ ref('left_over_touch') }} as touch
  cross join {{ ref('int_as_of') }} as as_of
  group by touch.account_id
  having
    max(case
      when touch.effective_at < {{ days_before(end_of_business_date('as_of.as_of_on'), 'touch.lookback_days') }} then 0
      else 1
    end) = 0
)

select
  account_id,
  {{ fingerprint(['said', code_fingerprint()]) }} as input_hash
from account
