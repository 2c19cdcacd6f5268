"""Cells of a metric from rows: every cut and every period of a calendar year, both sides and n, exactly."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from tests.oracles.demo_rows import Row

UNKNOWN = "unknown"


class Sides(NamedTuple):
    """Numerator, denominator (None: the metric is no ratio) and n."""

    top: Decimal | Fraction
    below: Decimal | Fraction | None
    n: int | None


class Key(NamedTuple):
    """A cell: the cut, its members in the order of the cut, the kind of period and its first day."""

    cut: str
    members: tuple[str, ...]
    period_kind: str
    period_start: date | None


Aggregate = Callable[[list[Row]], Sides | None]


def periods(on: date) -> Iterable[tuple[str, date | None]]:
    """The month, quarter, half-year and year that a day lies in, and all time."""
    yield "month", on.replace(day=1)
    yield "quarter", date(on.year, on.month - (on.month - 1) % 3, 1)
    yield "half_year", date(on.year, on.month - (on.month - 1) % 6, 1)
    yield "year", date(on.year, 1, 1)
    yield "all", None


def cells(
    rows: Iterable[Row], day: str, cuts: Sequence[Sequence[str]], columns: Mapping[str, str], aggregate: Aggregate
) -> dict[Key, Sides]:
    """What ``aggregate`` makes of the rows of each cell.

    Args:
        day: the column of the business date; rows without one belong to no period and to none at all.
        columns: dimension → column of the rows; nothing in it is ``unknown``.
    """
    groups: dict[Key, list[Row]] = defaultdict(list)
    for row in rows:
        if row[day] is None:
            continue
        for cut in ((), *cuts):
            members = tuple(row[columns[name]] or UNKNOWN for name in cut)
            for kind, start in periods(row[day]):
                groups[Key("+".join(cut) or "total", members, kind, start)].append(row)
    found = {key: aggregate(group) for key, group in groups.items()}
    return {key: sides for key, sides in found.items() if sides is not None}


def share(is_hit: Callable[[Row], bool], counts: Callable[[Row], bool] = lambda row: True) -> Aggregate:
    """Hits ÷ cases, both counts."""

    def aggregate(rows: list[Row]) -> Sides | None:
        cases = [row for row in rows if counts(row)]
        if not cases:
            return None
        return Sides(Decimal(sum(is_hit(row) for row in cases)), Decimal(len(cases)), len(cases))

    return aggregate


def mean(column: str) -> Aggregate:
    """The sum of a column ÷ rows."""

    def aggregate(rows: list[Row]) -> Sides | None:
        return Sides(sum((row[column] for row in rows), Decimal(0)), Decimal(len(rows)), len(rows))

    return aggregate


def quantile(column: str, part: Fraction) -> Aggregate:
    """The quantile of what is known of a column, between two neighbours in proportion (as Excel's PERCENTILE.INC)."""

    def aggregate(rows: list[Row]) -> Sides | None:
        known = sorted(row[column] for row in rows if row[column] is not None)
        if not known:
            return None
        place = part * (len(known) - 1)
        lower = int(place)
        upper = min(lower + 1, len(known) - 1)
        value = known[lower] + (place - lower) * (known[upper] - known[lower])
        return Sides(Fraction(value), None, len(known))

    return aggregate
