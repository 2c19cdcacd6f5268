"""Each value beside the one of the period before, or of the same period a year earlier."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from orchestration.lib.errors import ConfigurationError, nearest
from orchestration.lib.metrics.dimensions import DIMENSIONS, PERIODS
from orchestration.lib.metrics.exact import quotient_sql

COMPARISONS: Final[dict[str, tuple[str, str]]] = {
    "prev": ("previous period", "上期"),
    "yoy": ("same period last year", "去年同期"),
}


def comparison_sql(relation: str, comparison: str, dimensions: Iterable[str] | None = None) -> str:
    """SQL over a relation shaped like ``metric_value``: its columns, then ``compared_period_start``,
    ``compared_value``, ``change`` (value − compared value) and ``change_rate`` (change ÷ |compared value|; NULL when
    that is 0 or unknown).

    Args:
        dimensions: the dimension columns that the relation has, when it is of another version; else all.

    All time has nothing to compare with; a period that the data does not reach gives NULL, never 0.

    Raises:
        ConfigurationError: the comparison is not ``prev`` or ``yoy``.
    """
    if comparison not in COMPARISONS:
        raise ConfigurationError(f"there is no comparison '{comparison}'", hint=nearest(comparison, COMPARISONS))
    shift = " ".join(
        f"when '{period.kind}' then {period.months if comparison == 'prev' else 12}"
        for period in PERIODS.values()
        if period.months is not None
    )
    keys = ["metric_id", "variant", "cut", "period_kind", "view", "basis", "model"]
    keys += dimensions or [dimension.column for dimension in DIMENSIONS.values()]
    same = " and ".join(f"now_.{key} is not distinct from then_.{key}" for key in keys)
    change = "now_.value - then_.value"
    return f"""
select
  now_.*,
  then_.period_start as compared_period_start,
  then_.value as compared_value,
  {change} as change,
  {quotient_sql(change, "abs(then_.value)")} as change_rate
from {relation} as now_
left join {relation} as then_
  on {same}
  and cast(then_.period_start + to_months(case then_.period_kind {shift} end) as date) = now_.period_start
"""
