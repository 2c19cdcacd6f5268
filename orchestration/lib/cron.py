"""Checking a cron line without importing a scheduler."""

from __future__ import annotations

import re

_CRON_RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_NAMES: tuple[dict[str, str], ...] = (
    {},
    {},
    {},
    {name: str(number) for number, name in enumerate(_MONTHS, 1)},
    {name: str(number) for number, name in enumerate(_WEEKDAYS)},
)


def cron_fault(line: str) -> str | None:
    """What is wrong with a five-field cron line, or None.

    >>> cron_fault("0 25 * * *")
    "'25' is not between 0 and 23"
    """
    fields = line.split()
    if len(fields) != len(_CRON_RANGES):
        return f"it has {len(fields)} fields, not {len(_CRON_RANGES)}"
    for field, (low, high), names in zip(fields, _CRON_RANGES, _NAMES, strict=True):
        if not all(_is_part(part, low, high, names) for part in field.split(",")):
            return f"'{field}' is not between {low} and {high}"
    return None


def _is_part(part: str, low: int, high: int, names: dict[str, str]) -> bool:
    match = re.fullmatch(r"(\*|\w+(?:-\w+)?)(?:/([1-9][0-9]*))?", part)
    if match is None:
        return False
    span = match.group(1)
    if span == "*":
        return True
    ends = [names.get(end.lower(), end) for end in span.split("-")]
    if not all(end.isdigit() and low <= int(end) <= high for end in ends):
        return False
    return int(ends[0]) <= int(ends[-1])
