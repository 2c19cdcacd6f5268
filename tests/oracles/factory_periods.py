"""Cells of metrics and period tables: every cut, every period kind, from events of the demo's raw files."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from tests.oracles.demo_orders import AS_OF
from tests.oracles.exact import rounded, total

KINDS = {"month": 1, "quarter": 3, "half_year": 6, "year": 12, "all": None}
Cut = tuple[str, ...]
"""Dimensions; none for the total."""


class Event(NamedTuple):
    """Something that counts: on a day, for the members of some dimensions, with a quantity."""

    on: date | None
    members: dict[str, str | None]
    amount: Any


class Cell(NamedTuple):
    """A place of a number: cut, its members in the order of the cut, kind of period, its first day."""

    cut: str
    members: tuple[str, ...]
    kind: str
    start: date | None


def start_of(day: date, kind: str) -> date | None:
    """First day of the calendar period; None for all time."""
    months = KINDS[kind]
    return None if months is None else date(day.year, (day.month - 1) // months * months + 1, 1)


def cells(events: Iterable[Event], cuts: Sequence[Cut]) -> dict[Cell, list[Any]]:
    """What falls into each cell by the day up to which everything is reported."""
    found: dict[Cell, list[Any]] = defaultdict(list)
    for event in events:
        if event.on is None or event.on > AS_OF or event.amount is None:
            continue
        for cut in ((), *cuts):
            members = tuple(event.members[name] or "unknown" for name in cut)
            for kind in KINDS:
                found[Cell("+".join(cut) or "total", members, kind, start_of(event.on, kind))].append(event.amount)
    return dict(found)


def sums(events: Iterable[Event], cuts: Sequence[Cut]) -> dict[Cell, Decimal]:
    """The sum of each cell."""
    return {cell: total(amounts) for cell, amounts in cells(events, cuts).items()}


def each(
    events: Iterable[Event], cuts: Sequence[Cut], statistic: Callable[[list[Any]], Decimal]
) -> dict[Cell, Decimal]:
    """A statistic of each cell."""
    return {cell: statistic(amounts) for cell, amounts in cells(events, cuts).items()}


def median(amounts: list[Any]) -> Decimal:
    """The middle one, or half of the two in the middle."""
    ordered = sorted(amounts)
    middle = len(ordered) // 2
    return Decimal(ordered[middle]) if len(ordered) % 2 else Decimal(ordered[middle - 1] + ordered[middle]) / 2


def p90(amounts: list[Any]) -> Decimal:
    """The smallest that nine tenths of all do not exceed."""
    ordered = sorted(amounts)
    return Decimal(ordered[math.ceil(Fraction(9, 10) * len(ordered)) - 1])


def quotient(top: Decimal, below: Decimal) -> Decimal | None:
    """To 8 decimals; None where there is nothing to divide by."""
    return rounded(Fraction(top) / Fraction(below), 8) if below else None
