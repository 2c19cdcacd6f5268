"""What each order line of the demo is billed, costs and brings in, counted or not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple

from tests.oracles.demo_orders import OrderDemo, days
from tests.oracles.demo_rows import Row, erp
from tests.oracles.exact import rounded, shares, total

COSTS = ("freight", "commission", "rebate", "bad_debt", "other_cost", "after_sales")


class Receipt(NamedTuple):
    """Money without its VAT, in CNY, of one line."""

    line: str
    on: date
    amount: Decimal
    days: int | None
    """Since the invoice; None for money paid back."""


class OrderMoney:
    """What each order line is billed, costs and brings in."""

    def __init__(self, demo: OrderDemo) -> None:
        self.demo = demo
        self.standard = {row["产品编码"]: row["标准成本"] for row in demo.raw.table("products")}
        self.invoices = {row["发票号"]: row for row in demo.raw.table("invoices")}

    def functional(self, amount: Decimal, currency: str, day: date) -> Decimal:
        """In CNY to the cent."""
        return rounded(amount * self.demo.rows.rate(currency, day)[0])

    # ---- invoices --------------------------------------------------------------------------------------------------
    @cached_property
    def invoice_lines(self) -> dict[str, list[Row]]:
        """Order line → what was invoiced of it: net and cost in CNY; a credit note at the rate of what it reverses."""
        found: dict[str, list[Row]] = defaultdict(list)
        for row in self.demo.raw.table("invoice_lines"):
            head = self.invoices[row["发票号"]]
            reversed_head = self.invoices.get(head["冲销发票"] or "", head)
            line, day = f"{row['单号']}-{row['订单行号']}", reversed_head["开票日期"]
            net = self.functional(row["不含税金额"], head["币种"], day)
            if row["成本"] is not None:
                cost = self.functional(row["成本"], head["币种"], day)
            elif line in self.lot_costs:
                whole, quantity = self.lot_costs[line]
                cost = rounded(Fraction(row["数量"]) * Fraction(whole) / Fraction(quantity))
            else:
                cost = rounded(self.standard[row["产品编码"]] * row["数量"])
            found[line].append({"on": head["开票日期"], "net": net, "cost": cost})
        return found

    @cached_property
    def lot_costs(self) -> dict[str, tuple[Decimal, Decimal]]:
        """Order line → cost and number of the units shipped, where all of them are of lots whose cost is known."""
        unit: dict[str, Decimal] = {}
        for (product, lot_no), orders in self.demo.made.items():
            cost = total(order[f"{kind}_cost"] for order in orders for kind in ("material", "labour", "overhead"))
            quantity = total(order["qty_finished"] for order in orders)
            if quantity:
                # with the 6 decimals of a price
                unit[f"{erp(product)}|{lot_no}"] = rounded(Fraction(cost) / Fraction(quantity), 6)
        found = {}
        for line, parcels in self.demo.parcels.items():
            if all(parcel["lot_id"] in unit for parcel in parcels):
                whole = total(parcel["数量"] * unit[parcel["lot_id"]] for parcel in parcels)
                found[line] = (whole, total(parcel["数量"] for parcel in parcels))
        return found

    # ---- costs -----------------------------------------------------------------------------------------------------
    @cached_property
    def costs(self) -> dict[str, dict[str, Decimal]]:
        """Kind → order line → amount: each cost shared by net amount among the lines that it belongs to."""
        found: dict[str, dict[str, Decimal]] = {kind: defaultdict(Decimal) for kind in COSTS}

        def share(kind: str, amount: Decimal, bearers: Iterable[Row]) -> None:
            lines = list(bearers)
            assert lines, f"{kind} of {amount} has nobody to bear it"
            for line, part in zip(lines, shares(amount, [line["不含税金额"] for line in lines]), strict=True):
                found[kind][line["line"]] += part

        demo = self.demo
        for row in demo.raw.table("order_costs"):
            kind = "other_cost" if row["费用类型"] == "other" else row["费用类型"]
            share(kind, row["金额"], demo.lines_of[row["单号"]])
        carried: dict[str, set[str]] = defaultdict(set)
        for row in demo.shipped:
            carried[row["发货单号"]].add(row["line"])
        for number, row in demo.shipments.items():
            if row["运费"] is not None:  # sea freight is billed as a cost of the order
                lines = demo.lines_of[row["单号"]]
                share("freight", row["运费"], [line for line in lines if line["line"] in carried[number]])
        for row in demo.tickets:
            if row["order"] is not None:  # else it is of a device that nobody can name any more
                lines = demo.lines_of[row["order"]]
                same = [line for line in lines if line["产品编码"] == row["of_product"]]
                own = [line for line in lines if line["line"] == row["line"]]
                net = row["parts_cost"] + row["labour_cost"] + row["travel_cost"] - row["recovered"]
                share("after_sales", net, own or same)
        return found

    # ---- receipts --------------------------------------------------------------------------------------------------
    @cached_property
    def receipts(self) -> list[Receipt]:
        """Allocations less their VAT, on running totals over payments and lines, in the invoice's currency and in CNY.

        So a payment's lines add up to the payment, and a paid invoice's payments to each line's net.
        """
        billed: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
        for row in self.demo.raw.table("invoice_lines"):
            billed[row["发票号"]][f"{row['单号']}-{row['订单行号']}"] += row["不含税金额"]
        payments = {row["收款单号"]: row for row in self.demo.raw.table("payments")}
        settled: dict[str, list[Row]] = defaultdict(list)
        for row in self.demo.raw.table("allocations"):
            settled[row["发票号"]].append({**row, "paid": payments[row["收款单号"]]["收款日期"]})
        found = []
        for number, rows in settled.items():
            head, lines = self.invoices[number], billed[number]
            gross, running, before = head["不含税金额"] + head["税额"], Decimal(0), Decimal(0)
            for row in sorted(rows, key=lambda row: (row["paid"], row["核销号"])):
                running += row["核销金额"]
                reached = rounded(Fraction(running) * Fraction(head["不含税金额"]) / Fraction(gross))
                back = head["发票类型"] == "credit_note" or row["核销金额"] < 0
                # money paid back takes the rate of the payment before it, which only other currencies could tell
                assert not back or head["币种"] == "CNY"
                waited = None if back else days(head["开票日期"], row["paid"])
                nets = list(lines.values())
                after, earlier = shares(reached, nets), shares(before, nets)
                rest, inside = Decimal(0), Decimal(0)
                for line, here, there in zip(lines, after, earlier, strict=True):
                    rest += here - there
                    reached_inside = self.functional(rest, head["币种"], row["paid"])
                    found.append(Receipt(line, row["paid"], reached_inside - inside, waited))
                    inside = reached_inside
                before = reached
        return found
