"""Intervals beside values: how far off a proportion of few may be."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from orchestration.lib.workspace import DBT_PROJECT_DIR

PLACES: Final = "decimal(28, 8)"
WILSON_SQL_FILE: Final = DBT_PROJECT_DIR / "macros" / "metrics" / "wilson.sql"


def wilson_sql(numerator: str, denominator: str) -> tuple[str, str]:
    """Lower and upper end of the 95 % score interval of a proportion of counts, 0-1; NULL of what is no proportion.

    The formula stands once, in the macro that the marts use.
    """
    low, high = (getattr(_macros(), f"wilson_{end}")(numerator, denominator) for end in ("low", "high"))
    return f"cast({low} as {PLACES})", f"cast({high} as {PLACES})"


@lru_cache(maxsize=1)
def _macros() -> Any:
    """The SQL macros as Python functions; dbt's own Jinja is the same template language."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(undefined=StrictUndefined, autoescape=False)
    return environment.from_string(WILSON_SQL_FILE.read_text(encoding="utf-8")).module
