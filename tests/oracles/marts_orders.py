"""Marts of orders and their lines, worked out from the demo's raw files: booked, invoiced, earned, collected."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pandas as pd

from tests.oracles.demo_order_money import COSTS, OrderMoney, Receipt
from tests.oracles.demo_orders import OrderDemo, days, on, standing
from tests.oracles.demo_rows import Row, crm, erp, frame, utc
from tests.oracles.exact import rounded, total
from tests.oracles.marts_delivery import order_line_delivery

DEDUCTED = ("freight", "commission", "rebate", "after_sales", "bad_debt")
"""What contribution is after; other costs of an order are told apart."""


def _invoiced(rows: list[Row]) -> Row:
    return {
        "net_invoiced": total(row["net"] for row in rows),
        "cogs": total(row["cost"] for row in rows),
        "gross_profit": total(row["net"] - row["cost"] for row in rows),
        # the standard cost of every product of the demo is known
        "uncosted_line_count": 0,
    }


def _line_rows(demo: OrderDemo, money: OrderMoney) -> list[Row]:
    returned: dict[str, Decimal] = defaultdict(Decimal)
    for row in demo.raw.service("returns"):
        returned[f"{row['order_no']}-{row['line_no']}"] += row["qty"]
    collected: dict[str, Decimal] = defaultdict(Decimal)
    for receipt in money.receipts:
        collected[receipt.line] += receipt.amount
    rows = []
    for number, line in demo.lines.items():
        order = demo.orders[line["单号"]]
        currency, day = order["币种"], order["ordered_on"]
        list_amount = None if line["目录价"] is None else line["目录价"] * line["数量"]
        costs = {kind: money.costs[kind][number] for kind in COSTS}
        deducted = total(costs[kind] for kind in DEDUCTED)
        invoiced = _invoiced(money.invoice_lines[number])
        booked = demo.rows.valued(currency, day, net_booked=line["不含税金额"], list_booked=list_amount)
        booked_cost = rounded(money.standard[line["产品编码"]] * line["数量"])
        rows.append(
            {
                "order_line_id": erp(number),
                "order_id": erp(line["单号"]),
                "line_no": line["no"],
                **demo.whose(line["单号"]),
                "product_id": erp(line["产品编码"]),
                "origin_channel_id": order["channel"],
                "origin_campaign_id": order["campaign"],
                "salesperson_id": crm(order["业务员"]),
                "distributor_id": erp(order["经销商"]),
                "ordered_on": day,
                "confirmed_on": on(order["confirmed"]),
                "quantity": line["数量"],
                "returned_quantity": returned[number],
                "list_price": line["目录价"],
                "unit_price": line["单价"],
                "discount": line["折扣率"],
                "tax_rate": line["税率"],
                "list_amount": None if list_amount is None else rounded(list_amount),
                "net_amount": line["不含税金额"],
                "tax_amount": line["税额"],
                "currency": currency,
                **booked,
                "booked_cost": booked_cost,
                **invoiced,
                **costs,
                "contribution": invoiced["gross_profit"] - deducted,
                "contribution_booked": booked["net_booked"] - booked_cost - deducted,
                "collected": collected[number],
                **standing(line),
            }
        )
    return rows


def order_line_facts(demo: OrderDemo) -> pd.DataFrame:
    """Lines of all orders, counted or not."""
    return frame(_line_rows(demo, OrderMoney(demo)))


SUMS = (
    *("net_amount", "net_booked", "list_booked", "booked_cost", "net_invoiced", "cogs", "gross_profit"),
    *("uncosted_line_count", *COSTS, "contribution", "contribution_booked", "collected"),
)


def order_facts(demo: OrderDemo) -> pd.DataFrame:
    """All orders, counted or not, through the three loops."""
    money = OrderMoney(demo)
    lines: dict[str, list[Row]] = defaultdict(list)
    for row in _line_rows(demo, money):
        lines[row["order_id"]].append(row)
    deliveries: dict[str, list[Row]] = defaultdict(list)
    for row in order_line_delivery(demo).to_dict("records"):
        deliveries[row["order_id"]].append(row)
    receipts: dict[str, list[Receipt]] = defaultdict(list)
    for receipt in money.receipts:
        receipts[receipt.line.split("-")[0]].append(receipt)
    rows: list[Row] = []
    purchases: dict[str, int] = defaultdict(int)
    for number, order in sorted(demo.orders.items(), key=lambda item: (item[1]["confirmed"], item[0])):
        own = lines[f"erp:{number}"]
        sums: Row = {name: total(row[name] for row in own if row[name] is not None) for name in SUMS}
        counts = order["reason"] is None and sums["net_booked"] > 0
        purchases[order["account"]] += counts
        waited = [receipt for receipt in receipts[number] if receipt.days is not None]
        billed = [row["on"] for line in demo.lines_of[number] for row in money.invoice_lines[line["line"]]]
        rows.append(
            {
                "order_id": erp(number),
                **demo.whose(number),
                "customer_id": erp(order["客户编码"]),
                "opportunity_id": crm(order["opportunity"]),
                "opportunity_rule": order["opportunity_rule"],
                "quote_id": crm(order["报价单号"]),
                "lead_id": crm(order["lead"]),
                "salesperson_id": crm(order["业务员"]),
                "distributor_id": erp(order["经销商"]),
                "tagged_campaign_id": crm(order["市场活动"]),
                "origin_channel_id": order["channel"],
                "origin_campaign_id": order["campaign"],
                "origin_rule": order["origin_rule"],
                "ordered_at": utc(order["下单时间"]),
                "ordered_on": order["ordered_on"],
                "confirmed_at": utc(order["confirmed"]),
                "confirmed_on": on(order["confirmed"]),
                "has_confirmation": order["确认时间"] is not None,
                "status": order["状态"],
                "is_net_positive": counts,
                "purchase_number": purchases[order["account"]] if counts else None,
                "is_first_order": counts and purchases[order["account"]] == 1,
                "line_count": len(own),
                "currency": order["币种"],
                "has_rate": True,
                **sums,
                "first_invoiced_on": min(billed, default=None),
                "contribution_collected": _collected_share(sums),
                "collection_amount": total(receipt.amount for receipt in waited),
                "collection_day_amount": total(receipt.amount * (receipt.days or 0) for receipt in waited),
                "last_paid_on": max((receipt.on for receipt in waited), default=None),
                **delivered(deliveries[f"erp:{number}"], on(order["confirmed"])),
                **standing(order),
            }
        )
    return frame(rows)


def _collected_share(sums: Row) -> Decimal | None:
    """Contribution of what was invoiced, as far as it is paid."""
    if sums["net_invoiced"] == 0:
        return None
    return rounded(Fraction(sums["contribution"]) * Fraction(sums["collected"]) / Fraction(sums["net_invoiced"]))


def delivered(lines: list[Row], confirmed: date | None) -> Row:
    """How the lines of one order were delivered."""
    last = max((line["last_shipped_on"] for line in lines if line["last_shipped_on"]), default=None)
    full = bool(lines) and all(line["is_fully_shipped"] for line in lines)
    return {
        "due_line_count": sum(line["is_due"] for line in lines),
        "on_time_line_count": sum(line["is_on_time"] for line in lines),
        "first_shipped_on": min((line["first_shipped_on"] for line in lines if line["first_shipped_on"]), default=None),
        "last_shipped_on": last,
        "is_fully_shipped": full,
        "delivery_lead_days": days(confirmed, last) if full else None,
    }
