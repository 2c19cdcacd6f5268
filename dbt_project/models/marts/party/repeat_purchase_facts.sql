-- One row per customer: its first order, and the one that makes it a repeat customer, if there is one. An order within
-- the first days after the first is a part of it (a forgotten item, a delivery split in two), not a return.
with purchase as (
  select
    account_id,
    order_id,
    confirmed_at,
    confirmed_on,
    is_first_order
  from {{ ref('order_facts') }}
  where is_net_positive and account_id is not null
),

repeated as (
  select
    first_order.account_id,
    later.order_id,
    later.confirmed_on,
    row_number() over (
      partition by first_order.account_id
      order by later.confirmed_at, later.order_id
    ) as position
  from purchase as first_order
  inner join purchase as later
    on
      first_order.account_id = later.account_id
      and first_order.order_id <> later.order_id
      and {{ days_between('first_order.confirmed_on', 'later.confirmed_on') }}
      between {{ var('repeat_from_days') }} and {{ var('repeat_window_days') }}
  where first_order.is_first_order
)

select
  customers.account_id,
  customers.first_order_id,
  customers.first_order_on,
  repeated.order_id as repeat_order_id,
  repeated.confirmed_on as repeat_order_on,
  {{ days_between('customers.first_order_on', 'repeated.confirmed_on') }} as days_to_repeat,
  {{ days_between('customers.first_order_on', 'as_of.as_of_on') }} as exposure_days,
  {{ days_between('customers.first_order_on', 'as_of.as_of_on') }} >= {{ var('repeat_window_days') }} as is_exposed,
  repeated.order_id is not null as is_repeat,
  customers.origin_channel_id,
  customers.origin_campaign_id,
  customers.distributor_id,
  customers.segment,
  customers.region
from {{ ref('customer_facts') }} as customers
cross join {{ ref('int_as_of') }} as as_of
left join repeated on customers.account_id = repeated.account_id and repeated.position = 1
where customers.first_order_id is not null
