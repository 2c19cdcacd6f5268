-- Capacity against demand: one row per work centre and month in which it has hours, or something to make. Hours that products
-- without a work centre would need are unknown: their units stand in the rows of the work centre 'unknown', and units of products
-- without standard hours beside the hours of the rest. Load and use are told where the hours available are; in months to come
-- only the promises are known.
with available as (
  select
    work_centre,
    month,
    sum(hours_available) as hours_available
  from {{ ref('capacity_facts') }}
  group by work_centre, month
),

needed as (
  select
    work_centre,
    month,
    sum(booked_hours) as booked_hours,
    sum(promised_hours) as promised_hours,
    sum(produced_hours) as produced_hours,
    sum(backlog_hours) as backlog_hours,
    sum(case when hours_gap <> 'none' then promised_quantity else 0 end) as promised_without_hours,
    sum(case when hours_gap <> 'none' then produced_quantity else 0 end) as produced_without_hours
  from {{ ref('work_centre_demand_month') }}
  group by work_centre, month
),

both_sides as (
  select
    coalesce(available.work_centre, needed.work_centre) as work_centre,
    coalesce(available.month, needed.month) as month,
    available.hours_available,
    coalesce(needed.booked_hours, 0) as booked_hours,
    coalesce(needed.promised_hours, 0) as promised_hours,
    coalesce(needed.produced_hours, 0) as produced_hours,
    needed.backlog_hours,
    coalesce(needed.promised_without_hours, 0) as promised_without_hours,
    coalesce(needed.produced_without_hours, 0) as produced_without_hours
  from available
  full outer join needed on available.work_centre = needed.work_centre and available.month = needed.month
)

select
  work_centre,
  month,
  case
    when work_centre = 'unknown' then 'no_work_centre'
    when hours_available is null then 'no_capacity'
    else 'none'
  end as capacity_gap,
  cast(hours_available as decimal(18, 4)) as hours_available,
  cast(booked_hours as decimal(18, 4)) as booked_hours,
  cast(promised_hours as decimal(18, 4)) as promised_hours,
  cast(produced_hours as decimal(18, 4)) as produced_hours,
  cast(backlog_hours as decimal(18, 4)) as backlog_hours,
  cast(promised_without_hours as decimal(18, 4)) as promised_without_hours,
  cast(produced_without_hours as decimal(18, 4)) as produced_without_hours,
  {{ proportion('1', 'promised_hours', 'hours_available', 4) }} as load_rate,
  {{ proportion('1', 'produced_hours', 'hours_available', 4) }} as utilisation,
  cast(
    -- greatest() passes over NULL
    case
      when promised_hours > hours_available then promised_hours - hours_available
      when hours_available is not null then 0
    end as decimal(18, 4)
  ) as shortage_hours,
  promised_hours > hours_available as is_overloaded
from both_sides
