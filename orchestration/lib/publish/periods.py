"""Periods of metric_value: their names, bounds, neighbours and what a user may type for them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from orchestration.lib.errors import ConfigurationError

MONTHS = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
KINDS = (*MONTHS, "all")
_TYPED = re.compile(r"^(\d{4})(?:-(?:(\d{1,2})|[Qq]([1-4])|[Hh]([12])))?(?:-(\d{1,2}))?$")


def add_months(day: date, months: int) -> date:
    """The first day of the month ``months`` away."""
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


@dataclass(frozen=True)
class Calendar:
    """The company's fiscal calendar; a fiscal year is named after the calendar year it starts in."""

    start_month: int = 1

    def label(self, kind: str, start: date | None) -> str:
        """How a period is shown: 2024-05, 2024-Q2, 2024-H1, 2024."""
        if kind == "all" or start is None:
            return "all"
        if kind == "month":
            return f"{start:%Y-%m}"
        offset = (start.month - self.start_month) % 12
        year = start.year if start.month >= self.start_month else start.year - 1
        if kind == "year":
            return str(year)
        return f"{year}-{'Q' if kind == 'quarter' else 'H'}{offset // MONTHS[kind] + 1}"

    def parse(self, kind: str, text: str) -> date:
        """First day of the period a user typed: ``2024-05``, ``2024-Q2``, ``2024-H1``, ``2024``.

        Raises:
            ConfigurationError: it is not a period of that kind.
        """
        examples = {"month": "2024-05", "quarter": "2024-Q2", "half_year": "2024-H1", "year": "2024"}
        found = _TYPED.match(text.strip())
        if kind not in MONTHS or not found:
            raise ConfigurationError(
                f"'{text}' is not a {kind.replace('_', '-')}", hint=f"write it like {kind}={examples.get(kind, '')}"
            )
        year, month, quarter, half, _ = found.groups()
        number = {"month": month, "quarter": quarter, "half_year": half, "year": "1"}[kind]
        if number is None or (kind == "month" and not 1 <= int(number) <= 12) or (kind == "year" and found.group(2)):
            raise ConfigurationError(
                f"'{text}' is not a {kind.replace('_', '-')}", hint=f"write it like {kind}={examples[kind]}"
            )
        if kind == "month":
            return date(int(year), int(number), 1)
        return add_months(date(int(year), self.start_month, 1), (int(number) - 1) * MONTHS[kind])


def end_of(kind: str, start: date) -> date:
    """First day after the period."""
    return add_months(start, MONTHS[kind])
