"""What campaigns have earned back, as metrics, equals the demo's raw files."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.oracles.demo_documents import documents_of
from tests.oracles.exact import rounded
from tests.oracles.marts_campaigns import attributed_payback
from tests.published import Published

pytestmark = pytest.mark.slow
Sides = tuple[Decimal, Decimal]


def months(row: dict[str, Any], column: str) -> Sides:
    """Months ÷ 1, or 0 ÷ 0 where the cost is not earned back."""
    value = row[column]
    return (Decimal(0), Decimal(0)) if value is None or pd.isna(value) else (Decimal(int(value)), Decimal(1))


METRICS = {
    ("realised_roi", "standard", "collected"): lambda row: (row["contribution_collected"] - row["cost"], row["cost"]),
    ("payback_months", "attributed", "invoiced"): lambda row: months(row, "payback_months"),
    ("payback_months", "attributed_collected", "collected"): lambda row: months(row, "payback_months_collected"),
}


@pytest.mark.parametrize("metric", METRICS, ids=" ".join)
def test_metric_equals_the_oracle(metric: tuple[str, str, str], demo_workspace: Path) -> None:
    expected = {
        (row["cut"], row["channel_id"] or row["campaign_id"]): METRICS[metric](row)
        for row in attributed_payback(documents_of(demo_workspace)).to_dict("records")
    }
    published = Published(demo_workspace).rows("metric_value")
    rows = [row for row in published if (row["metric_id"], row["variant"], row["basis"]) == metric]
    assert {(row["period_kind"], row["period_start"]) for row in rows} == {("all", None)}
    shown = {(row["cut"], row["channel_id"] or row["campaign_id"]): row for row in rows}
    assert {
        at: (row["numerator"], row["denominator"])
        for at, row in shown.items()
        if any((row["numerator"], row["denominator"]))
    } == {at: sides for at, sides in expected.items() if any(sides)}
    for at, row in shown.items():
        top, below = expected[at]
        assert row["value"] == (rounded(Fraction(top) / Fraction(below), 8) if below else None), at
    # the orders behind are those of the ROI that is not realised, which has an oracle of its own
    behind = {
        (row["cut"], row["channel_id"] or row["campaign_id"]): row["n"]
        for row in published
        if (row["metric_id"], row["variant"], row["basis"], row["period_kind"])
        == ("channel_roi", "standard", "invoiced", "all")
    }
    assert {at: row["n"] or 0 for at, row in shown.items()} == {at: behind.get(at) or 0 for at in shown}
