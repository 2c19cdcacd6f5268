"""Each metric of the funnel equals the raw files of the demo: every cut and period, both sides, n, value."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from scipy.stats import binomtest

from orchestration.lib.metrics.dimensions import DIMENSIONS
from tests.oracles.compare import published_mart
from tests.oracles.demo import demo_of
from tests.oracles.exact import rounded
from tests.oracles.marts_scorecard_sales import wilson
from tests.oracles.metric_cells import Key, Sides
from tests.oracles.metrics_funnel import METRICS

pytestmark = pytest.mark.slow

Rows = dict[tuple[str, str, str | None], dict[Key, dict[str, Any]]]


@pytest.fixture(scope="module")
def published(demo_workspace: Path) -> Rows:
    found: Rows = defaultdict(dict)
    for row in published_mart(demo_workspace, "metric_value").to_pylist():
        names = [] if row["cut"] == "total" else row["cut"].split("+")
        members = tuple(row[DIMENSIONS[name].column] for name in names)
        key = Key(row["cut"], members, row["period_kind"], row["period_start"])
        metric = (row["metric_id"], row["variant"], row["basis"])
        assert key not in found[metric], f"{metric} has {key} twice"
        found[metric][key] = row
    return found


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: "-".join(filter(None, metric)))
def test_metric_equals_the_raw_files(
    metric: tuple[str, str, str | None], demo_workspace: Path, published: Rows
) -> None:
    expected = {key: _shown(sides) for key, sides in METRICS[metric](demo_of(demo_workspace)).items()}
    found = {
        key: (row["numerator"], row["denominator"], row["value"], row["n"]) for key, row in published[metric].items()
    }
    wrong = {
        key: (expected.get(key), found.get(key))
        for key in expected.keys() | found.keys()
        if expected.get(key) != found.get(key)
    }
    assert not wrong, f"{len(wrong)} of {len(expected)} cells differ (expected, published): {list(wrong.items())[:5]}"
    assert len({(key.cut, key.period_kind) for key in expected}) > 1


def _shown(sides: Sides) -> tuple[Decimal, Decimal | None, Decimal | None, int | None]:
    if sides.below is None:
        return rounded(sides.top, 9), None, rounded(sides.top, 8), sides.n
    value = rounded(Fraction(sides.top) / Fraction(sides.below), 8) if sides.below else None
    return rounded(sides.top, 9), rounded(sides.below, 9), value, sides.n


def test_intervals_are_wilsons(published: Rows) -> None:
    """Of every metric that has one, each cell's interval by the formula in decimals (scipy's is a third way)."""
    looked_at = 0
    for (metric, variant, _), rows in published.items():
        if metric not in {"stage_conversion_rate", "salesperson_stage_conversion", "customer_conversion_rate"}:
            continue
        for key, row in rows.items():
            if row["value_low"] is None or row["period_kind"] != "all":
                continue
            low, high = wilson(int(row["numerator"]), int(row["denominator"]))
            assert (row["value_low"], row["value_high"]) == (low, high), (metric, variant, key)
            looked_at += 1
    assert looked_at > 200
    other = binomtest(90, 308).proportion_ci(method="wilson")
    assert [round(float(end), 7) for end in wilson(90, 308) if end is not None] == [round(e, 7) for e in other]
