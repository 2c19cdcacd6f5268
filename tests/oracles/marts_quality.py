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


def lot_customer(demo: OrderDemo) -> pd.DataFrame:
    """Who was shipped a lot; every shipment line of the demo names its order line and lot."""
    held: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in demo.shipped:
        if row["批号"] is not None:
            held[row["批号"], row["line"]].append(row)
    back: dict[str, Decimal] = defaultdict(Decimal)
    for row in demo.raw.service("returns"):
        back[f"{row['order_no']}-{row['line_no']}"] += row["qty"]
    rows = []
    for (lot_no, line), parcels in held.items():
        order = parcels[0]["order"]
        shipped, whole = (total(parcel["数量"] for parcel in some) for some in (parcels, demo.parcels[line]))
        most = min(shipped, back[line])
        least = max(Decimal(0), min(shipped, back[line] - (whole - shipped)))
        first = min(parcel["发货单号"] for parcel in parcels)
        serials = {parcel["序列号"] for parcel in parcels} - {None}
        codes = {parcel["UDI"] for parcel in parcels} - {None}
        of_line = [row for row in demo.tickets if (row["of_lot"], row["line"]) == (lot_no, line)]
        known = demo.orders.get(order or "", {})
        rows.append(
            {
                "lot_customer_id": f"{lot_no}|{erp(line)}",
                "lot_no": lot_no,
                "lot_id": parcels[0]["lot_id"],
                "product_id": erp(parcels[0]["product"]),
                "order_line_id": erp(line),
                "order_id": erp(order),
                **demo.whose(order),
                "customer_id": erp(known.get("客户编码")),
                "origin_channel_id": known.get("channel", "unknown"),
                "origin_campaign_id": known.get("campaign", "unknown"),
                "first_shipped_on": min(parcel["shipped_on"] for parcel in parcels),
                "last_shipped_on": max(parcel["shipped_on"] for parcel in parcels),
                "quantity_shipped": shipped,
                "line_lot_count": len({parcel["批号"] for parcel in demo.parcels[line]}),
                "line_quantity_returned": back[line],
                "quantity_returned_least": least,
                "quantity_returned_most": most,
                "quantity_out_least": shipped - most,
                "quantity_out_most": shipped - least,
                "serial_count": len(serials),
                "udi_count": len(codes),
                "first_udi_pi": min(codes, default=None),
                "ticket_count": len(of_line),
                **standing(demo.shipments[first]),
            }
        )
    return frame(rows)


def lot_origin(demo: OrderDemo) -> pd.DataFrame:
    """Back from each ticket."""
    holders: dict[str | None, set[str | None]] = defaultdict(set)
    for row in demo.shipped:
        holders[row["批号"]].add(demo.whose(row["order"])["account_id"])
    rows = []
    for row in demo.tickets:
        order = demo.orders.get(row["order"] or "", {})
        made = demo.made.get((row["of_product"], row["of_lot"]), [])
        shipped = [parcel["shipped_on"] for parcel in demo.parcels[row["line"]]] if row["line"] else []
        rows.append(
            {
                "ticket_id": service(row["ticket_id"]),
                "kind": row["kind"],
                "opened_on": on(row["opened_at"]),
                "closed_on": on(row["closed_at"]),
                "product_id": erp(row["of_product"]),
                "lot_no": row["of_lot"],
                "lot_id": row["lot_id"],
                "serial_no": row["serial_no"],
                "production_order_id": service(made[0]["work_order"]) if made else None,
                "order_id": erp(row["order"]),
                "order_line_id": erp(row["line"]),
                "account_id": demo.account(row["customer"]),
                "order_customer_id": erp(order.get("客户编码")),
                "ordered_on": order.get("ordered_on"),
                "first_shipped_on": min(shipped, default=None),
                "traced_by": "serial" if row["line"] else "order" if row["order"] else "nothing",
                "origin_channel_id": order.get("channel", "unknown"),
                "origin_campaign_id": order.get("campaign", "unknown"),
                "origin_rule": order.get("origin_rule"),
                "lot_account_count": len(holders[row["of_lot"]]) if row["of_lot"] else 0,
                "is_warranty": row["is_warranty"],
                "net_cost": row["parts_cost"] + row["labour_cost"] + row["travel_cost"] - row["recovered"],
                **standing(row),
            }
        )
    return frame(rows)
