"""Metrics of finance from the demo's raw files: both sides and n, in every cut and every kind of period."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from tests.oracles.demo_documents import Documents, documents_of
from tests.oracles.demo_rows import Row
from tests.oracles.marts_receivables import CUTS, PERIODS, receivable_month, receivable_period

ACCOUNT_CUTS = ("total", "account", "customer_segment", "customer_region")


class Cell(NamedTuple):
    """A number by cut, its members in the order of the cut, and period."""

    cut: str
    members: tuple[str | None, ...]
    period_kind: str
    period_start: date | None


class Sides(NamedTuple):
    """Numerator, denominator (None: the metric is no ratio) and n (None: not compared)."""

    numerator: Decimal
    denominator: Decimal | None = None
    n: int | None = None


Numbers = dict[Cell, Sides]
Cuts = Mapping[str, tuple[str, ...]]
"""Name of a cut → the names under which events carry its members."""


def sums(events: Iterable[Row], on: str, amount: str, cuts: Cuts) -> dict[Cell, Decimal]:
    """Amounts of events by their day, in every cut and kind of period; NULL members are ``unknown``."""
    found: dict[Cell, Decimal] = defaultdict(Decimal)
    for event in events:
        month = event[on].replace(day=1)
        for cut, names in cuts.items():
            members = tuple(event[name] or "unknown" for name in names)
            for kind, start_of in PERIODS.items():
                found[Cell(cut, members, kind, start_of(month))] += event[amount]
    return dict(found)


def ratio(numerator: Mapping[Cell, Decimal], denominator: Mapping[Cell, Decimal]) -> Numbers:
    """Both sides of every cell that has either."""
    zero = Decimal(0)
    return {
        cell: Sides(numerator.get(cell, zero), denominator.get(cell, zero))
        for cell in numerator.keys() | denominator.keys()
    }


class FinanceMetrics:
    """One method per metric and variant."""

    def __init__(self, workspace: Path) -> None:
        self.documents: Documents = documents_of(workspace)

    # ---- receivables -----------------------------------------------------------------------------------------------
    def _closing(self, cuts: Iterable[str], sides: Callable[[Row], Sides | None]) -> Numbers:
        rows = self.documents.once("receivable_period", lambda made: receivable_period(made).to_dict("records"))
        found: Numbers = {}
        for row in (row for row in rows if row["cut"] in set(cuts)):
            start = row["period_start"] if isinstance(row["period_start"], date) else None
            cell = Cell(row["cut"], tuple(row[name] for name in CUTS[row["cut"]]), row["period_kind"], start)
            if (value := sides(row)) is not None:
                found[cell] = value
        return found

    def receivables(self) -> Numbers:
        return self._closing(CUTS, lambda row: Sides(row["open_amount"], None, row["open_account_count"]))

    def advances(self) -> Numbers:
        return self._closing(ACCOUNT_CUTS, lambda row: Sides(row["advance_amount"], None, row["advance_account_count"]))

    def overdue_rate(self) -> Numbers:
        return self._closing(
            ACCOUNT_CUTS,
            lambda row: Sides(row["overdue_amount"], row["open_amount"], row["open_account_count"]),
        )

    def dso(self) -> Numbers:
        return self._closing(ACCOUNT_CUTS, lambda row: Sides(row["open_day_amount"], row["dso_sales"]))

    def dso_countback(self) -> Numbers:
        return self._closing(
            ACCOUNT_CUTS,
            lambda row: (
                None if _empty(row["countback_sales"]) else Sides(row["countback_amount"], row["countback_sales"])
            ),
        )

    def _monthly(self, amount: str) -> dict[Cell, Decimal]:
        rows = receivable_month(self.documents).to_dict("records")
        return sums(rows, "month", amount, {cut: CUTS[cut] for cut in ACCOUNT_CUTS})

    def bad_debt(self) -> Numbers:
        return {cell: Sides(amount) for cell, amount in self._monthly("bad_debt").items()}

    def bad_debt_rate(self) -> Numbers:
        return ratio(self._monthly("bad_debt"), self._monthly("credit_sales"))


def _empty(value: Any) -> bool:
    return value is None or value != value  # noqa: PLR0124 - NaN, as pandas has it
