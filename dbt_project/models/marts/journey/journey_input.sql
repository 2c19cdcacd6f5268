-- What each account's journeys are computed from, as one number: its orders, its touches, the documents that led to its
-- orders, and the rules. Another number, and everything of the account that rests on journeys is computed anew.
with buyer as (
  select distinct account_id
  from {{ ref('conversion') }}
  where account_id is not null
),

part as (
  select
    account_id,
    {{ fingerprint([
      'order_id', 'converted_at', 'converted_on', 'previous_converted_at', 'previous_converted_on'
    ]) }} as said
  from {{ ref('conversion') }}
  where account_id is not null
  union all
  select
    touch.account_id,
    {{ fingerprint([
      'touch_id', 'channel_id', 'campaign_id', 'touched_at', 'touched_on', 'effective_at', 'channel_group',
      'precision_rank', 'kind_rank', 'lookback_days'
    ]) }} as said
  from {{ ref('account_touch') }} as touch
  inner join buyer on touch.account_id = buyer.account_id
  union all
  select
    account_id,
    {{ fingerprint(['order_id', 'milestone', 'document_id', 'recorded_at', 'recorded_on']) }} as said
  from {{ ref('order_milestone') }}
),

account as (
  select
    account_id,
    {{ fingerprint_of_group('said') }} as said
  from part
  group by account_id
)

select
  account_id,
  {{ fingerprint(['said', var('reset_at_order', true), code_fingerprint()]) }} as input_hash
from account
