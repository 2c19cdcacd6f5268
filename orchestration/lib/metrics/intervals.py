"""Intervals beside values: how far off a proportion of few may be."""

from __future__ import annotations

_Z = "1.959963984540054"  # of 95 %, two-sided
PLACES = "decimal(28, 8)"


def wilson_sql(numerator: str, denominator: str) -> tuple[str, str]:
    """Lower and upper end of the 95 % score interval of a proportion of counts, 0-1; NULL without a denominator.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927). In binary
    floating point: it is an estimate, not money.
    """
    n = f"nullif(cast({denominator} as double), 0)"
    p = f"(cast({numerator} as double) / {n})"
    scale = f"(1 + {_Z} * {_Z} / {n})"
    centre = f"(({p} + {_Z} * {_Z} / (2 * {n})) / {scale})"
    # what is no proportion (more hits than cases) has no interval, and must not stop the run
    inside = f"greatest({p} * (1 - {p}) / {n} + {_Z} * {_Z} / (4 * {n} * {n}), 0)"
    half = f"({_Z} * sqrt({inside}) / {scale})"
    valid = f"{p} between 0 and 1"
    return (
        f"cast(case when {valid} then greatest({centre} - {half}, 0) end as {PLACES})",
        f"cast(case when {valid} then least({centre} + {half}, 1) end as {PLACES})",
    )
