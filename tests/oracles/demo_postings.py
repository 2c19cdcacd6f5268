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
            elif row.line in self._lot_cost:
                cost, shipped = self._lot_cost[row.line]
                costs.append(rounded(cost * Fraction(row.数量) / shipped))
            else:
                costs.append(rounded(standard[row.产品编码] * row.数量))
        return rows.assign(net=nets, cogs=costs, on=days)

    @cached_property
    def _lot_cost(self) -> dict[str, tuple[Fraction, Fraction]]:
        """Order line → cost and number of the units shipped. A unit's cost has the 6 decimals of a price."""
        lots = self.facts.files.lots()
        unit = {
            (row.product, row.lot_no): rounded(
                Fraction(row.material_cost + row.labour_cost + row.overhead_cost) / Fraction(row.qty_finished), 6
            )
            for row in lots.itertuples()
        }
        product = (self.facts.files.order_lines().assign(line=lambda f: f["单号"] + "-" + f["行号"])).set_index("line")
        found: dict[str, list[Fraction]] = defaultdict(lambda: [Fraction(0), Fraction(0)])
        for row in self.facts.deliveries.itertuples():
            if row.line in product.index:
                found[row.line][0] += Fraction(row.数量) * Fraction(unit[product.at[row.line, "产品编码"], row.批号])
                found[row.line][1] += Fraction(row.数量)
        return {line: (rounded_sum(cost), quantity) for line, (cost, quantity) in found.items()}

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
            if row.单号 in by_order:
                share(row.金额, row.发生日期, row.单号, by_order[row.单号])
        for _, parcel in facts.deliveries.groupby("发货单号"):
            head = parcel.iloc[0]
            if head["单号"] in by_order:
                group = by_order[head["单号"]]
                share(head["运费"], head["on"], head["单号"], group[group["line"].isin(parcel["line"])])
        serials = facts.deliveries[facts.deliveries["序列号"] != ""].set_index("序列号")["line"].to_dict()
        for ticket in facts.files.tickets().itertuples():
            if ticket.order_no in by_order:
                group = by_order[ticket.order_no]
                own = group["line"] == serials.get(ticket.serial_no, "")
                bearers = group[own] if own.any() else group[group["产品编码"] == ticket.product]
                amount = ticket.parts_cost + ticket.labour_cost + ticket.travel_cost - ticket.recovered
                share(amount, ticket.opened_at.date(), ticket.order_no, bearers)
        return result

    @cached_property
    def contribution(self) -> list[Posting]:
        """Gross profit by invoice line, less the costs above on their own days."""
        gains = [Posting(row.单号, row.line, row.on, row.net - row.cogs) for row in self.invoice_lines.itertuples()]
        return gains + [cost._replace(amount=-cost.amount) for cost in self.costs]

    @cached_property
    def collected(self) -> list[tuple[str, date, int, Decimal]]:
        """(order, paid on, days since invoice, net in CNY) per allocation, rounded on the invoice's running total."""
        facts = self.facts
        heads = facts.files.invoices().set_index("发票号")
        paid = facts.files.payments().set_index("收款单号")["收款日期"]
        rows = facts.files.allocations()
        rows["paid"] = rows["收款单号"].map(paid)
        result = []
        for invoice, group in rows.sort_values(["paid", "核销号"]).groupby("发票号", sort=False):
            head = heads.loc[invoice]
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
