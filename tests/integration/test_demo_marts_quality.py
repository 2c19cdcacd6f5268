"""Every row and column of the marts of quality, lots, demand and response equals what the demo's raw files say."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

from tests.oracles import marts_quality, marts_supply, metrics_factory
from tests.oracles.compare import assert_mart
from tests.oracles.demo_orders import OrderDemo
from tests.oracles.raw_factory import ROW_SET_HASH

pytestmark = pytest.mark.slow

PERIOD = ["cut", "period_kind", "period_start", "product_family"]
# mart → its oracle and the columns that tell its rows apart
MARTS: dict[str, tuple[Callable[[OrderDemo], pd.DataFrame], list[str]]] = {
    "shipped_line_quality": (marts_quality.shipped_line_quality, ["order_line_id"]),
    "quality_cost": (marts_quality.quality_cost, ["quality_cost_id"]),
    "lot_customer": (marts_quality.lot_customer, ["lot_customer_id"]),
    "lot_origin": (marts_quality.lot_origin, ["ticket_id"]),
    "quality_cohort": (marts_supply.quality_cohort, ["product_family", "order_month", "months_since_shipped"]),
    "supply_demand_month": (marts_supply.supply_demand_month, ["product_family", "month"]),
    "rolled_yield_period": (metrics_factory.rolled_yield_period, [*PERIOD, "product_id"]),
    "return_reason_period": (metrics_factory.return_reason_period, [*PERIOD, "return_reason"]),
    "inventory_period": (metrics_factory.inventory_period, PERIOD),
}
NOT_COMPARED = {mart: {"source_sha256": ROW_SET_HASH} for mart in ("quality_cost", "lot_origin")}


@cache
def order_demo(workspace: Path) -> OrderDemo:
    return OrderDemo(workspace)


@pytest.mark.parametrize("mart", MARTS)
def test_mart_equals_the_raw_files(mart: str, demo_workspace: Path) -> None:
    oracle, keys = MARTS[mart]
    assert_mart(demo_workspace, mart, oracle(order_demo(demo_workspace)), keys, NOT_COMPARED.get(mart))
