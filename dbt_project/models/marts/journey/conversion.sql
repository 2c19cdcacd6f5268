-- One row per order that counts: the moment its journey ends, and the moment the account's journey before it ended.
with orders as (
  select
    order_id,
    account_id,
    confirmed_at as converted_at,
    confirmed_on as converted_on
  from {{ ref('order_facts') }}
  where not is_excluded
),

-- Orders of one account confirmed at the same moment end one journey together: neither resets the other.
moments as (
  select distinct
    account_id,
    converted_at,
    converted_on
  from orders
  where account_id is not null and converted_at is not null
),

previous as (
  select
    account_id,
    converted_at,
    lag(converted_at) over (partition by account_id order by converted_at) as previous_converted_at,
    lag(converted_on) over (partition by account_id order by converted_at) as previous_converted_on
  from moments
)

select
  orders.order_id,
  orders.account_id,
  orders.converted_at,
  orders.converted_on,
  previous.previous_converted_at,
  previous.previous_converted_on
from orders
left join previous
  on
    orders.account_id = previous.account_id
    and orders.converted_at = previous.converted_at
