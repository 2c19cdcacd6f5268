-- Per driver, over all time and by fiscal year of closing: how often deals with it were won, how often those without it,
-- and how many times as often. Association, not cause.
-- The interval of the ratio is Katz's: D. Katz et al., "Obtaining confidence intervals for the risk ratio in cohort
-- studies", Biometrics 34 (1978); in binary floating point, as it is an estimate.
{% set z = '1.959963984540054' -%}
with deal as (
  select
    'all' as period_kind,
    cast(null as date) as period_start,
    drivers.*
  from {{ ref('opportunity_driver_facts') }} as drivers
  union all
  select
    'year' as period_kind,
    {{ fiscal_period_start('drivers.closed_on', 12) }} as period_start,
    drivers.*
  from {{ ref('opportunity_driver_facts') }} as drivers
),

asked as (
  {% for one in win_drivers() %}
  select
    cast({{ loop.index }} as bigint) as position,
    '{{ one.driver }}' as driver,
    '{{ one.group }}' as driver_group,
    '{{ one.en }}' as label_en,
    '{{ one.zh }}' as label_zh,
    period_kind,
    period_start,
    is_won,
    coalesce({{ one.has }}, false) as is_with
  from deal
  where {{ one.of }}
  {{ 'union all' if not loop.last }}
  {% endfor %}
),

counted as (
  select
    position,
    driver,
    driver_group,
    label_en,
    label_zh,
    period_kind,
    period_start,
    cast(sum(case when is_with then 1 else 0 end) as bigint) as n_with,
    cast(sum(case when is_with and is_won then 1 else 0 end) as bigint) as won_with,
    cast(sum(case when not is_with then 1 else 0 end) as bigint) as n_without,
    cast(sum(case when not is_with and is_won then 1 else 0 end) as bigint) as won_without
  from asked
  group by position, driver, driver_group, label_en, label_zh, period_kind, period_start
),

estimated as (
  select
    *,
    case when won_with > 0 then 1 / cast(won_with as double) - 1 / cast(n_with as double) end as variance_with,
    case when won_without > 0 then 1 / cast(won_without as double) - 1 / cast(n_without as double) end
      as variance_without,
    case
      when won_with > 0 and won_without > 0 then ln(cast(won_with * n_without as double) / (won_without * n_with))
    end as log_lift
  from counted
  where n_with > 0 and n_without > 0
)

select
  driver || '|' || period_kind || coalesce('|' || cast(period_start as string), '') as lift_id,
  'driver' as cut,
  period_kind,
  period_start,
  driver,
  driver_group,
  position,
  label_en,
  label_zh,
  n_with,
  won_with,
  {{ ratio('won_with', 'n_with') }} as win_rate_with,
  {{ wilson_low('won_with', 'n_with') }} as win_rate_with_low,
  {{ wilson_high('won_with', 'n_with') }} as win_rate_with_high,
  n_without,
  won_without,
  {{ ratio('won_without', 'n_without') }} as win_rate_without,
  {{ wilson_low('won_without', 'n_without') }} as win_rate_without_low,
  {{ wilson_high('won_without', 'n_without') }} as win_rate_without_high,
  won_with * n_without as lift_numerator,
  won_without * n_with as lift_denominator,
  {{ ratio('won_with * n_without', 'won_without * n_with') }} as lift,
  cast(exp(log_lift - {{ z }} * sqrt(variance_with + variance_without)) as decimal(18, 8)) as lift_low,
  cast(exp(log_lift + {{ z }} * sqrt(variance_with + variance_without)) as decimal(18, 8)) as lift_high
from estimated
