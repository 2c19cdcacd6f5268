"""What each order line of the demo earns and costs, posting by posting: (order line, day, amount in CNY)."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple

import pandas as pd

from tests.oracles.demo_facts import DemoFacts
from tests.oracles.exact import rounded, shares


class Posting(NamedTuple):
    """An amount of one order line on one day."""

    order: str
    line: str
    on: date
    amount: Decimal


class DemoPostings:
    """Postings by measure, of the orders that count."""

    def __init__(self, facts: DemoFacts) -> None:
        self.facts = facts

    @cached_property
    def booked(self) -> list[Posting]:
        orders = self.facts.orders
        return [
            Posting(row.单号, row.line, orders.at[row.单号, "ordered_on"], row.net)
            for row in self.facts.order_lines.itertuples()
        ]

    @cached_property
    def invoice_lines(self) -> pd.DataFrame:
        """Invoice lines of orders that count, in CNY at the rate of the invoice, or of the one reversed."""
        facts = self.facts
        heads = facts.files.invoices().set_index("发票号")
        rows = facts.files.invoice_lines()
        rows = rows[rows["单号"].isin(facts.orders.index)].reset_index(drop=True)
        rows["line"] = rows["单号"] + "-" + rows["订单行号"]
        standard = facts.files.products().set_index("产品编码")["标准成本"].to_dict()
        nets, costs, days = [], [], []
        for row in rows.itertuples():
            head = heads.loc[row.发票号]
            valued = heads.at[head["冲销发票"], "开票日期"] if head["冲销发票"] else head["开票日期"]
            nets.append(facts.functional(row.不含税金额, head["币种"], valued))
            days.append(head["开票日期"])
            if row.成本 is not None:
                costs.append(facts.functional(row.成本, head["币种"], valued))
            elif self.lot_cost.get(row.line):
                cost, shipped = self.lot_cost[row.line]
                costs.append(rounded(cost * Fraction(row.数量) / shipped))
            else:
                costs.append(rounded(standard[row.产品编码] * row.数量))
        return rows.assign(net=nets, cogs=costs, on=days)

    @cached_property
    def lot_cost(self) -> dict[str, tuple[Fraction, Fraction] | None]:
        """Order line → cost and number of the units shipped; None if any of them is of a lot that we did not make.

        A unit's cost has the 6 decimals of a price.
        """
        lots = self.facts.files.lots()
        lots["cost"] = lots["material_cost"] + lots["labour_cost"] + lots["overhead_cost"]
        made = lots.groupby(["product", "lot_no"])[["cost", "qty_finished"]].sum()
        unit = {
            lot: rounded(Fraction(row.cost) / Fraction(row.qty_finished), 6)
            for lot, row in zip(made.index, made.itertuples(), strict=True)
            if row.qty_finished
        }
        product = (self.facts.files.order_lines().assign(line=lambda f: f["单号"] + "-" + f["行号"])).set_index("line")
        found: dict[str, list[Fraction]] = defaultdict(lambda: [Fraction(0), Fraction(0)])
        bought: set[str] = set()
        for row in self.facts.deliveries.itertuples():
            if row.line in product.index:
                cost = unit.get((product.at[row.line, "产品编码"], row.批号))
                if cost is None:
                    bought.add(row.line)
                    continue
                found[row.line][0] += Fraction(row.数量) * Fraction(cost)
                found[row.line][1] += Fraction(row.数量)
        known = {line: (rounded_sum(cost), quantity) for line, (cost, quantity) in found.items()}
        return {**known, **dict.fromkeys(bought)}

    @cached_property
    def invoiced(self) -> list[Posting]:
        return [Posting(row.单号, row.line, row.on, row.net) for row in self.invoice_lines.itertuples()]

    @cached_property
    def cogs(self) -> list[Posting]:
        return [Posting(row.单号, row.line, row.on, row.cogs) for row in self.invoice_lines.itertuples()]

    @cached_property
    def costs(self) -> list[Posting]:
        """Freight, commission, rebate, bad debt and after-sales, each shared among the order lines it belongs to."""
        facts = self.facts
        lines = facts.order_lines.assign(number=facts.order_lines["行号"].astype(int)).sort_values(["单号", "number"])
        result: list[Posting] = []

        def share(amount: Decimal, on: date, order: str, bearers: pd.DataFrame) -> None:
            for line, part in zip(bearers["line"], shares(amount, bearers["不含税金额"].tolist()), strict=True):
                result.append(Posting(order, line, on, part))

        by_order = {str(order): group for order, group in lines.groupby("单号")}
        for row in facts.files.order_costs().itertuples():
            # contribution is after freight, commission, rebate and bad debt; other costs of an order are told apart
            if row.单号 in by_order and row.费用类型 != "招标服务费":
                share(row.金额, row.发生日期, row.单号, by_order[row.单号])
        for _, parcel in facts.deliveries.groupby("发货单号"):
            head = parcel.iloc[0]
            if head["单号"] in by_order and head["运费"] is not None:  # sea freight is billed as a cost of the order
                group = by_order[head["单号"]]
                share(head["运费"], head["on"], head["单号"], group[group["line"].isin(parcel["line"])])
        serials = facts.deliveries[facts.deliveries["序列号"] != ""].set_index("序列号")["line"].to_dict()
        for ticket in facts.files.tickets().itertuples():
            line = serials.get(ticket.serial_no, "")
            order = ticket.order_no or line.split("-")[0]  # a ticket may know only the serial number
            amount = ticket.parts_cost + ticket.labour_cost + ticket.travel_cost - ticket.recovered
            if order in by_order:
                group = by_order[order]
                own = group["line"] == line
                bearers = group[own] if own.any() else group[group["产品编码"] == ticket.product]
                share(amount, ticket.opened_at.date(), order, bearers)
            elif not order:  # of a device that nobody can name any more: a cost all the same
                result.append(Posting("", "", ticket.opened_at.date(), amount))
        return result

    @cached_property
    def contribution(self) -> list[Posting]:
        """Gross profit by invoice line, less the costs above on their own days."""
        gains = [Posting(row.单号, row.line, row.on, row.net - row.cogs) for row in self.invoice_lines.itertuples()]
        return gains + [cost._replace(amount=-cost.amount) for cost in self.costs]

    @cached_property
    def collected(self) -> list[tuple[str, date, int, Decimal]]:
        """(order, paid on, days since invoice, net in CNY) per receipt, rounded on the invoice's running total.

        What is paid back against a credit note is no receipt: how fast customers pay is not told by it.
        """
        facts = self.facts
        heads = facts.files.invoices().set_index("发票号")
        paid = facts.files.payments().set_index("收款单号")["收款日期"]
        rows = facts.files.allocations()
        rows["paid"] = rows["收款单号"].map(paid)
        result = []
        for invoice, group in rows.sort_values(["paid", "核销号"]).groupby("发票号", sort=False):
            head = heads.loc[invoice]
            if head["发票类型"] == "红字发票":
                continue
            gross, settled, before = head["不含税金额"] + head["税额"], Decimal(0), Decimal(0)
            for row in group.itertuples():
                settled += row.核销金额
                reached = rounded(Fraction(settled) * Fraction(head["不含税金额"]) / Fraction(gross))
                amount = facts.functional(reached - before, head["币种"], row.paid)
                before = reached
                if head["单号"] in facts.orders.index:
                    result.append((head["单号"], row.paid, (row.paid - head["开票日期"]).days, amount))
        return result


def rounded_sum(cost: Fraction) -> Fraction:
    """A cost in CNY with the 4 decimals that quantities have."""
    return Fraction(rounded(cost, 4))
