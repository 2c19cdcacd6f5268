"""Marts of delivery, returns and service, worked out from the demo's raw files."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal

import pandas as pd

from tests.oracles.demo_orders import AS_OF, YUAN, OrderDemo, days, on, service, standing
from tests.oracles.demo_rows import Row, erp, frame
from tests.oracles.exact import total


def shipment_facts(demo: OrderDemo) -> pd.DataFrame:
    """Every shipment of the demo names its order."""
    lines: dict[str, list[Row]] = defaultdict(list)
    for row in demo.shipped:
        lines[row["发货单号"]].append(row)
    return frame(
        [
            {
                "shipment_id": erp(number),
                "order_id": erp(row["单号"]),
                **demo.whose(row["单号"]),
                "shipped_on": on(row["发货时间"]),
                "delivered_on": on(row["签收时间"]),
                "transit_days": days(on(row["发货时间"]), on(row["签收时间"])),
                "carrier": row["承运商"],
                "line_count": len(lines[number]),
                "quantity": total(line["数量"] for line in lines[number]),
                "freight_amount": row["运费"],
                **YUAN,
                "freight": row["运费"],
                **standing(row),
            }
            for number, row in demo.shipments.items()
        ]
    )


def shipment_line_facts(demo: OrderDemo) -> pd.DataFrame:
    """What was shipped."""
    return frame(
        [
            {
                "shipment_line_id": erp(f"{row['发货单号']}-{row['序号']}"),
                "shipment_id": erp(row["发货单号"]),
                "order_line_id": erp(row["line"]),
                "order_id": erp(row["order"]),
                "product_id": erp(row["product"]),
                **demo.whose(row["order"]),
                "lot_no": row["批号"],
                "lot_id": row["lot_id"],
                "serial_no": row["序列号"],
                "udi_pi": row["UDI"],
                "quantity": row["数量"],
                "shipped_on": row["shipped_on"],
                "delivered_on": row["delivered_on"],
                **standing(row),
            }
            for row in demo.shipped
        ]
    )


def return_facts(demo: OrderDemo) -> pd.DataFrame:
    """Every return of the demo names an order line that there is."""
    rows = []
    for row in demo.raw.service("returns"):
        line = demo.lines[f"{row['order_no']}-{row['line_no']}"]
        order = demo.orders[line["单号"]]
        back = on(row["returned_at"])
        shipped = min((parcel["shipped_on"] for parcel in demo.parcels[line["line"]]), default=None)
        rows.append(
            {
                "return_id": service(row["return_id"]),
                "order_line_id": erp(line["line"]),
                "order_id": erp(line["单号"]),
                "product_id": erp(line["产品编码"]),
                **demo.whose(line["单号"]),
                "returned_on": back,
                "first_shipped_on": shipped,
                "days_since_shipped": days(shipped, back),
                "reason": row["reason"],
                "quantity": row["qty"],
                "valued_on": order["ordered_on"],
                "return_amount": row["amount"],
                "currency": row["currency"],
                **demo.rows.valued(row["currency"], order["ordered_on"], amount=row["amount"]),
                **standing(row),
            }
        )
    return frame(rows)


def ticket_facts(demo: OrderDemo) -> pd.DataFrame:
    """Every ticket of the demo names its customer."""
    rows = []
    for row in demo.tickets:
        assert row["customer"] is not None
        opened, closed = on(row["opened_at"]), on(row["closed_at"])
        net = row["parts_cost"] + row["labour_cost"] + row["travel_cost"] - row["recovered"]
        rows.append(
            {
                "ticket_id": service(row["ticket_id"]),
                "kind": row["kind"],
                "customer_id": erp(row["customer"]),
                "order_id": erp(row["order"]),
                "order_line_id": erp(row["line"]),
                **demo.whose(row["order"]),
                "account_id": demo.account(row["customer"]),
                "product_id": erp(row["of_product"]),
                "lot_no": row["of_lot"],
                "lot_id": row["lot_id"],
                "serial_no": row["serial_no"],
                "opened_on": opened,
                "closed_on": closed,
                "is_closed": closed is not None,
                "days_open": days(opened, closed or AS_OF),
                "is_warranty": row["is_warranty"],
                **{name: row[name] for name in ("parts_cost", "labour_cost", "travel_cost", "recovered")},
                "net_amount": net,
                "net_cost": net,
                **YUAN,
                "as_of_on": AS_OF,
                **standing(row),
            }
        )
    return frame(rows)


def order_line_delivery(demo: OrderDemo) -> pd.DataFrame:
    """What was promised and what left; nothing is due of an order that does not count."""
    rows = []
    for number, line in demo.lines.items():
        order = demo.orders[line["单号"]]
        parcels = sorted(demo.parcels[number], key=lambda parcel: parcel["shipped_on"])
        full = _fully_shipped(line["数量"], parcels)
        promised = line["承诺交期"]
        due = order["reason"] is None and promised is not None and promised <= AS_OF
        lots = {parcel["批号"] for parcel in parcels} - {None}
        delivered = [parcel["delivered_on"] for parcel in parcels if parcel["delivered_on"]]
        rows.append(
            {
                "order_line_id": erp(number),
                "order_id": erp(line["单号"]),
                "line_no": line["no"],
                "product_id": erp(line["产品编码"]),
                **demo.whose(line["单号"]),
                "origin_channel_id": order["channel"],
                "origin_campaign_id": order["campaign"],
                "confirmed_on": on(order["confirmed"]),
                "promised_on": promised,
                "revised_promised_on": line["变更交期"],
                "quantity": line["数量"],
                "quantity_shipped": total(parcel["数量"] for parcel in parcels),
                "first_shipped_on": parcels[0]["shipped_on"] if parcels else None,
                "last_shipped_on": parcels[-1]["shipped_on"] if parcels else None,
                "last_delivered_on": max(delivered, default=None),
                "fully_shipped_on": full,
                "is_fully_shipped": full is not None,
                "is_due": due,
                "is_on_time": due and full is not None and full <= promised,
                "is_overdue": due and full is None,
                "days_late": days(promised, full or AS_OF) if due else None,
                "lead_days": days(on(order["confirmed"]), full),
                "lot_count": len(lots),
                "first_lot_no": min(lots, default=None),
                "as_of_on": AS_OF,
                **standing(line),
            }
        )
    return frame(rows)


def _fully_shipped(quantity: Decimal, parcels: list[Row]) -> date | None:
    """The day on which the ordered quantity had left; ``parcels`` by day."""
    left = Decimal(0)
    for parcel in parcels:
        left += parcel["数量"]
        if left >= quantity:
            return parcel["shipped_on"]  # type: ignore[no-any-return]
    return None
