-- After-sales cost and returns by cohort: order lines shipped, by product family and month of order, and what came of them in
-- each calendar month since each line was first shipped (0 is the month of the shipment; what is dated before it counts there).
-- Every month up to the as-of one has a row, with nothing in it where nothing came; is_reached says whether every line of the
-- cohort is that old, so that a row is comparable with those of older cohorts.
with line as (
  select
    quality.order_line_id,
    coalesce(products.family, 'unknown') as product_family,
    {{ month_start('quality.ordered_on') }} as order_month,
    quality.first_shipped_on,
    quality.quantity_shipped,
    quality.net_invoiced,
    quality.as_of_on
  from {{ ref('shipped_line_quality') }} as quality
  left join {{ ref('dim_product') }} as products on quality.product_id = products.product_id
  where not quality.is_excluded
),

cohort as (
  select
    product_family,
    order_month,
    count(*) as line_count,
    sum(quantity_shipped) as units_shipped,
    {{ full_sum('net_invoiced') }} as net_invoiced,
    min(first_shipped_on) as first_shipped_on,
    max(first_shipped_on) as last_shipped_on,
    max(as_of_on) as as_of_on
  from line
  group by product_family, order_month
),

event as (
  select
    order_line_id,
    returned_on as occurred_on,
    quantity as units_returned,
    amount as returned_amount,
    0 as repair_count,
    cast(0 as decimal(18, 2)) as after_sales
  from {{ ref('return_facts') }}
  where order_line_id is not null
  union all
  select
    order_line_id,
    opened_on as occurred_on,
    0 as units_returned,
    0 as returned_amount,
    1 as repair_count,
    0 as after_sales
  from {{ ref('ticket_facts') }}
  where order_line_id is not null and kind = 'repair'
  union all
  select
    order_line_id,
    incurred_on as occurred_on,
    0 as units_returned,
    0 as returned_amount,
    0 as repair_count,
    amount as after_sales
  from {{ ref('order_cost_facts') }}
  where order_line_id is not null and kind = 'after_sales'
),

aged as (
  select
    line.product_family,
    line.order_month,
    greatest({{ months_between('line.first_shipped_on', 'event.occurred_on') }}, 0) as months_since_shipped,
    sum(event.units_returned) as units_returned,
    {{ full_sum('event.returned_amount') }} as returned_amount,
    sum(event.repair_count) as repair_count,
    {{ full_sum('event.after_sales') }} as after_sales
  from event
  inner join line on event.order_line_id = line.order_line_id
  group by
    line.product_family,
    line.order_month,
    greatest({{ months_between('line.first_shipped_on', 'event.occurred_on') }}, 0)
),

dense as (
  select
    cohort.product_family,
    cohort.order_month,
    months.n as months_since_shipped,
    cohort.line_count,
    cohort.units_shipped,
    cohort.net_invoiced,
    {{ months_between('cohort.last_shipped_on', 'cohort.as_of_on') }} > months.n as is_reached,
    coalesce(aged.units_returned, 0) as units_returned,
    case when aged.order_month is null then 0 else aged.returned_amount end as returned_amount,
    coalesce(aged.repair_count, 0) as repair_count,
    case when aged.order_month is null then 0 else aged.after_sales end as after_sales
  from cohort
  cross join {{ number_series(1200) }} as months
  left join aged
    on
      cohort.product_family = aged.product_family
      and cohort.order_month = aged.order_month
      and months.n = aged.months_since_shipped
  where {{ months_between('cohort.first_shipped_on', 'cohort.as_of_on') }} >= months.n
)

select
  product_family,
  order_month,
  cast(months_since_shipped as bigint) as months_since_shipped,
  line_count,
  cast(units_shipped as decimal(18, 4)) as units_shipped,
  cast(net_invoiced as decimal(18, 2)) as net_invoiced,
  is_reached,
  cast(units_returned as decimal(18, 4)) as units_returned,
  cast(returned_amount as decimal(18, 2)) as returned_amount,
  cast(repair_count as bigint) as repair_count,
  cast(after_sales as decimal(18, 2)) as after_sales,
  cast(
    sum(units_returned) over (
      partition by product_family, order_month order by months_since_shipped rows unbounded preceding
    ) as decimal(18, 4)
  ) as units_returned_to_date,
  cast(
    sum(after_sales) over (
      partition by product_family, order_month order by months_since_shipped rows unbounded preceding
    ) as decimal(18, 2)
  ) as after_sales_to_date
from dense
