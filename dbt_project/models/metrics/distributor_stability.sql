-- How steady each distributor is, at the end of each closed month: over the last 12 months, months without anything
-- included, from 6 months on. And how much the business with distributors hangs on few of them (cut total): the sum of
-- the squared shares of the same 12 months. The figure is net invoiced. Roots are taken in floating point and rounded.
with closed as (
  select
    months.distributor_id,
    months.month,
    months.net_invoiced,
    months.order_count
  from {{ ref('distributor_month') }} as months
  cross join {{ ref('int_as_of') }} as as_of
  where {{ month_end('months.month') }} <= as_of.as_of_on
),

windowed as (
  select
    ends.distributor_id,
    ends.month as period_start,
    count(*) as months,
    sum(case when months.order_count > 0 then 1 else 0 end) as active_months,
    sum(months.net_invoiced) as net_invoiced,
    avg(cast(months.net_invoiced as double)) as mean,
    stddev_pop(cast(months.net_invoiced as double)) as deviation,
    regr_slope(
      cast(months.net_invoiced as double),
      cast({{ months_between('ends.month', 'months.month') }} as double)
    ) as slope
  from closed as ends
  inner join closed as months
    on
      ends.distributor_id = months.distributor_id
      and {{ months_between('months.month', 'ends.month') }} between 0 and 11
  group by ends.distributor_id, ends.month
),

concentrated as (
  select
    period_start,
    count(*) as distributors,
    sum(cast(net_invoiced as double) * cast(net_invoiced as double)) as squares,
    sum(cast(net_invoiced as double)) as whole
  from windowed
  where net_invoiced > 0
  group by period_start
)

select
  'distributor' as cut,
  'month' as period_kind,
  period_start,
  distributor_id,
  months,
  cast(active_months as bigint) as active_months,
  cast(net_invoiced as decimal(18, 2)) as net_invoiced,
  case when months >= 6 and mean > 0 then cast(round(deviation / mean, 6) as decimal(18, 6)) end
    as variation_coefficient,
  case when months >= 6 and mean > 0 then cast(round(slope / mean, 6) as decimal(18, 6)) end as monthly_trend,
  cast(null as decimal(18, 6)) as concentration_index,
  cast(null as bigint) as distributors
from windowed
union all
select
  'total' as cut,
  'month' as period_kind,
  period_start,
  cast(null as string) as distributor_id,
  cast(null as bigint) as months,
  cast(null as bigint) as active_months,
  cast(whole as decimal(18, 2)) as net_invoiced,
  cast(null as decimal(18, 6)) as variation_coefficient,
  cast(null as decimal(18, 6)) as monthly_trend,
  cast(round(squares / (whole * whole), 6) as decimal(18, 6)) as concentration_index,
  distributors
from concentrated
