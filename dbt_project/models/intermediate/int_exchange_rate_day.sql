-- The same rates, one row per currency and day, so that a fact finds its rate by plain equality: a range join against
-- ten years of daily rates costs thousands of comparisons per fact row.
select
  rates.from_currency,
  {{ add_days('rates.valid_from', 'series.n') }} as rate_on,
  rates.rate,
  rates.rate_id,
  rates.is_carried
from {{ ref('int_exchange_rate') }} as rates
inner join {{ number_series((var('max_rate_age_days') | int) + 1) }} as series
  on series.n < {{ days_between('rates.valid_from', 'rates.valid_to') }}
