"""Sell-through and months of stock of distributors, from the demo's raw files, at every cut and period."""

from __future__ import annotations

from decimal import Decimal

from tests.oracles.demo_facts import AS_OF
from tests.oracles.demo_orders import OrderDemo
from tests.oracles.demo_rows import Row, erp
from tests.oracles.exact import total
from tests.oracles.marts_distributor_stock import distributor_stock_month, distributor_stock_period
from tests.oracles.metric_cells import Key, Sides, cells

COLUMN = {"distributor": "distributor_id", "product": "product_id", "product_family": "product_family"}


def sell_through_rate(demo: OrderDemo) -> dict[Key, Sides]:
    """Of the months that are reported without a gap."""
    files = demo.facts.files.products()
    family = {erp(number): name for number, name in zip(files["产品编码"], files["系列"], strict=True)}
    rows = [
        {**row, "product_family": family[row["product_id"]]}
        for row in distributor_stock_month(demo).to_dict("records")
        if row["is_covered"] and row["month"] <= AS_OF
    ]

    def aggregate(group: list[Row]) -> Sides:
        return Sides(
            total(row["sell_out_quantity"] for row in group),
            total(row["sell_in_quantity"] for row in group),
            sum(row["sell_in_quantity"] != 0 or row["sell_out_quantity"] != 0 for row in group),
        )

    return cells(rows, "month", [[name] for name in COLUMN], COLUMN, aggregate)


def distributor_stock_months(demo: OrderDemo) -> dict[Key, Sides]:
    """Three times the stock ÷ what was sold on in three months."""
    return {
        Key(
            row["cut"],
            () if row["cut"] == "total" else (row[COLUMN[row["cut"]]],),
            row["period_kind"],
            row["period_start"],
        ): Sides(Decimal(row["three_times_stock"]), Decimal(row["sell_out_3m_quantity"]), row["cells"])
        for row in distributor_stock_period(demo).to_dict("records")
    }
