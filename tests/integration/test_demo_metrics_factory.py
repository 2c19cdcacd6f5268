"""Metrics of production, delivery and quality equal the demo's raw files: every cut, every period, both sides and n."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from orchestration.lib.metrics import DIMENSIONS
from tests.oracles.demo_orders import OrderDemo
from tests.oracles.factory_periods import Cell, quotient
from tests.oracles.metrics_capacity import CapacityMetrics
from tests.oracles.metrics_factory import FactoryMetrics
from tests.published import Published

pytestmark = pytest.mark.slow

# name in the oracle → metric, variant, basis as published
METRICS: dict[str, tuple[str, str, str | None]] = {
    "delivery_lead_time_median": ("delivery_lead_time", "median", None),
    "delivery_lead_time_p90": ("delivery_lead_time", "p90", None),
    "production_cycle_time_median": ("production_cycle_time", "median", None),
    "production_cycle_time_p90": ("production_cycle_time", "p90", None),
    "production_response_days": ("production_response_days", "standard", None),
    "schedule_adherence": ("schedule_adherence", "standard", None),
    "scrap_rate": ("scrap_rate", "standard", None),
    "first_pass_yield": ("first_pass_yield", "standard", None),
    "first_pass_yield_rolled": ("first_pass_yield", "rolled", None),
    "return_rate": ("return_rate", "cohort", None),
    "return_rate_period": ("return_rate", "period", None),
    "return_rate_by_reason": ("return_rate", "reason", None),
    "repair_rate": ("repair_rate", "standard", None),
    "after_sales_cost_ratio": ("after_sales_cost_ratio", "standard", "invoiced"),
    "quality_cost_ratio": ("quality_cost_ratio", "standard", "invoiced"),
    "quality_cost_ratio_scrap": ("quality_cost_ratio", "scrap", "invoiced"),
    "quality_cost_ratio_rework": ("quality_cost_ratio", "rework", "invoiced"),
    "quality_cost_ratio_return": ("quality_cost_ratio", "return", "invoiced"),
    "quality_cost_ratio_warranty": ("quality_cost_ratio", "warranty", "invoiced"),
    "inventory_days": ("inventory_days", "standard", None),
    "capacity_load_rate": ("capacity_load_rate", "standard", None),
    "capacity_load_rate_booked": ("capacity_load_rate", "booked", None),
    "capacity_utilisation": ("capacity_utilisation", "standard", None),
}
COHORTS = {"return_rate", "return_rate_by_reason", "repair_rate", "after_sales_cost_ratio"}


@cache
def oracles(workspace: Path) -> tuple[FactoryMetrics, CapacityMetrics]:
    demo = OrderDemo(workspace)
    return FactoryMetrics(demo), CapacityMetrics(demo)


@cache
def published(workspace: Path) -> list[dict[str, Any]]:
    return Published(workspace).rows("metric_value")


def cell_of(row: dict[str, Any]) -> Cell:
    names = [] if row["cut"] == "total" else row["cut"].split("+")
    members = tuple(str(row[DIMENSIONS[name].column]) for name in names)
    return Cell(row["cut"], members, row["period_kind"], row["period_start"])


@pytest.mark.parametrize("name", METRICS)
def test_metric_equals_the_raw_files(name: str, demo_workspace: Path) -> None:
    factory, capacity = oracles(demo_workspace)
    told = getattr(capacity if name.startswith("capacity_") else factory, name)
    rows = [
        row for row in published(demo_workspace) if (row["metric_id"], row["variant"], row["basis"]) == METRICS[name]
    ]
    found = {cell_of(row): row for row in rows}
    assert len(found) == len(rows), "a cell is published twice"
    wanted = set(told.top) | set(told.below or {})
    # a cell that is 0 on both sides may be listed or left out
    something = {cell for cell in wanted if told.top.get(cell) or (told.below or {}).get(cell)}
    assert something <= set(found), sorted(map(str, something - set(found)))[:5]
    assert all(row["numerator"] == 0 and not row["denominator"] for cell, row in found.items() if cell not in wanted)
    wrong = {}
    for cell in wanted & set(found):
        row = found[cell]
        top = told.top.get(cell, Decimal(0))
        below = None if told.below is None else told.below.get(cell, Decimal(0))
        value = top if below is None else quotient(top, below)
        expected = (top, below, value)
        if told.n is not None:
            expected += (told.n.get(cell, Decimal(0)),)  # type: ignore[assignment]
        shown = (row["numerator"], row["denominator"], row["value"], row["n"])[: len(expected)]
        if shown != expected:
            wrong[cell] = (expected, shown)
    assert not wrong, f"{len(wrong)} of {len(wanted)} differ (expected, published): {list(wrong.items())[:4]}"
    assert Cell("total", (), "all", None) in wanted
    assert len(wanted) > 50
    assert {row["view"] for row in rows} == {"cohort" if name in COHORTS else "period"}


def test_a_cohort_is_mature_when_its_window_has_passed(demo_workspace: Path) -> None:
    by_month = {
        row["period_start"].isoformat(): row["is_mature"]
        for row in published(demo_workspace)
        if (row["metric_id"], row["variant"], row["cut"], row["period_kind"])
        == ("return_rate", "cohort", "total", "month")
    }
    assert by_month["2024-12-01"] is True  # the last day of 2024 lies 365 days before the last of 2025
    assert by_month["2025-01-01"] is False


def test_reasons_of_a_cell_add_up_to_it(demo_workspace: Path) -> None:
    rows = Published(demo_workspace).rows("return_reason_period")
    parts: dict[Any, Decimal] = {}
    for row in rows:
        if row["return_reason"] is not None:
            cell = (row["product_family"], row["period_kind"], row["period_start"])
            parts[cell] = parts.get(cell, Decimal(0)) + row["units_returned"]
    whole = {
        (row["product_family"], row["period_kind"], row["period_start"]): row["units_returned"]
        for row in rows
        if row["return_reason"] is None
    }
    assert parts == whole
    assert any(whole.values())
