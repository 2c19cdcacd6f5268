"""What a month would usually be, and how far it usually is off.

For each series, of months before the one that is judged only:

- level: the median of up to twelve months before it;
- season: the median of how far the same calendar month lay from its own level in earlier years, shrunk by k ÷ (k + 1)
  for k such years, because one year tells little of a season;
- expected = level + season;
- scale: the larger of 1.4826 × the median of |value − expected| over the months before (the MAD as a robust standard
  deviation, P. J. Rousseeuw and C. Croux, JASA 88, 1993) and 1.2533 × their mean (B. Iglewicz and D. C. Hoaglin,
  "How to Detect and Handle Outliers", 1993): the orders of a distributor come in lumps, in most months there are none,
  and the median alone would call every lump unusual. Never less than counting itself varies: √expected for counts,
  √(p (1 − p) ÷ denominator) for proportions of counts;
- score = (value − expected) ÷ scale, judged against a threshold (3.5, ibid.).
"""

from __future__ import annotations

from dataclasses import dataclass

from orchestration.lib.anomalies.series import SERIES

_KEYS = "kind, subject, variant, basis, model, cut, member"
JUDGED = "temp.main.judged"
YEARS = 5  # so many earlier years tell of the season


@dataclass(frozen=True)
class Limits:
    """When a month counts as unusual.

    Attributes:
        threshold: of the score.
        least_months: months of history below which nothing is judged.
        least_change: share of the expected value below which a change is too small to matter.
        least_n: what a ratio must rest on to be judged.
    """

    threshold: float
    least_months: int
    least_change: float
    least_n: int


def judge_sql(limits: Limits) -> str:
    """A statement that writes :data:`JUDGED`: the last month of each series with ``expected``, ``scale``, ``score``,
    ``history`` (months before it) and ``is_unusual``."""
    seasons = ", ".join(f"lag(deviation, {12 * year}) over series as season_{year}" for year in range(1, YEARS + 1))
    listed = ", ".join(f"season_{year}" for year in range(1, YEARS + 1))
    known = f"list_filter([{listed}], lambda one: one is not null)"
    return f"""
create or replace temporary table judged as
with levelled as (
  select *, median(value) over before_it as level, count(value) over before_it as history
  from {SERIES}
  window before_it as (
    partition by {_KEYS} order by month range between interval 12 month preceding and interval 1 month preceding
  )
),
deviating as (
  select *, case when history >= {limits.least_months // 2} then value - level end as deviation from levelled
),
seasonal as (
  select *, {seasons} from deviating window series as (partition by {_KEYS} order by month)
),
expecting as (
  select *, {known} as seasons from seasonal
),
expected as (
  select * exclude (seasons),
    level + case
      when len(seasons) > 0 then list_aggregate(seasons, 'median') * len(seasons) / (len(seasons) + 1) else 0
    end as expected
  from expecting
),
missing as (
  select *, case when history >= {limits.least_months // 2} then abs(value - expected) end as miss from expected
),
scaled as (
  select *,
    count(value) over earlier as months,
    median(miss) over earlier as usual_miss,
    avg(miss) over earlier as mean_miss,
    row_number() over (partition by {_KEYS} order by month desc) as from_the_end
  from missing
  window earlier as (partition by {_KEYS} order by month rows between unbounded preceding and 1 preceding)
),
latest as (
  select *,
    greatest(
      coalesce(1.4826 * usual_miss, 0),
      coalesce(1.2533 * mean_miss, 0),
      case
        when is_count then sqrt(abs(expected))
        when is_proportion and expected between 0 and 1 and denominator > 0
          then sqrt(expected * (1 - expected) / cast(denominator as double))
        else 0
      end
    ) as scale
  from scaled
  where from_the_end = 1
)
select {_KEYS}, month, numerator, denominator, value, n, is_additive, months as history, expected, scale,
  case when scale > 0 then (value - expected) / scale end as score,
  coalesce(
    months >= {limits.least_months}
    and (is_additive or n >= {limits.least_n})
    and abs(value - expected) >= {limits.least_change} * abs(expected)
    and value <> expected
    and (scale = 0 or abs(value - expected) > {limits.threshold} * scale),
    false
  ) as is_unusual
from latest"""
