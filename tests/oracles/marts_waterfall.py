"""From list price to cash, order line by order line, worked out from the demo's raw files."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

import pandas as pd

from tests.oracles.demo_documents import Documents
from tests.oracles.demo_rows import Row, erp, frame
from tests.oracles.exact import money, rounded, total
from tests.oracles.marts_books import month_of
from tests.oracles.marts_finance import invoice_line_facts, order_cost_facts, payment_line_facts

COSTS = ("freight", "commission", "rebate", "after_sales", "bad_debt")
GROUP = ("month", "channel_id", "product_family")


def _rows(documents: Documents) -> list[Row]:
    """Every document of the demo that names an order names a line of it; costs of nobody stand in their month."""
    products = documents.demo.facts.files.products()
    family = dict(zip(products["产品编码"], products["系列"], strict=True))
    invoiced, costs, paid = defaultdict(list), defaultdict(list), defaultdict(list)
    for row in invoice_line_facts(documents).to_dict("records"):
        invoiced[row["order_line_id"]].append(row)
    lost: dict[str, list[Row]] = defaultdict(list)
    for row in order_cost_facts(documents).to_dict("records"):
        if row["kind"] in COSTS and not row["is_excluded"]:
            if row["order_id"] is None:
                lost[month_of(row["incurred_on"])].append(row)
            else:
                costs[row["order_line_id"]].append(row)
    for row in payment_line_facts(documents).to_dict("records"):
        paid[row["order_line_id"]].append(row)
    found = []
    for number, order in documents.orders.items():
        cancelled = order["exclusion_reason"] == "cancelled"
        if order["is_excluded"] and not cancelled:
            continue
        rate, _ = documents.demo.rows.rate(order["currency"], order["ordered_on"])
        for line in documents.lines.get(number, []):
            here = erp(line["line"])
            net = rounded(line["不含税金额"] * rate)
            bills = [] if cancelled else invoiced[here]
            assert all(bill["currency"] == order["currency"] for bill in bills)
            blue = [bill for bill in bills if bill["kind"] == "invoice"]
            listed = line["目录价"]
            list_value = net if listed is None else rounded(rounded(money(listed) * line["数量"]) * rate)
            sums: Row = {
                "list_value": list_value,
                "unlisted": net if listed is None else Decimal(0),
                "net_ordered": net,
                "cancelled": net if cancelled else Decimal(0),
                "as_ordered": rounded(total(bill["net_amount"] for bill in blue) * rate),
                "gross_invoiced": total(bill["net_invoiced"] for bill in blue),
                "net_invoiced": total(bill["net_invoiced"] for bill in bills),
                "cogs": total(bill["cogs"] for bill in bills),
                **{kind: total(row["amount"] for row in costs[here] if row["kind"] == kind) for kind in COSTS},
                "collected": total(row["collected"] for row in paid[here]),
                "as_invoiced": _as_invoiced(bills, paid[here]),
            }
            found.append(
                {
                    "waterfall_id": here,
                    "order_id": order["order_id"],
                    "order_line_id": here,
                    "month": month_of(order["ordered_on"]),
                    "account_id": order["account_id"],
                    "channel_id": order["origin_channel_id"],
                    "campaign_id": order["origin_campaign_id"],
                    "salesperson_id": order["salesperson_id"],
                    "distributor_id": order["distributor_id"],
                    "product_id": erp(line["产品编码"]),
                    "product_family": family[line["产品编码"]],
                    **_steps(sums),
                }
            )
    nobody = dict.fromkeys(
        ("order_id", "order_line_id", "account_id", "salesperson_id", "distributor_id", "product_id")
    )
    for month, rows in lost.items():
        amounts = {kind: total(row["amount"] for row in rows if row["kind"] == kind) for kind in COSTS}
        unknown = dict.fromkeys(("channel_id", "campaign_id", "product_family"), "unknown")
        place = {"waterfall_id": f"{month}|", "month": month, **nobody, **unknown}
        found.append({**place, **_steps(defaultdict(Decimal, amounts))})
    return found


def _as_invoiced(bills: list[Row], receipts: list[Row]) -> Decimal:
    """What is collected of each invoice line, at the rate of its invoice."""
    found = []
    for bill in bills:
        own = [row["collected_amount"] for row in receipts if row["invoice_line_id"] == bill["invoice_line_id"]]
        found.append(rounded(total(own) * bill["rate"]))
    return total(found)


def _steps(sums: Row) -> Row:
    booked = sums["net_ordered"] - sums["cancelled"]
    profit = sums["net_invoiced"] - sums["cogs"]
    left = sums["net_invoiced"] - sums["as_invoiced"]
    written_off = max(min(sums["bad_debt"], left), Decimal(0))
    return {
        "list_value": sums["list_value"],
        "discount": sums["list_value"] - sums["net_ordered"],
        "unlisted": sums["unlisted"],
        "net_ordered": sums["net_ordered"],
        "cancelled": sums["cancelled"],
        "net_booked": booked,
        "not_invoiced": booked - sums["as_ordered"],
        "invoice_exchange_difference": sums["gross_invoiced"] - sums["as_ordered"],
        "gross_invoiced": sums["gross_invoiced"],
        "credited": sums["gross_invoiced"] - sums["net_invoiced"],
        "net_invoiced": sums["net_invoiced"],
        "cogs": sums["cogs"],
        "uncosted": Decimal(0),  # the standard cost of every product of the demo is known
        "gross_profit": profit,
        **{kind: sums[kind] for kind in COSTS},
        "contribution": profit - total(sums[kind] for kind in COSTS),
        "collected": sums["collected"],
        "collection_exchange_difference": sums["collected"] - sums["as_invoiced"],
        "written_off": written_off,
        "open_amount": left - written_off,
    }


def price_waterfall(documents: Documents) -> pd.DataFrame:
    """Lines of orders that count or were cancelled."""
    return frame(documents.once("price_waterfall", _rows))


def price_waterfall_month(documents: Documents) -> pd.DataFrame:
    """Sums by month of order, channel and product family."""
    groups: dict[tuple[object, ...], list[Row]] = defaultdict(list)
    for row in documents.once("price_waterfall", _rows):
        groups[tuple(row[name] for name in GROUP)].append(row)
    amounts = _steps(defaultdict(Decimal)).keys()
    return frame(
        [
            {
                **dict(zip(GROUP, group, strict=True)),
                "order_line_count": sum(row["order_line_id"] is not None for row in rows),
                **{name: total(row[name] for row in rows) for name in amounts},
            }
            for group, rows in groups.items()
        ]
    )
