-- One row per month from the first invoice or payment on: the day at which it is closed, which for the running month is
-- the day up to which everything is reported.
with started as (
  select min(first_on) as first_on
  from (
    select min(invoiced_on) as first_on from {{ ref('int_invoice') }}
    union all
    select min(paid_on) as first_on from {{ ref('int_payment') }}
  ) as documents
)

select
  {{ month_after('started.first_on', 'months.n') }} as month,
  least({{ month_end(month_after('started.first_on', 'months.n')) }}, as_of.as_of_on) as closing_on
from started
cross join {{ ref('int_as_of') }} as as_of
cross join {{ number_series(1200) }} as months
where {{ month_after('started.first_on', 'months.n') }} <= as_of.as_of_on
