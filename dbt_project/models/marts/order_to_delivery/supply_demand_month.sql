-- Demand and what answered it, per product family and month, from its first month with anything in it to the as-of month, quiet
-- months included. Booked by the day of order, promised by the original promise, produced by the day finished, shipped by the
-- day it left; finished goods as last counted in the month, empty when they were not. Days of cover: that stock over the units
-- shipped per day in the month and the two before it.
-- The hours it takes, against those of work centres: work_centre_month.
with family as (
  select
    product_id,
    coalesce(family, 'unknown') as product_family
  from {{ ref('dim_product') }}
),

event as (
  select
    product_id,
    {{ month_start('ordered_on') }} as month,
    quantity as booked_quantity,
    0 as promised_quantity,
    0 as produced_quantity,
    0 as shipped_quantity,
    0 as response_count,
    0 as response_days
  from {{ ref('order_line_facts') }}
  where not is_excluded
  union all
  select
    product_id,
    {{ month_start('promised_on') }} as month,
    0 as booked_quantity,
    quantity as promised_quantity,
    0 as produced_quantity,
    0 as shipped_quantity,
    0 as response_count,
    0 as response_days
  from {{ ref('order_line_delivery') }}
  where not is_excluded and promised_on is not null
  union all
  select
    product_id,
    {{ month_start('finished_on') }} as month,
    0 as booked_quantity,
    0 as promised_quantity,
    quantity_finished as produced_quantity,
    0 as shipped_quantity,
    0 as response_count,
    0 as response_days
  from {{ ref('production_order_facts') }}
  where finished_on is not null
  union all
  select
    product_id,
    {{ month_start('started_on') }} as month,
    0 as booked_quantity,
    0 as promised_quantity,
    0 as produced_quantity,
    0 as shipped_quantity,
    1 as response_count,
    response_days
  from {{ ref('production_order_facts') }}
  where response_days is not null
  union all
  select
    product_id,
    {{ month_start('shipped_on') }} as month,
    0 as booked_quantity,
    0 as promised_quantity,
    0 as produced_quantity,
    quantity as shipped_quantity,
    0 as response_count,
    0 as response_days
  from {{ ref('shipment_line_facts') }}
  where not is_excluded and shipped_on is not null
),

flow as (
  select
    coalesce(family.product_family, 'unknown') as product_family,
    event.month,
    sum(event.booked_quantity) as booked_quantity,
    sum(event.promised_quantity) as promised_quantity,
    sum(event.produced_quantity) as produced_quantity,
    sum(event.shipped_quantity) as shipped_quantity,
    sum(event.response_count) as response_count,
    sum(event.response_days) as response_days
  from event
  cross join {{ ref('int_as_of') }} as as_of
  left join family on event.product_id = family.product_id
  where event.month <= as_of.as_of_on
  group by coalesce(family.product_family, 'unknown'), event.month
),

stock as (
  select
    coalesce(family.product_family, 'unknown') as product_family,
    inventory.month,
    sum(inventory.quantity) as stock_quantity,
    {{ full_sum('inventory.value') }} as stock_value
  from {{ ref('inventory_facts') }} as inventory
  left join family on inventory.product_id = family.product_id
  where inventory.is_month_end and inventory.kind = 'fg'
  group by coalesce(family.product_family, 'unknown'), inventory.month
),

active as (
  select
    product_family,
    month
  from flow
  union all
  select
    product_family,
    month
  from stock
),

first_month as (
  select
    product_family,
    min(month) as month
  from active
  group by product_family
),

calendar as (
  select
    first_month.product_family,
    {{ month_after('first_month.month', 'months.n') }} as month
  from first_month
  cross join {{ number_series(1200) }} as months
  cross join {{ ref('int_as_of') }} as as_of
  where {{ month_after('first_month.month', 'months.n') }} <= as_of.as_of_on
),

filled as (
  select
    calendar.product_family,
    calendar.month,
    coalesce(flow.booked_quantity, 0) as booked_quantity,
    coalesce(flow.promised_quantity, 0) as promised_quantity,
    coalesce(flow.produced_quantity, 0) as produced_quantity,
    coalesce(flow.shipped_quantity, 0) as shipped_quantity,
    coalesce(flow.response_count, 0) as response_count,
    flow.response_days,
    stock.stock_quantity,
    stock.stock_value,
    sum(coalesce(flow.shipped_quantity, 0)) over (
      partition by calendar.product_family order by calendar.month rows between 2 preceding and current row
    ) as recently_shipped,
    {{ days_between(month_after('calendar.month', -2), month_after('calendar.month', 1)) }} as recent_days,
    row_number() over (partition by calendar.product_family order by calendar.month) as position
  from calendar
  left join flow on calendar.product_family = flow.product_family and calendar.month = flow.month
  left join stock on calendar.product_family = stock.product_family and calendar.month = stock.month
)

select
  product_family,
  month,
  cast(booked_quantity as decimal(18, 4)) as booked_quantity,
  cast(promised_quantity as decimal(18, 4)) as promised_quantity,
  cast(produced_quantity as decimal(18, 4)) as produced_quantity,
  cast(shipped_quantity as decimal(18, 4)) as shipped_quantity,
  cast(stock_quantity as decimal(18, 4)) as stock_quantity,
  cast(stock_value as decimal(18, 2)) as stock_value,
  -- not before three months are known
  case when position >= 3 then {{ proportion('stock_quantity', 'recent_days', 'recently_shipped') }} end
    as days_of_cover,
  cast(response_count as bigint) as response_count,
  case when response_count > 0 then {{ proportion('1', 'response_days', 'response_count') }} end
    as mean_response_days
from filled
