"""Capacity against demand, worked out from the demo's raw files."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

import pandas as pd

from tests.oracles.demo_orders import AS_OF, OrderDemo
from tests.oracles.demo_rows import Row, frame
from tests.oracles.exact import rounded, total
from tests.oracles.marts_factory import capacity_facts

FLOWS = ("booked", "promised", "produced")


class Subject(NamedTuple):
    """Whose hours: a work centre and family, and why there are none."""

    work_centre: str
    product_family: str
    hours_gap: str


class Unit(NamedTuple):
    """Units of a product, on a day."""

    product: str
    on: date
    quantity: Decimal


def _next(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def units(demo: OrderDemo) -> dict[str, list[Unit]]:
    """What was booked, promised and produced."""
    found: dict[str, list[Unit]] = {name: [] for name in FLOWS}
    for line in demo.lines.values():
        order = demo.orders[line["单号"]]
        if order["reason"] is None:
            found["booked"].append(Unit(line["产品编码"], order["ordered_on"], line["数量"]))
            if line["承诺交期"] is not None:
                found["promised"].append(Unit(line["产品编码"], line["承诺交期"], line["数量"]))
    for row in demo.production.values():
        if row["finished_at"] is not None:
            found["produced"].append(Unit(row["product"], row["finished_at"].date(), row["qty_finished"]))
    return found


class Routing:
    """Of each product the subject it belongs to and the hours of one unit."""

    def __init__(self, demo: OrderDemo) -> None:
        self.subject: dict[str, Subject] = {}
        self.hours: dict[str, Decimal] = {}
        for row in demo.raw.table("products"):
            centre, hours = row["工作中心"], row["标准工时"]
            gap = "no_work_centre" if centre is None else "no_standard_hours" if hours is None else "none"
            self.subject[row["产品编码"]] = Subject(centre or "unknown", row["系列"], gap)
            self.hours[row["产品编码"]] = hours if gap == "none" else Decimal(0)


def _open_at(demo: OrderDemo, line: Row, end: date) -> Decimal:
    """Units of an order line that are ordered and not shipped before a day."""
    if demo.orders[line["单号"]]["ordered_on"] >= end:
        return Decimal(0)
    left = total(row["数量"] for row in demo.parcels[line["line"]] if row["shipped_on"] and row["shipped_on"] < end)
    return max(Decimal(0), line["数量"] - left)


def work_centre_demand_month(demo: OrderDemo) -> pd.DataFrame:
    """Each subject from its first month with anything in it; promises of months to come as well."""
    routing = Routing(demo)
    flows: dict[tuple[Subject, date], dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for name, found in units(demo).items():
        for unit in found:
            cell = flows[routing.subject[unit.product], unit.on.replace(day=1)]
            cell[f"{name}_quantity"] += unit.quantity
            cell[f"{name}_hours"] += unit.quantity * routing.hours[unit.product]
    lines = [line for line in demo.lines.values() if demo.orders[line["单号"]]["reason"] is None]
    rows = []
    for subject in {subject for subject, _ in flows}:
        months = {month for one, month in flows if one == subject}
        month = min(months)
        while month <= AS_OF:
            months.add(month)
            month = _next(month)
        own = [line for line in lines if routing.subject[line["产品编码"]] == subject]
        for month in months:
            waiting = (
                [(line["产品编码"], _open_at(demo, line, _next(month))) for line in own] if month <= AS_OF else None
            )
            rows.append(
                {
                    **subject._asdict(),
                    "month": month,
                    **{
                        f"{name}_{what}": flows.get((subject, month), {}).get(f"{name}_{what}", Decimal(0))
                        for what in ("quantity", "hours")
                        for name in FLOWS
                    },
                    "backlog_quantity": None if waiting is None else total(units for _, units in waiting),
                    "backlog_hours": None
                    if waiting is None
                    else total(units * routing.hours[product] for product, units in waiting),
                }
            )
    return frame(rows)


def work_centre_month(demo: OrderDemo) -> pd.DataFrame:
    """Hours of both capacity lists beside what the demand of the same month takes."""
    available: dict[tuple[str, date], Decimal] = defaultdict(Decimal)
    for row in capacity_facts(demo).to_dict("records"):
        available[row["work_centre"], row["month"].replace(day=1)] += row["hours_available"]
    needed: dict[tuple[str, date], list[dict[str, Any]]] = defaultdict(list)
    for row in work_centre_demand_month(demo).to_dict("records"):
        needed[row["work_centre"], row["month"]].append(row)
    rows = []
    for key in available.keys() | needed.keys():
        hours, parts = available.get(key), needed[key]
        promised = total(row["promised_hours"] for row in parts)
        produced = total(row["produced_hours"] for row in parts)
        unknown = [row for row in parts if row["hours_gap"] != "none"]
        rows.append(
            {
                "work_centre": key[0],
                "month": key[1],
                "capacity_gap": "no_work_centre" if key[0] == "unknown" else "no_capacity" if hours is None else "none",
                "hours_available": hours,
                "booked_hours": total(row["booked_hours"] for row in parts),
                "promised_hours": promised,
                "produced_hours": produced,
                "backlog_hours": total(row["backlog_hours"] for row in parts) if parts and key[1] <= AS_OF else None,
                "promised_without_hours": total(row["promised_quantity"] for row in unknown),
                "produced_without_hours": total(row["produced_quantity"] for row in unknown),
                "load_rate": rounded(Fraction(promised) / Fraction(hours), 4) if hours else None,
                "utilisation": rounded(Fraction(produced) / Fraction(hours), 4) if hours else None,
                "shortage_hours": None if hours is None else max(Decimal(0), promised - hours),
                "is_overloaded": None if hours is None else promised > hours,
            }
        )
    return frame(rows)
