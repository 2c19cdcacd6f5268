"""Marts of quality, worked out from the demo's raw files: cohorts of what was shipped, what poor quality costs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pandas as pd

from tests.oracles.demo_order_money import OrderMoney
from tests.oracles.demo_orders import AS_OF, OrderDemo, days, on, service, standing
from tests.oracles.demo_rows import Row, erp, frame
from tests.oracles.exact import rounded, total

RETURN_WINDOW = 365


def shipped_line_rows(demo: OrderDemo) -> list[Row]:
    """One row per order line that anything left of."""
    money = OrderMoney(demo)
    returned: dict[str, list[Row]] = defaultdict(list)
    for row in demo.raw.service("returns"):
        returned[f"{row['order_no']}-{row['line_no']}"].append(row)
    repaired = repaired_units(demo)
    rows = []
    for number, line in demo.lines.items():
        parcels = demo.parcels[number]
        if not parcels:
            continue
        order = demo.orders[line["单号"]]
        first = min(parcel["shipped_on"] for parcel in parcels)
        back = returned[number]
        in_window = [row for row in back if on(row["returned_at"]) <= first + timedelta(days=RETURN_WINDOW)]
        inside = [
            demo.rows.valued(row["currency"], order["ordered_on"], amount=row["amount"])["amount"] for row in back
        ]
        rows.append(
            {
                "order_line_id": erp(number),
                "order_id": erp(line["单号"]),
                "product_id": erp(line["产品编码"]),
                **demo.whose(line["单号"]),
                "origin_channel_id": order["channel"],
                "origin_campaign_id": order["campaign"],
                "distributor_id": erp(order["经销商"]),
                "ordered_on": order["ordered_on"],
                "first_shipped_on": first,
                "age_days": days(first, AS_OF),
                "quantity_shipped": total(parcel["数量"] for parcel in parcels),
                "quantity_returned": total(row["qty"] for row in back),
                "quantity_returned_in_window": total(row["qty"] for row in in_window),
                "returned_amount": total(inside),
                "units_repaired": len(repaired[number]),
                "net_invoiced": total(row["net"] for row in money.invoice_lines[number]),
                "after_sales": money.costs["after_sales"][number],
                "as_of_on": AS_OF,
                **standing(line),
            }
        )
    return rows


def repaired_units(demo: OrderDemo) -> dict[str, set[str]]:
    """Order line → what of it was repaired: serial numbers, else lots."""
    found: dict[str, set[str]] = defaultdict(set)
    for row in demo.tickets:
        if row["kind"] != "repair":
            continue
        line = row["line"]
        if line is None and row["order"] is not None:
            of_order = [one for one in demo.lines_of[row["order"]] if one["产品编码"] == row["of_product"]]
            line = of_order[0]["line"] if of_order else None
        if line is not None:
            found[line].add(row["serial_no"] or row["of_lot"] or row["ticket_id"])
    return found


def shipped_line_quality(demo: OrderDemo) -> pd.DataFrame:
    """Cohorts of what was shipped."""
    return frame(shipped_line_rows(demo))


def quality_cost_rows(demo: OrderDemo) -> list[Row]:
    """What was not right the first time, each document on its day."""
    return [*_scrap(demo), *_rework(demo), *_returns(demo), *_warranty(demo)]


def quality_cost(demo: OrderDemo) -> pd.DataFrame:
    """The same as a table."""
    return frame(quality_cost_rows(demo))


def _posting(row: Row, kind: str, document: tuple[str, str | None], day: date | None, amount: Decimal) -> Row:
    return {
        "quality_cost_id": f"{document[0]}:{document[1]}",
        "kind": kind,
        "document_kind": document[0],
        "document_id": document[1],
        "occurred_on": day,
        "amount": amount,
        "is_valued": True,
        "lot_id": None,
        "order_line_id": None,
        "reason": None,
        "quantity": None,
        **standing(row),
    }


def _scrap(demo: OrderDemo) -> Iterator[Row]:
    for number, row in demo.production.items():
        if row["finished_at"] is None or not row["qty_scrapped"]:
            continue
        spent = row["material_cost"] + row["labour_cost"] + row["overhead_cost"]
        lost = Fraction(spent) * Fraction(row["qty_scrapped"]) / Fraction(row["qty_finished"] + row["qty_scrapped"])
        posting = _posting(row, "scrap", ("production_order", service(number)), on(row["finished_at"]), rounded(lost))
        lot = demo.lot(row["product"], row["lot_no"] or service(number))
        yield posting | {"product_id": erp(row["product"]), "lot_id": lot, "quantity": row["qty_scrapped"]}


def _rework(demo: OrderDemo) -> Iterator[Row]:
    for row in demo.raw.service("inspections"):
        if row["kind"] == "incoming" or not row["qty_reworked"]:
            continue
        order = demo.production[row["work_order"]]
        # each lot of the demo is made by one production order
        [made] = demo.made[order["product"], order["lot_no"]]
        unfinished = made["finished_at"] is None
        begun = made["qty_planned"] if unfinished else made["qty_finished"] + (made["qty_scrapped"] or 0)
        work = Fraction(made["labour_cost"] + made["overhead_cost"]) * Fraction(row["qty_reworked"]) / Fraction(begun)
        day, number = on(row["inspected_at"]), service(row["inspection_id"])
        yield _posting(row, "rework", ("quality_inspection", number), day, rounded(work)) | {
            "product_id": erp(order["product"]),
            "lot_id": demo.lot(order["product"], order["lot_no"]),
            "reason": row["defect"],
            "quantity": row["qty_reworked"],
        }


def _returns(demo: OrderDemo) -> Iterator[Row]:
    money = OrderMoney(demo)
    for row in demo.raw.service("returns"):
        line = demo.lines[f"{row['order_no']}-{row['line_no']}"]
        if demo.orders[line["单号"]]["reason"] is not None:
            continue
        if line["line"] in money.lot_costs:
            whole, shipped = money.lot_costs[line["line"]]
            lost = Fraction(rounded(whole, 4)) * Fraction(row["qty"]) / Fraction(shipped)
        else:
            lost = Fraction(money.standard[line["产品编码"]]) * Fraction(row["qty"])
        day, number = on(row["returned_at"]), service(row["return_id"])
        yield _posting(row, "return", ("sales_return", number), day, rounded(lost)) | {
            "product_id": erp(line["产品编码"]),
            "order_line_id": erp(line["line"]),
            "reason": row["reason"],
            "quantity": row["qty"],
        }


def _warranty(demo: OrderDemo) -> Iterator[Row]:
    for row in demo.tickets:
        if not row["is_warranty"] or demo.whose(row["order"])["is_excluded"]:
            continue
        net = row["parts_cost"] + row["labour_cost"] + row["travel_cost"] - row["recovered"]
        day, number = on(row["opened_at"]), service(row["ticket_id"])
        yield _posting(row, "warranty", ("service_ticket", number), day, net) | {
            "product_id": erp(row["of_product"]),
            "lot_id": row["lot_id"],
            "order_line_id": erp(row["line"]),
            "reason": row["kind"],
        }
