-- Predicted lifetime value of the customers won in a period, together: their interval is narrower than the sum of
-- theirs, as chance evens out among many. The mean per customer has the ends of its own interval beside it.
select
  cut,
  period_kind,
  period_start,
  customer_segment,
  customer_region,
  customers,
  contribution_to_date,
  expected,
  cast(contribution_to_date + expected as decimal(18, 2)) as predicted,
  {{ proportion('contribution_to_date + expected_low', '1', 'customers') }} as predicted_mean_low,
  {{ proportion('contribution_to_date + expected_high', '1', 'customers') }} as predicted_mean_high
from {{ source('lifetime', 'cohort') }}
