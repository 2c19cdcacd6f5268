"""Demand and response, and cohorts of after-sales cost, worked out from the demo's raw files."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pandas as pd

from tests.oracles.demo_orders import AS_OF, OrderDemo, on
from tests.oracles.demo_rows import Row, erp, frame
from tests.oracles.exact import rounded, shares, total
from tests.oracles.marts_quality import shipped_line_rows

Key = tuple[str, date]
FLOWS = ("booked_quantity", "promised_quantity", "produced_quantity", "shipped_quantity")


def _number(day: date) -> int:
    return day.year * 12 + day.month - 1


def _month(number: int) -> date:
    return date(number // 12, number % 12 + 1, 1)


def _families(demo: OrderDemo) -> dict[str | None, str]:
    return {row["产品编码"]: row["系列"] for row in demo.raw.table("products")}


def supply_demand_month(demo: OrderDemo) -> pd.DataFrame:
    """Every family of the demo sells from the first month of its stock counts on, or earlier."""
    family = _families(demo)
    flows: dict[str, dict[Key, Decimal]] = {name: defaultdict(Decimal) for name in FLOWS}
    waited: dict[Key, list[int]] = defaultdict(list)

    def add(flow: str, product: str | None, day: date | None, quantity: Decimal) -> None:
        if day is not None and day <= AS_OF.replace(day=31):
            flows[flow][family[product], day.replace(day=1)] += quantity

    for line in demo.lines.values():
        if demo.orders[line["单号"]]["reason"] is None:
            add("booked_quantity", line["产品编码"], demo.orders[line["单号"]]["ordered_on"], line["数量"])
            add("promised_quantity", line["产品编码"], line["承诺交期"], line["数量"])
    for row in demo.production.values():
        if row["finished_at"] is not None:
            add("produced_quantity", row["product"], on(row["finished_at"]), row["qty_finished"])
        ordered = demo.lines.get(f"{row['order_no']}-{row['line_no']}")
        if ordered is not None and row["started_at"] is not None:
            started = row["started_at"].date()
            confirmed = demo.orders[ordered["单号"]]["confirmed"].date()
            waited[family[row["product"]], started.replace(day=1)].append((started - confirmed).days)
    for row in demo.shipped:
        if not demo.whose(row["order"])["is_excluded"]:
            add("shipped_quantity", row["product"], row["shipped_on"], row["数量"])
    counted: dict[Key, dict[Any, Row]] = defaultdict(dict)
    for row in demo.raw.table("stock"):  # one count a month and place
        if row["库存类型"] == "fg":
            key = (family[row["产品编码"]], row["盘点日"].replace(day=1))
            assert (row["产品编码"], row["仓库"]) not in counted[key]
            counted[key][row["产品编码"], row["仓库"]] = row
    first: dict[str, date] = {}
    for name, month in [*counted, *waited, *(key for flow in flows.values() for key in flow)]:
        first[name] = min(month, first.get(name, month))
    rows = []
    for name, begin in first.items():
        for number in range(_number(begin), _number(AS_OF) + 1):
            key = (name, _month(number))
            stock = counted.get(key)
            units = total(row["数量"] for row in stock.values()) if stock else None
            recent = [_month(number - back) for back in range(3)]
            left = total(flows["shipped_quantity"].get((name, month), Decimal(0)) for month in recent)
            length = (_month(number + 1) - _month(number - 2)).days
            covers = units is not None and left and number - _number(begin) >= 2
            rows.append(
                {
                    "product_family": name,
                    "month": key[1],
                    **{flow: found.get(key, Decimal(0)) for flow, found in flows.items()},
                    "stock_quantity": units,
                    "stock_value": total(row["金额"] for row in stock.values()) if stock else None,
                    "days_of_cover": rounded(Fraction(units or 0) * length / Fraction(left)) if covers else None,
                    "response_count": len(waited[key]),
                    "mean_response_days": rounded(Fraction(sum(waited[key]), len(waited[key])))
                    if waited[key]
                    else None,
                }
            )
    return frame(rows)


def quality_cohort(demo: OrderDemo) -> pd.DataFrame:
    """By family, month of order and months since the first shipment of the line."""
    family = _families(demo)
    cohorts: dict[Key, list[Row]] = defaultdict(list)
    of_line: dict[str, tuple[Key, date]] = {}
    for row in shipped_line_rows(demo):
        if not row["is_excluded"]:
            key = (family[row["product_id"].removeprefix("erp:")], row["ordered_on"].replace(day=1))
            cohorts[key].append(row)
            of_line[row["order_line_id"]] = (key, row["first_shipped_on"])
    found: dict[tuple[Key, int], dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))

    def add(line: str, day: date | None, **amounts: Decimal) -> None:
        if erp(line) in of_line and day is not None:
            key, shipped = of_line[str(erp(line))]
            age = max(0, _number(day) - _number(shipped))
            for name, amount in amounts.items():
                found[key, age][name] += amount

    for row in demo.raw.service("returns"):
        line = f"{row['order_no']}-{row['line_no']}"
        ordered = demo.orders[demo.lines[line]["单号"]]["ordered_on"]
        value = demo.rows.valued(row["currency"], ordered, amount=row["amount"])["amount"]
        add(line, on(row["returned_at"]), units_returned=row["qty"], returned_amount=value)
    for row in demo.tickets:
        if row["kind"] == "repair" and row["line"]:
            add(row["line"], on(row["opened_at"]), repair_count=Decimal(1))
        if row["order"] is None:
            continue
        lines = demo.lines_of[row["order"]]
        bearers = [line for line in lines if line["line"] == row["line"]]
        bearers = bearers or [line for line in lines if line["产品编码"] == row["of_product"]]
        net = row["parts_cost"] + row["labour_cost"] + row["travel_cost"] - row["recovered"]
        for line, part in zip(bearers, shares(net, [line["不含税金额"] for line in bearers]), strict=True):
            add(line["line"], on(row["opened_at"]), after_sales=part)
    rows = []
    for key, lines in cohorts.items():
        shipped = [_number(row["first_shipped_on"]) for row in lines]
        back, cost = Decimal(0), Decimal(0)
        for age in range(_number(AS_OF) - min(shipped) + 1):
            here = found.get((key, age), {})
            back += here.get("units_returned", Decimal(0))
            cost += here.get("after_sales", Decimal(0))
            rows.append(
                {
                    "product_family": key[0],
                    "order_month": key[1],
                    "months_since_shipped": age,
                    "line_count": len(lines),
                    "units_shipped": total(row["quantity_shipped"] for row in lines),
                    "net_invoiced": total(row["net_invoiced"] for row in lines),
                    "is_reached": max(shipped) + age < _number(AS_OF),
                    **{
                        name: here.get(name, Decimal(0))
                        for name in ("units_returned", "returned_amount", "repair_count", "after_sales")
                    },
                    "units_returned_to_date": back,
                    "after_sales_to_date": cost,
                }
            )
    return frame(rows)
