"""Marts of products, factory and stock, worked out from the demo's raw files."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pandas as pd

from tests.oracles.demo_orders import AS_OF, YUAN, OrderDemo, days, on, service, standing
from tests.oracles.demo_rows import Row, erp, frame
from tests.oracles.exact import rounded, total


def dim_product(demo: OrderDemo) -> pd.DataFrame:
    """The list; the documents name no product that it lacks."""
    rows = demo.raw.table("products")
    named = {row["产品编码"] for name in ("order_lines", "invoice_lines", "stock") for row in demo.raw.table(name)}
    named |= {row["product"] for name in ("production_orders", "service_tickets") for row in demo.raw.service(name)}
    named |= {row["产品编码"] for row in demo.rows.reports}
    assert named - {row["产品编码"] for row in rows} <= {None}, "the demo has no product that is only named"
    return frame(
        [
            {
                "product_id": erp(row["产品编码"]),
                "name": row["产品名称"],
                "family": row["系列"],
                "device_class": row["管理类别"],
                "udi_di": row["UDI-DI"],
                "unit": row["单位"],
                "list_price": row["目录价"],
                "standard_cost": row["标准成本"],
                "currency": "CNY",
                "work_centre": row["工作中心"],
                "standard_hours": row["标准工时"],
                "is_declared": True,
                **standing(row),
            }
            for row in rows
        ]
    )


def _delay(planned: date | None, actual: date | None) -> int | None:
    """Days after the plan; what should have happened by now and has not, up to now."""
    if actual is None and planned is not None and planned > AS_OF:
        return None
    return days(planned, actual or AS_OF)


def _confirmed(demo: OrderDemo, line: str | None) -> date | None:
    """The day on which the order of a line was confirmed."""
    known = demo.lines.get(line or "")
    return on(demo.orders[known["单号"]]["confirmed"]) if known else None


def _cost(row: Row) -> Decimal | None:
    """Material, labour and overhead; None when all three are."""
    known = [row[f"{kind}_cost"] for kind in ("material", "labour", "overhead")]
    return total(cost for cost in known if cost is not None) if any(cost is not None for cost in known) else None


def production_order_facts(demo: OrderDemo) -> pd.DataFrame:
    """Planned, made, at what cost."""
    rows = []
    for number, row in demo.production.items():
        line = f"{row['order_no']}-{row['line_no']}" if row["order_no"] and row["line_no"] else None
        started, finished = on(row["started_at"]), on(row["finished_at"])
        rows.append(
            {
                "production_order_id": service(number),
                "product_id": erp(row["product"]),
                "order_line_id": erp(line),
                "order_id": erp(demo.lines[line]["单号"]) if line in demo.lines else None,
                "lot_no": row["lot_no"],
                "lot_id": f"{erp(row['product'])}|{row['lot_no'] or service(number)}",
                "planned_start_on": row["planned_start"],
                "planned_finish_on": row["planned_finish"],
                "started_on": started,
                "finished_on": finished,
                "is_finished": finished is not None,
                "cycle_days": days(started, finished),
                "response_days": days(_confirmed(demo, line), started),
                "start_delay_days": _delay(row["planned_start"], started),
                "finish_delay_days": _delay(row["planned_finish"], finished),
                **{f"quantity_{name}": row[f"qty_{name}"] for name in ("planned", "finished", "scrapped")},
                **{f"{name}_cost": row[f"{name}_cost"] for name in ("material", "labour", "overhead")},
                "cost_amount": _cost(row),
                "total_cost": _cost(row),
                **YUAN,
                "as_of_on": AS_OF,
                **standing(row),
            }
        )
    return frame(rows)


def inspection_facts(demo: OrderDemo) -> pd.DataFrame:
    """Work in the factory names its production order; a lot that was bought has no product, only its number."""
    rows = []
    for row in demo.raw.service("inspections"):
        order = demo.production.get(row["work_order"] or "")
        lot_no = (order["lot_no"] if order else None) or row["lot_no"]
        made = {product for product, number in demo.made if number == lot_no}
        product = order["product"] if order else made.pop() if len(made) == 1 else None
        judged = row["qty_inspected"] - (row["qty_reworked"] or 0) - (row["qty_rejected"] or 0)
        rows.append(
            {
                "inspection_id": service(row["inspection_id"]),
                "lot_no": lot_no,
                "lot_id": f"{erp(product) or ''}|{lot_no}",
                "product_id": erp(product),
                "production_order_id": service(row["work_order"]),
                "kind": row["kind"],
                "step": row["step"],
                "inspected_on": on(row["inspected_at"]),
                **{f"quantity_{name}": row[f"qty_{name}"] for name in ("inspected", "passed", "reworked", "rejected")},
                "quantity_first_pass": max(Decimal(0), min(row["qty_passed"], judged)),
                "defect_code": row["defect"],
                **standing(row),
            }
        )
    return frame(rows)


MADE = ("production_order_id", "planned_start_on", "planned_finish_on", "started_on", "finished_on", "cycle_days")
QUANTITIES = ("quantity_planned", "quantity_finished", "quantity_scrapped")


def lot_facts(demo: OrderDemo) -> pd.DataFrame:
    """A lot is made by one production order of the demo, or bought: then it is known only by its inspection."""
    inspections: dict[str, list[Row]] = defaultdict(list)
    for row in inspection_facts(demo).to_dict("records"):
        inspections[row["lot_id"]].append(row)
    shipped: dict[str | None, list[Row]] = defaultdict(list)
    for row in demo.shipped:
        shipped[row["lot_id"]].append(row)
    tickets = Counter(row["lot_id"] for row in demo.tickets)
    made = {row["lot_id"]: row for row in production_order_facts(demo).to_dict("records")}
    assert len(made) == len(demo.production), "the demo has no lot that two production orders made"
    rows = []
    for lot in {**made, **inspections}:
        order, judged = made.get(lot, {}), inspections[lot]
        origin = order or judged[0]
        finished = order.get("finished_on")
        rows.append(
            {
                "lot_id": lot,
                "lot_no": origin["lot_no"],
                "product_id": origin["product_id"],
                **{name: order.get(name) for name in (*MADE, *QUANTITIES)},
                "production_order_count": int(bool(order)),
                "is_finished_as_planned": None if finished is None else finished <= order["planned_finish_on"],
                "production_cost": order.get("total_cost"),
                "unit_cost": _unit(order.get("total_cost"), order.get("quantity_finished")),
                "inspection_count": len(judged),
                **{name: total(row[name] for row in judged) for name in INSPECTED},
                "quantity_shipped": total(row["数量"] for row in shipped[lot]),
                "order_count": len({row["order"] for row in shipped[lot]}),
                "ticket_count": tickets[lot],
                **standing(origin),
            }
        )
    return frame(rows)


INSPECTED = tuple(f"quantity_{name}" for name in ("inspected", "passed", "first_pass", "reworked", "rejected"))


def _unit(cost: Decimal | None, quantity: Decimal | None) -> Decimal | None:
    """Cost of one, with the 6 decimals of a price."""
    return rounded(Fraction(cost) / Fraction(quantity), 6) if cost is not None and quantity else None


def inventory_facts(demo: OrderDemo) -> pd.DataFrame:
    """Stock counts."""
    last: dict[tuple[object, ...], date] = {}
    for row in demo.raw.table("stock"):
        key = _place(row)
        last[key] = max(row["盘点日"], last.get(key, row["盘点日"]))
    return frame(
        [
            {
                "inventory_snapshot_id": erp("|".join(row["raw_key"])),
                "product_id": erp(row["产品编码"]),
                "warehouse": row["仓库"],
                "kind": row["库存类型"],
                "taken_on": row["盘点日"],
                "month": row["盘点日"].replace(day=1),
                "is_month_end": row["盘点日"] == last[_place(row)],
                "quantity": row["数量"],
                "value_amount": row["金额"],
                **YUAN,
                "value": row["金额"],
                **standing(row),
            }
            for row in demo.raw.table("stock")
        ]
    )


def _place(row: Row) -> tuple[object, ...]:
    """What is counted where, in which month."""
    return row["产品编码"], row["仓库"], row["库存类型"], row["盘点日"].replace(day=1)


def capacity_facts(demo: OrderDemo) -> pd.DataFrame:
    """Hours of both lists."""
    lists: Iterable[tuple[str, str, list[Row]]] = (
        ("erp", "工作中心", demo.raw.table("capacity")),
        ("office", "车间", demo.raw.clean_room),
    )
    return frame(
        [
            {
                # the month as its list writes it
                "capacity_id": f"{system}:{row[centre]}|{row['月份']:{'%Y-%m' if system == 'erp' else '%Y-%m-%d'}}",
                "work_centre": row[centre],
                "month": row["月份"],
                "hours_available": row["可用工时"],
                **standing(row),
            }
            for system, centre, rows in lists
            for row in rows
        ]
    )
