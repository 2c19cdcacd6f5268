"""Metrics of finance equal an independent computation from the demo's raw files: every cut, every period, to the cent.

Not compared: cells that are 0 on both sides, which either way of computing may list or leave out.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from orchestration.lib.metrics.dimensions import DIMENSIONS
from tests.oracles.exact import rounded
from tests.oracles.metrics_finance import Cell, FinanceMetrics, Sides
from tests.published import Published

pytestmark = pytest.mark.slow

# name in the oracle → metric, variant, basis as published
METRICS = {
    "receivables": ("receivables", "standard", None),
    "advances": ("advances", "standard", None),
    "overdue_rate": ("overdue_rate", "standard", None),
    "dso": ("dso", "standard", None),
    "dso_countback": ("dso", "countback", None),
    "bad_debt": ("bad_debt", "standard", None),
    "bad_debt_rate": ("bad_debt_rate", "standard", None),
    "net_booked": ("net_booked", "standard", "booked"),
    "net_invoiced": ("net_invoiced", "standard", "invoiced"),
    "collected": ("collected", "standard", "collected"),
    "contribution": ("contribution", "standard", "invoiced"),
    "contribution_booked": ("contribution", "booked", "booked"),
    "contribution_collected": ("contribution", "collected", "collected"),
    "unlisted_rate": ("unlisted_rate", "standard", "booked"),
    "aov_median": ("aov", "median", "booked"),
    "marketing_spend_loaded": ("marketing_spend", "loaded", None),
    "cpl_loaded": ("cpl", "loaded", None),
    "cac_loaded": ("cac", "loaded", None),
    "gross_margin_rate": ("gross_margin_rate", "standard", "invoiced"),
    "total_roi": ("total_roi", "standard", "invoiced"),
    "total_roi_booked": ("total_roi", "booked", "booked"),
    "total_roi_collected": ("total_roi", "collected", "collected"),
}

PARTLY = {"gross_margin_rate"}
"""Whose other cuts test_demo_metrics.py compares."""


@pytest.fixture(scope="module")
def oracle(demo_workspace: Path) -> FinanceMetrics:
    return FinanceMetrics(demo_workspace)


@pytest.fixture(scope="module")
def published(demo_workspace: Path) -> Published:
    return Published(demo_workspace)


def cells_of(published: Published, metric: str, variant: str, basis: str | None) -> dict[Cell, tuple[Sides, Decimal]]:
    found: dict[Cell, tuple[Sides, Decimal]] = {}
    for row in published.rows("metric_value"):
        if (row["metric_id"], row["variant"], row["basis"]) == (metric, variant, basis):
            names = [] if row["cut"] == "total" else row["cut"].split("+")
            members = tuple(row[DIMENSIONS[name].column] for name in names)
            cell = Cell(row["cut"], members, row["period_kind"], row["period_start"])
            assert cell not in found, f"{metric} has {cell} twice"
            found[cell] = Sides(row["numerator"], row["denominator"], row["n"]), row["value"]
    return found


@pytest.mark.parametrize("name", METRICS)
def test_metric_equals_the_raw_files(name: str, oracle: FinanceMetrics, published: Published) -> None:
    expected = {cell: sides for cell, sides in getattr(oracle, name)().items() if sides[0] or sides[1]}
    found = cells_of(published, *METRICS[name])
    compared = {cell.cut for cell in expected}
    if name in PARTLY:
        found = {cell: row for cell, row in found.items() if cell.cut in compared}
    wrong = []
    for cell in expected.keys() | {cell for cell, (sides, _) in found.items() if sides[0] or sides[1]}:
        want, (have, value) = expected.get(cell), found.get(cell, (None, None))
        if want is None or have is None or not same(want, have) or value != quotient(want):
            wrong.append((cell, want, have, value))
    assert not wrong, f"{len(wrong)} of {len(expected)} cells differ (cell, expected, published): {wrong[:5]}"
    assert Cell("total", (), "all", None) in expected
    assert {cell.period_kind for cell in expected} == {"month", "quarter", "half_year", "year", "all"}


def same(want: Sides, have: Sides) -> bool:
    return want[:2] == have[:2] and want.n in (None, have.n)


def quotient(sides: Sides) -> Decimal | None:
    """What is published: 8 decimals, and nothing where the denominator is 0."""
    if sides.denominator is None:
        return sides.numerator
    return rounded(Fraction(sides.numerator) / Fraction(sides.denominator), 8) if sides.denominator else None
