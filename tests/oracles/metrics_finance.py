"""Metrics of finance from the demo's raw files: both sides and n, in every cut and every kind of period."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from tests.oracles.demo_documents import Documents, documents_of
from tests.oracles.demo_rows import Row
from tests.oracles.exact import rounded
from tests.oracles.marts_attribution import DEFAULT_MODEL, cost_allocation, new_customer_weight, order_measure
from tests.oracles.marts_finance import invoice_line_facts, order_cost_facts, payment_line_facts
from tests.oracles.marts_leads import lead_facts
from tests.oracles.marts_market import work_hours_facts
from tests.oracles.marts_receivables import CUTS, PERIODS, receivable_month, receivable_period

ACCOUNT_CUTS = ("total", "account", "customer_segment", "customer_region")


class Cell(NamedTuple):
    """A number by cut, its members in the order of the cut, and period."""

    cut: str
    members: tuple[str | None, ...]
    period_kind: str
    period_start: date | None


class Sides(NamedTuple):
    """Numerator, denominator (None: the metric is no ratio) and n (None: not compared)."""

    numerator: Decimal
    denominator: Decimal | None = None
    n: int | None = None


Numbers = dict[Cell, Sides]
Cuts = Mapping[str, tuple[str, ...]]
"""Name of a cut → the names under which events carry its members."""


def cells_of(event: Row, on: str, cuts: Cuts) -> Iterable[Cell]:
    """Every cell that an event falls into; NULL members are ``unknown``."""
    month = event[on].replace(day=1)
    for cut, names in cuts.items():
        members = tuple("unknown" if _empty(event[name]) else event[name] for name in names)
        for kind, start_of in PERIODS.items():
            yield Cell(cut, members, kind, start_of(month))


def sums(events: Iterable[Row], on: str, amount: str, cuts: Cuts) -> dict[Cell, Decimal]:
    """Amounts of events by their day, in every cut and kind of period."""
    found: dict[Cell, Decimal] = defaultdict(Decimal)
    for event in events:
        for cell in cells_of(event, on, cuts):
            found[cell] += event[amount]
    return dict(found)


def distinct(events: Iterable[Row], on: str, name: str, cuts: Cuts) -> dict[Cell, int]:
    """How many different values a column of events has."""
    found: dict[Cell, set[str]] = defaultdict(set)
    for event in events:
        if event[name] is not None:
            for cell in cells_of(event, on, cuts):
                found[cell].add(event[name])
    return {cell: len(values) for cell, values in found.items()}


def ratio(numerator: Mapping[Cell, Decimal], denominator: Mapping[Cell, Decimal]) -> Numbers:
    """Both sides of every cell that has either."""
    zero = Decimal(0)
    return {
        cell: Sides(numerator.get(cell, zero), denominator.get(cell, zero))
        for cell in numerator.keys() | denominator.keys()
    }


BASES: Cuts = {
    "total": (),
    "channel": ("origin_channel_id",),
    "campaign": ("origin_campaign_id",),
    "salesperson": ("salesperson_id",),
    "distributor": ("distributor_id",),
    "account": ("account_id",),
    "product_family": ("product_family",),
}
CHANNEL: Cuts = {"total": (), "channel": ("channel_id",)}
TOTAL: Cuts = {"total": ()}


class FinanceMetrics:
    """One method per metric and variant."""

    def __init__(self, workspace: Path) -> None:
        self.documents: Documents = documents_of(workspace)

    # ---- receivables -----------------------------------------------------------------------------------------------
    def _closing(self, cuts: Iterable[str], sides: Callable[[Row], Sides | None]) -> Numbers:
        rows = self.documents.once("receivable_period", lambda made: receivable_period(made).to_dict("records"))
        found: Numbers = {}
        for row in (row for row in rows if row["cut"] in set(cuts)):
            start = row["period_start"] if isinstance(row["period_start"], date) else None
            cell = Cell(row["cut"], tuple(row[name] for name in CUTS[row["cut"]]), row["period_kind"], start)
            if (value := sides(row)) is not None:
                found[cell] = value
        return found

    def receivables(self) -> Numbers:
        return self._closing(CUTS, lambda row: Sides(row["open_amount"], None, row["open_account_count"]))

    def advances(self) -> Numbers:
        return self._closing(ACCOUNT_CUTS, lambda row: Sides(row["advance_amount"], None, row["advance_account_count"]))

    def overdue_rate(self) -> Numbers:
        return self._closing(
            ACCOUNT_CUTS,
            lambda row: Sides(row["overdue_amount"], row["open_amount"], row["open_account_count"]),
        )

    def dso(self) -> Numbers:
        return self._closing(ACCOUNT_CUTS, lambda row: Sides(row["open_day_amount"], row["dso_sales"]))

    def dso_countback(self) -> Numbers:
        return self._closing(
            ACCOUNT_CUTS,
            lambda row: (
                None if _empty(row["countback_sales"]) else Sides(row["countback_amount"], row["countback_sales"])
            ),
        )

    def _monthly(self, amount: str) -> dict[Cell, Decimal]:
        rows = receivable_month(self.documents).to_dict("records")
        return sums(rows, "month", amount, {cut: CUTS[cut] for cut in ACCOUNT_CUTS})

    def bad_debt(self) -> Numbers:
        return {cell: Sides(amount) for cell, amount in self._monthly("bad_debt").items()}

    def bad_debt_rate(self) -> Numbers:
        return ratio(self._monthly("bad_debt"), self._monthly("credit_sales"))

    # ---- the three bases -------------------------------------------------------------------------------------------
    def _postings(self, measure: str, cuts: Cuts = BASES) -> Numbers:
        products = self.documents.demo.facts.files.products()
        family = dict(zip("erp:" + products["产品编码"], products["系列"], strict=True))
        rows = [
            {**row, "product_family": family.get(row["product_id"])}
            for row in order_measure(self.documents).to_dict("records")
            if row["measure"] == measure
        ]
        amounts = sums(rows, "posted_on", "amount", cuts)
        orders = distinct(rows, "posted_on", "order_id", cuts)
        return {cell: Sides(amount, None, orders.get(cell, 0)) for cell, amount in amounts.items()}

    def net_booked(self) -> Numbers:
        return self._postings("booked")

    def net_invoiced(self) -> Numbers:
        return self._postings("invoiced")

    def collected(self) -> Numbers:
        return self._postings("collected")

    def contribution(self) -> Numbers:
        return self._postings("contribution", {**BASES, "product": ("product_id",)})

    def _collected_contribution(self, cuts: Cuts) -> dict[Cell, Decimal]:
        rows = payment_line_facts(self.documents).to_dict("records")
        known = [row for row in rows if not row["is_excluded"] and row["contribution_collected"] is not None]
        return sums(known, "paid_on", "contribution_collected", cuts)

    def contribution_collected(self) -> Numbers:
        cuts = {"total": (), "account": ("account_id",)}
        return {cell: Sides(amount) for cell, amount in self._collected_contribution(cuts).items()}

    def _order_lines(self) -> list[Row]:
        """Order lines that count: net booked, standard cost, list price or None."""
        products = self.documents.demo.facts.files.products()
        standard = dict(zip(products["产品编码"], products["标准成本"], strict=True))
        family = dict(zip(products["产品编码"], products["系列"], strict=True))
        found = []
        for number, order in self.documents.orders.items():
            rate, _ = self.documents.demo.rows.rate(order["currency"], order["ordered_on"])
            for line in self.documents.lines.get(number, []) if not order["is_excluded"] else []:
                net = rounded(line["不含税金额"] * rate)
                cost = rounded(standard[line["产品编码"]] * line["数量"])
                unlisted = net if line["目录价"] is None else Decimal(0)
                more = {"product_family": family[line["产品编码"]], "net": net, "unlisted": unlisted}
                found.append({**order, **more, "contribution": net - cost})
        return found

    def _booked_contribution(self, cuts: Cuts) -> dict[Cell, Decimal]:
        costs = [
            {**self.documents.orders[row["order_id"].removeprefix("erp:")], "contribution": -row["amount"]}
            for row in order_cost_facts(self.documents).to_dict("records")
            if row["order_id"] and not row["is_excluded"] and row["kind"] != "other"
        ]
        return sums([*self._order_lines(), *costs], "ordered_on", "contribution", cuts)

    def contribution_booked(self) -> Numbers:
        cuts = {name: names for name, names in BASES.items() if name != "product_family"}
        return {cell: Sides(amount) for cell, amount in self._booked_contribution(cuts).items()}

    def unlisted_rate(self) -> Numbers:
        names = ("total", "channel", "salesperson", "distributor", "product_family")
        cuts = {name: BASES[name] for name in names}
        rows = self._order_lines()
        return ratio(sums(rows, "ordered_on", "unlisted", cuts), sums(rows, "ordered_on", "net", cuts))

    def aov_median(self) -> Numbers:
        cuts = {name: names for name, names in BASES.items() if name != "product_family"}
        orders: dict[str, Row] = {}
        for row in self._order_lines():
            known = orders.setdefault(row["order_id"], {**row, "net": Decimal(0)})
            known["net"] += row["net"]
        values: dict[Cell, list[Decimal]] = defaultdict(list)
        for order in orders.values():
            for cell in cells_of(order, "ordered_on", cuts):
                values[cell].append(order["net"])
        return {cell: Sides(_median(amounts), None, len(amounts)) for cell, amounts in values.items()}

    def gross_margin_rate(self) -> Numbers:
        cuts = {name: names for name, names in BASES.items() if name in ("total", "account")}
        rows = [row for row in invoice_line_facts(self.documents).to_dict("records") if not row["is_excluded"]]
        return ratio(sums(rows, "invoiced_on", "gross_profit", cuts), sums(rows, "invoiced_on", "net_invoiced", cuts))

    # ---- marketing money -------------------------------------------------------------------------------------------
    def _cost(self, *bases: str, acquisition: bool = False, cuts: Cuts = CHANNEL) -> dict[Cell, Decimal]:
        rows = cost_allocation(self.documents).to_dict("records")
        kept = [row for row in rows if row["basis"] in bases and (row["is_acquisition"] or not acquisition)]
        return sums(kept, "allocated_on", "amount", cuts)

    def marketing_spend_loaded(self) -> Numbers:
        return {cell: Sides(amount) for cell, amount in self._cost("direct", "shared").items()}

    def cpl_loaded(self) -> Numbers:
        leads = [
            {"on": lead["created_on"], "channel_id": lead["origin_channel_id"], "count": Decimal(1)}
            for lead in lead_facts(self.documents.demo).to_dict("records")
            if lead["is_valid"]
        ]
        return ratio(self._cost("direct", "shared", acquisition=True), sums(leads, "on", "count", CHANNEL))

    def cac_loaded(self) -> Numbers:
        hours = work_hours_facts(self.documents.demo).to_dict("records")
        cost = self._cost("direct", "shared", acquisition=True)
        for cell, amount in sums(
            [row for row in hours if row["is_acquisition"]], "worked_on", "sales_cost", CHANNEL
        ).items():
            cost[cell] = cost.get(cell, Decimal(0)) + amount
        new = [
            {**row, "channel_id": row["channel_id"] if isinstance(row["channel_id"], str) else "unattributed"}
            for row in new_customer_weight(self.documents).to_dict("records")
            if row["model"] == DEFAULT_MODEL
        ]
        return ratio(cost, sums(new, "converted_on", "weight", CHANNEL))

    def _total_roi(self, contribution: Mapping[Cell, Decimal]) -> Numbers:
        cost = self._cost("direct", "shared", "unallocated", cuts=TOTAL)
        zero = Decimal(0)
        return {
            cell: Sides(contribution.get(cell, zero) - cost.get(cell, zero), cost.get(cell, zero))
            for cell in contribution.keys() | cost.keys()
        }

    def total_roi(self) -> Numbers:
        return self._total_roi({cell: sides.numerator for cell, sides in self._postings("contribution", TOTAL).items()})

    def total_roi_booked(self) -> Numbers:
        return self._total_roi(self._booked_contribution(TOTAL))

    def total_roi_collected(self) -> Numbers:
        return self._total_roi(self._collected_contribution(TOTAL))


def _median(amounts: list[Decimal]) -> Decimal:
    ordered, middle = sorted(amounts), len(amounts) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def _empty(value: Any) -> bool:
    return value is None or value != value  # noqa: PLR0124 - NaN, as pandas has it
