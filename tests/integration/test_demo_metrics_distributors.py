"""Sell-in and sell-out of distributors: metrics equal the demo's raw files, and the stock that follows is what the
distributors themselves report."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from orchestration.lib.metrics.dimensions import DIMENSIONS
from tests.oracles.compare import published_mart
from tests.oracles.demo_orders import OrderDemo
from tests.oracles.demo_rows import erp
from tests.oracles.exact import rounded, total
from tests.oracles.marts_customers import period_after
from tests.oracles.marts_delivery import return_facts, shipment_line_facts
from tests.oracles.marts_distributor_stock import own_orders
from tests.oracles.metric_cells import Key, Sides
from tests.oracles.metrics_distributors import distributor_stock_months, sell_through_rate

pytestmark = pytest.mark.slow

METRICS: dict[str, Callable[[OrderDemo], dict[Key, Sides]]] = {
    "sell_through_rate": sell_through_rate,
    "distributor_stock_months": distributor_stock_months,
}


@pytest.fixture(scope="module")
def demo(demo_workspace: Path) -> OrderDemo:
    return OrderDemo(demo_workspace)


@pytest.mark.parametrize("metric", METRICS)
def test_metric_equals_the_raw_files(metric: str, demo: OrderDemo, demo_workspace: Path) -> None:
    found = {}
    for row in published_mart(demo_workspace, "metric_value").to_pylist():
        if row["metric_id"] == metric and (row["numerator"] or row["denominator"]):
            names = [] if row["cut"] == "total" else row["cut"].split("+")
            members = tuple(row[DIMENSIONS[name].column] for name in names)
            found[Key(row["cut"], members, row["period_kind"], row["period_start"])] = (
                row["numerator"], row["denominator"], row["value"], row["n"],
            )  # fmt: skip
    expected = {key: shown(sides) for key, sides in METRICS[metric](demo).items() if sides.top or sides.below}
    wrong = [key for key in expected.keys() | found.keys() if expected.get(key) != found.get(key)]
    assert not wrong, f"{len(wrong)} cells differ: {[(key, expected.get(key), found.get(key)) for key in wrong[:5]]}"
    assert {key.cut for key in expected} == {"total", "distributor", "product", "product_family"}
    assert {key.period_kind for key in expected} == {"month", "quarter", "half_year", "year", "all"}


def shown(sides: Sides) -> tuple[Any, ...]:
    assert sides.below is not None
    value = rounded(Fraction(sides.top) / Fraction(sides.below), 8) if sides.below else None
    return rounded(sides.top, 9), rounded(sides.below, 9), value, sides.n


def test_the_stock_is_what_distributors_report(demo: OrderDemo, demo_workspace: Path) -> None:
    """Their reports count what has left us and orders of ours that do not count, and know of no returns; the rest is
    the same, product by product and month by month."""
    buyer = own_orders(demo)
    sent, back = defaultdict(list), defaultdict(list)
    for facts, found in ((shipment_line_facts(demo), sent), (return_facts(demo), back)):
        for row in facts.to_dict("records"):
            if row["order_id"] in buyer:
                found[buyer[row["order_id"]], row["product_id"]].append(row)
    ours = {
        (row["distributor_id"], row["product_id"], row["month"]): row["stock_change_quantity"]
        for row in published_mart(demo_workspace, "distributor_stock_month").to_pylist()
    }
    for report in demo.rows.reports:
        of, month = (erp(report["经销商编码"]), erp(report["产品编码"])), report["月份"]
        end = period_after(month, "month")
        not_counted = total(
            row["quantity"]
            for row in sent[of]
            if row["shipped_on"] < end and (row["is_excluded"] or not row["delivered_on"] or row["delivered_on"] >= end)
        )
        returned = total(row["quantity"] for row in back[of] if row["returned_on"] < end and not row["is_excluded"])
        assert ours[*of, month] + not_counted + returned == Decimal(report["期末库存"]), (of, month)
    assert len(demo.rows.reports) > 1000
