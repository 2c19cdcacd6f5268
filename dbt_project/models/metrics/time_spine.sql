-- The company's calendar, one row per day: what MetricFlow groups by. Periods are named by their first day
-- and follow the fiscal year (setting company.fiscal_year_start_month).
select
  day,
  {{ month_after('day', 0) }} as fiscal_month,
  {{ fiscal_period_start('day', 3) }} as fiscal_quarter,
  {{ fiscal_period_start('day', 6) }} as fiscal_half_year,
  {{ fiscal_period_start('day', 12) }} as fiscal_year
from {{ days_from_to('2000-01-01', '2060-12-31') }} as days
