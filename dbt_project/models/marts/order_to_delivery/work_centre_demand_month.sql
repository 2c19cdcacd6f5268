-- Hours of work that demand asks of each work centre, per product family and month: units × the standard hours of their product.
-- Booked by the day of order, promised by the original promise (months to come as well), produced by the day finished; the
-- backlog is what was ordered by the end of the month and had not left by then, none for months to come.
-- What no hours can be told of stays, as rows of its own: hours_gap says why.
with product as (
  select
    product_id,
    coalesce(work_centre, 'unknown') as work_centre,
    coalesce(family, 'unknown') as product_family,
    case
      when work_centre is null then 'no_work_centre'
      when standard_hours is null then 'no_standard_hours'
      else 'none'
    end as hours_gap,
    case when work_centre is not null then coalesce(standard_hours, 0) else 0 end as unit_hours
  from {{ ref('dim_product') }}
),

ordered as (
  select
    order_line_id,
    product_id,
    {{ month_start('ordered_on') }} as month,
    quantity
  from {{ ref('order_line_facts') }}
  where not is_excluded and ordered_on is not null
),

sent_in_month as (
  select
    lines.order_line_id,
    lines.product_id,
    lines.quantity as ordered_quantity,
    -- what left before it was ordered was never in the backlog
    greatest({{ month_start('shipped.shipped_on') }}, lines.month) as month,
    sum(shipped.quantity) as quantity
  from ordered as lines
  inner join {{ ref('shipment_line_facts') }} as shipped on lines.order_line_id = shipped.order_line_id
  where shipped.shipped_on is not null
  group by
    lines.order_line_id,
    lines.product_id,
    lines.quantity,
    greatest({{ month_start('shipped.shipped_on') }}, lines.month)
),

sent as (
  select
    product_id,
    month,
    ordered_quantity,
    quantity,
    sum(quantity) over (partition by order_line_id order by month rows unbounded preceding) as quantity_to_date
  from sent_in_month
),

event as (
  select
    product_id,
    month,
    quantity as booked_quantity,
    0 as promised_quantity,
    0 as produced_quantity,
    quantity as backlog_change
  from ordered
  union all
  select
    product_id,
    month,
    0 as booked_quantity,
    0 as promised_quantity,
    0 as produced_quantity,
    -- no more leaves the backlog than was ordered
    least(quantity_to_date - quantity, ordered_quantity) - least(quantity_to_date, ordered_quantity) as backlog_change
  from sent
  union all
  select
    product_id,
    {{ month_start('promised_on') }} as month,
    0 as booked_quantity,
    quantity as promised_quantity,
    0 as produced_quantity,
    0 as backlog_change
  from {{ ref('order_line_delivery') }}
  where not is_excluded and promised_on is not null
  union all
  select
    product_id,
    {{ month_start('finished_on') }} as month,
    0 as booked_quantity,
    0 as promised_quantity,
    quantity_finished as produced_quantity,
    0 as backlog_change
  from {{ ref('production_order_facts') }}
  where finished_on is not null
),

flow as (
  select
    coalesce(product.work_centre, 'unknown') as work_centre,
    coalesce(product.product_family, 'unknown') as product_family,
    coalesce(product.hours_gap, 'no_work_centre') as hours_gap,
    event.month,
    sum(event.booked_quantity) as booked_quantity,
    sum(event.promised_quantity) as promised_quantity,
    sum(coalesce(event.produced_quantity, 0)) as produced_quantity,
    sum(event.backlog_change) as backlog_change,
    sum(event.booked_quantity * coalesce(product.unit_hours, 0)) as booked_hours,
    sum(event.promised_quantity * coalesce(product.unit_hours, 0)) as promised_hours,
    sum(coalesce(event.produced_quantity, 0) * coalesce(product.unit_hours, 0)) as produced_hours,
    sum(event.backlog_change * coalesce(product.unit_hours, 0)) as backlog_hours_change
  from event
  left join product on event.product_id = product.product_id
  group by
    coalesce(product.work_centre, 'unknown'),
    coalesce(product.product_family, 'unknown'),
    coalesce(product.hours_gap, 'no_work_centre'),
    event.month
),

subject as (
  select
    work_centre,
    product_family,
    hours_gap,
    min(month) as first_month
  from flow
  group by work_centre, product_family, hours_gap
),

-- quiet months included, for the backlog stands in them too
calendar as (
  select
    subject.work_centre,
    subject.product_family,
    subject.hours_gap,
    {{ month_after('subject.first_month', 'months.n') }} as month
  from subject
  cross join {{ number_series(1200) }} as months
  cross join {{ ref('int_as_of') }} as as_of
  where {{ month_after('subject.first_month', 'months.n') }} <= as_of.as_of_on
  union
  select
    work_centre,
    product_family,
    hours_gap,
    month
  from flow
),

filled as (
  select
    calendar.work_centre,
    calendar.product_family,
    calendar.hours_gap,
    calendar.month,
    calendar.month <= as_of.as_of_on as is_begun,
    coalesce(flow.booked_quantity, 0) as booked_quantity,
    coalesce(flow.promised_quantity, 0) as promised_quantity,
    coalesce(flow.produced_quantity, 0) as produced_quantity,
    coalesce(flow.booked_hours, 0) as booked_hours,
    coalesce(flow.promised_hours, 0) as promised_hours,
    coalesce(flow.produced_hours, 0) as produced_hours,
    sum(coalesce(flow.backlog_change, 0)) over (
      partition by calendar.work_centre, calendar.product_family, calendar.hours_gap
      order by calendar.month rows unbounded preceding
    ) as backlog_quantity,
    sum(coalesce(flow.backlog_hours_change, 0)) over (
      partition by calendar.work_centre, calendar.product_family, calendar.hours_gap
      order by calendar.month rows unbounded preceding
    ) as backlog_hours
  from calendar
  cross join {{ ref('int_as_of') }} as as_of
  left join flow
    on
      calendar.work_centre = flow.work_centre
      and calendar.product_family = flow.product_family
      and calendar.hours_gap = flow.hours_gap
      and calendar.month = flow.month
)

select
  work_centre,
  product_family,
  hours_gap,
  month,
  cast(booked_quantity as decimal(18, 4)) as booked_quantity,
  cast(promised_quantity as decimal(18, 4)) as promised_quantity,
  cast(produced_quantity as decimal(18, 4)) as produced_quantity,
  cast(case when is_begun then backlog_quantity end as decimal(18, 4)) as backlog_quantity,
  cast(booked_hours as decimal(18, 4)) as booked_hours,
  cast(promised_hours as decimal(18, 4)) as promised_hours,
  cast(produced_hours as decimal(18, 4)) as produced_hours,
  cast(case when is_begun then backlog_hours end as decimal(18, 4)) as backlog_hours
from filled
