"""Metrics of customers, distributors and product combinations equal the demo's raw files: every cut, every period, both
sides, the count behind and whether the window has passed.

Not compared: cells that are 0 on both sides, which either way of computing may list or leave out.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from tests.oracles.demo_facts import AS_OF
from tests.oracles.exact import rounded
from tests.oracles.marts_customers import period_after
from tests.oracles.metrics_customers import COLUMN, At, CustomerMetrics, Sides
from tests.published import Published

pytestmark = pytest.mark.slow

# name in the oracle, with its argument → metric, variant, basis as published, days until a cohort is mature
METRICS: dict[str, tuple[str, str, str | None, int]] = {
    "repeat_purchase_rate": ("repeat_purchase_rate", "standard", None, 365),
    "retention_rate": ("retention_rate", "customers", None, 0),
    "retention_rate_gross_revenue": ("retention_rate", "gross_revenue", "booked", 0),
    "retention_rate_net_revenue": ("retention_rate", "net_revenue", "booked", 0),
    "ltv_historic 12": ("ltv_historic", "12m", "invoiced", 365),
    "ltv_historic 24": ("ltv_historic", "24m", "invoiced", 730),
    "ltv_historic 36": ("ltv_historic", "36m", "invoiced", 1095),
    "ltv_cac_ratio 12": ("ltv_cac_ratio", "12m", "invoiced", 365),
    "ltv_cac_ratio 24": ("ltv_cac_ratio", "24m", "invoiced", 730),
    "ltv_cac_ratio 36": ("ltv_cac_ratio", "36m", "invoiced", 1095),
    "payback_months payback_months": ("payback_months", "standard", "invoiced", 0),
    "payback_months payback_months_collected": ("payback_months", "collected", "collected", 0),
    "payback_shortfall shortfall": ("payback_shortfall", "standard", "invoiced", 0),
    "distributor_share net_invoiced": ("distributor_contribution", "net_revenue", "invoiced", 0),
    "distributor_share contribution": ("distributor_contribution", "contribution", "invoiced", 0),
    "distributor_share collected": ("distributor_contribution", "collected", "collected", 0),
    "distributor_stability variation_coefficient": ("distributor_stability", "variation_coefficient", "invoiced", 0),
    "distributor_stability monthly_trend": ("distributor_stability", "trend", "invoiced", 0),
    "distributor_stability concentration_index": ("distributor_stability", "concentration", "invoiced", 0),
    "distributor_active_months": ("distributor_stability", "active_months", "booked", 0),
    "ltv_predicted": ("ltv_predicted", "standard", "invoiced", 0),
    "payback_shortfall shortfall_collected": ("payback_shortfall", "collected", "collected", 0),
}


@pytest.fixture(scope="module")
def oracle(demo_workspace: Path) -> CustomerMetrics:
    return CustomerMetrics(demo_workspace)


@pytest.fixture(scope="module")
def values(demo_workspace: Path) -> dict[tuple[str, str, str | None], dict[At, dict[str, Any]]]:
    found: dict[tuple[str, str, str | None], dict[At, dict[str, Any]]] = {}
    for row in Published(demo_workspace).rows("metric_value"):
        if "+" in row["cut"] or row["cut"] not in {"total", *COLUMN}:
            continue
        member = None if row["cut"] == "total" else row[COLUMN[row["cut"]]]
        at = At(row["cut"], member, row["period_kind"], row["period_start"])
        metric = found.setdefault((row["metric_id"], row["variant"], row["basis"]), {})
        assert at not in metric, f"{row['metric_id']} has {at} twice"
        metric[at] = row
    return found


def is_mature(at: At, days: int) -> bool:
    last = AS_OF if at.start is None else period_after(at.start, at.kind) - timedelta(days=1)
    return last + timedelta(days=days) <= AS_OF


@pytest.mark.parametrize("name", METRICS)
def test_metric_equals_the_oracle(
    name: str, oracle: CustomerMetrics, values: dict[tuple[str, str, str | None], dict[At, dict[str, Any]]]
) -> None:
    metric, variant, basis, days = METRICS[name]
    asked, _, argument = name.partition(" ")
    found = getattr(oracle, asked)
    if argument:
        found = found(int(argument) if argument.isdigit() else argument)
    expected = {at: nine(sides) for at, sides in found.items() if sides.numerator or sides.denominator}
    rows = {at: row for at, row in values[metric, variant, basis].items() if row["numerator"] or row["denominator"]}
    shown = {at: Sides(row["numerator"], row["denominator"], row["n"] or 0) for at, row in rows.items()}
    wrong = {at: (expected.get(at), shown.get(at)) for at in expected | shown if expected.get(at) != shown.get(at)}
    assert not wrong, f"{len(wrong)} of {len(expected)} cells differ (expected, published): {list(wrong.items())[:5]}"
    assert len(expected) > 20
    assert {at: row["value"] for at, row in rows.items()} == {at: quotient(sides) for at, sides in expected.items()}
    assert {at: row["is_mature"] for at, row in rows.items()} == {at: is_mature(at, days) for at in expected}


def nine(sides: Sides) -> Sides:
    """As metric_value holds it."""
    below = None if sides.denominator is None else rounded(sides.denominator, 9)
    return Sides(rounded(sides.numerator, 9), below, sides.n)


def quotient(sides: Sides) -> Decimal | None:
    """What is published: 8 decimals, nothing where the denominator is 0; a metric without one is its numerator."""
    if sides.denominator is None:
        return rounded(sides.numerator, 8)
    return rounded(Fraction(sides.numerator) / Fraction(sides.denominator), 8) if sides.denominator else None
