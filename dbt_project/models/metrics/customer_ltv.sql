-- One row per customer: what it has contributed, and what it is expected to within the horizon, with a 95 % interval.
-- Fitted by orchestration/lib/lifetime, which says how; figures are estimates, rounded to the cent.
select
  account_id,
  method,
  horizon_days,
  contribution_to_date,
  expected,
  expected_low,
  expected_high,
  cast(contribution_to_date + expected as decimal(18, 2)) as predicted,
  cast(contribution_to_date + expected_low as decimal(18, 2)) as predicted_low,
  cast(contribution_to_date + expected_high as decimal(18, 2)) as predicted_high,
  expected_orders,
  probability_alive,
  holdout_error
from {{ source('lifetime', 'customer') }}
