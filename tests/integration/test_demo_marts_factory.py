"""Every row and column of the marts of orders, delivery, factory and service equals what the demo's raw files say."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

from tests.oracles import (
    marts_affinity,
    marts_capacity,
    marts_delivery,
    marts_distributor_stock,
    marts_factory,
    marts_orders,
)
from tests.oracles.compare import assert_mart, published_mart
from tests.oracles.demo_orders import OrderDemo
from tests.oracles.raw_factory import ROW_SET_HASH

pytestmark = pytest.mark.slow

# mart → its oracle and the columns that tell its rows apart
MARTS: dict[str, tuple[Callable[[OrderDemo], pd.DataFrame], list[str]]] = {
    "dim_product": (marts_factory.dim_product, ["product_id"]),
    "order_facts": (marts_orders.order_facts, ["order_id"]),
    "product_affinity": (marts_affinity.product_affinity, ["affinity_id"]),
    "product_affinity_triple": (marts_affinity.product_affinity_triple, ["affinity_id"]),
    "order_line_facts": (marts_orders.order_line_facts, ["order_line_id"]),
    "order_line_delivery": (marts_delivery.order_line_delivery, ["order_line_id"]),
    "shipment_facts": (marts_delivery.shipment_facts, ["shipment_id"]),
    "shipment_line_facts": (marts_delivery.shipment_line_facts, ["shipment_line_id"]),
    "production_order_facts": (marts_factory.production_order_facts, ["production_order_id"]),
    "inspection_facts": (marts_factory.inspection_facts, ["inspection_id"]),
    "lot_facts": (marts_factory.lot_facts, ["lot_id"]),
    "return_facts": (marts_delivery.return_facts, ["return_id"]),
    "ticket_facts": (marts_delivery.ticket_facts, ["ticket_id"]),
    "inventory_facts": (marts_factory.inventory_facts, ["inventory_snapshot_id"]),
    "capacity_facts": (marts_factory.capacity_facts, ["capacity_id"]),
    "work_centre_month": (marts_capacity.work_centre_month, ["work_centre", "month"]),
    "work_centre_demand_month": (
        marts_capacity.work_centre_demand_month,
        ["work_centre", "product_family", "hours_gap", "month"],
    ),
    "distributor_stock_month": (
        marts_distributor_stock.distributor_stock_month,
        ["distributor_id", "product_id", "month"],
    ),
    "distributor_stock_period": (
        marts_distributor_stock.distributor_stock_period,
        ["cut", "period_kind", "period_start", "distributor_id", "product_id", "product_family"],
    ),
}
FROM_A_DATABASE = ("production_order_facts", "inspection_facts", "lot_facts", "return_facts", "ticket_facts")
NOT_COMPARED = {mart: {"source_sha256": ROW_SET_HASH} for mart in FROM_A_DATABASE}


@cache
def order_demo(workspace: Path) -> OrderDemo:
    return OrderDemo(workspace)


@pytest.mark.parametrize("mart", MARTS)
def test_mart_equals_the_raw_files(mart: str, demo_workspace: Path) -> None:
    oracle, keys = MARTS[mart]
    assert_mart(demo_workspace, mart, oracle(order_demo(demo_workspace)), keys, NOT_COMPARED.get(mart))


def test_rows_of_one_database_table_have_one_hash(demo_workspace: Path) -> None:
    hashes: dict[str, set[str]] = {}
    for mart in FROM_A_DATABASE:
        for row in published_mart(demo_workspace, mart).to_pylist():
            hashes.setdefault(row["source_object"], set()).add(row["source_sha256"])
    assert set(hashes) == {"production_orders", "inspections", "returns", "service_tickets"}
    assert all(len(found) == 1 and len(found.pop()) == 64 for found in hashes.values())
