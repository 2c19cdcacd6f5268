"""Metrics of customers, distributors and product combinations from the demo's raw files, at every cut and period."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from tests.oracles.demo_documents import Documents, documents_of
from tests.oracles.demo_rows import Row
from tests.oracles.marts_cohorts import costs, customer_payback, earnings, members
from tests.oracles.marts_customers import MONTHS, customer_retention, period_start, repeat_purchase_facts
from tests.oracles.marts_distributors import distributor_share, distributor_stability
from tests.oracles.marts_lifetime import customer_ltv_cohort
from tests.oracles.marts_party import UNKNOWN

ZERO = Decimal(0)
COHORT_CUTS = ("channel", "campaign")
COLUMN = {
    "channel": "channel_id",
    "campaign": "campaign_id",
    "distributor": "distributor_id",
    "customer_segment": "customer_segment",
    "customer_region": "customer_region",
}


class At(NamedTuple):
    """Where a value stands: cut, its member (None: total), kind of period, first day (None: all time)."""

    cut: str
    member: str | None
    kind: str
    start: date | None


class Sides(NamedTuple):
    """What is published of a value: both sides as they are added, and the count behind."""

    numerator: Decimal
    denominator: Decimal | None
    n: int


Metric = dict[At, Sides]
Event = tuple[Row, date, Decimal]
"""Members by cut, day, amount."""


def spread(events: Iterable[Event], cuts: Sequence[str]) -> dict[At, Decimal]:
    """Sums at the total and each cut, over each kind of period and all time."""
    sums: dict[At, Decimal] = defaultdict(Decimal)
    for places, on, amount in events:
        starts = [(kind, period_start(on, kind)) for kind in MONTHS]
        for kind, start in [*starts, ("all", None)]:
            for cut in ("total", *cuts):
                sums[At(cut, None if cut == "total" else places[cut] or UNKNOWN, kind, start)] += amount
    return dict(sums)


def joined(
    numerator: dict[At, Decimal], denominator: dict[At, Decimal] | None = None, n: dict[At, Decimal] | None = None
) -> Metric:
    """Every cell that has either side."""
    below = denominator if denominator is not None else {}
    return {
        at: Sides(
            numerator.get(at, ZERO),
            None if denominator is None else below.get(at, ZERO),
            int((n or {}).get(at, ZERO)),
        )
        for at in numerator.keys() | below.keys()
    }


def cells(table: pd.DataFrame, numerator: str, denominator: str | None, n: str | None) -> Metric:
    """A metric over a period table: each row is a cell."""
    found = {}
    for row in table.to_dict("records"):
        member = None if row["cut"] == "total" else row[COLUMN[row["cut"]]]
        found[At(row["cut"], member, row["period_kind"], row["period_start"])] = Sides(
            Decimal(row[numerator]), Decimal(row[denominator]) if denominator else None, int(row[n]) if n else 0
        )
    return found


class CustomerMetrics:
    """One property per metric."""

    def __init__(self, workspace: Path) -> None:
        self.documents: Documents = documents_of(workspace)
        self.demo = self.documents.demo

    @property
    def repeat_purchase_rate(self) -> Metric:
        cuts = ("channel", "campaign", "distributor", "customer_segment", "customer_region")
        exposed, again = [], []
        for row in repeat_purchase_facts(self.demo).to_dict("records"):
            places = {
                "channel": row["origin_channel_id"],
                "campaign": row["origin_campaign_id"],
                "distributor": row["distributor_id"],
                "customer_segment": row["segment"],
                "customer_region": row["region"],
            }
            if row["is_exposed"]:
                exposed.append((places, row["first_order_on"], Decimal(1)))
                if row["is_repeat"]:
                    again.append(exposed[-1])
        every = spread(exposed, cuts)
        return joined(spread(again, cuts), every, every)

    @cached_property
    def _retention(self) -> pd.DataFrame:
        return customer_retention(self.demo)

    @property
    def retention_rate(self) -> Metric:
        return cells(self._retention, "buyers_kept", "buyers_before", "buyers_before")

    @property
    def retention_rate_gross_revenue(self) -> Metric:
        return cells(self._retention, "revenue_kept", "revenue_before", "buyers_before")

    @property
    def retention_rate_net_revenue(self) -> Metric:
        return cells(self._retention, "revenue_now", "revenue_before", "buyers_before")

    # ---- what customers are worth ----------------------------------------------------------------------------------
    @cached_property
    def _new_customers(self) -> tuple[dict[At, Decimal], dict[At, Decimal]]:
        """Weights of the new customers, and how many accounts they are."""
        weights: list[Event] = []
        accounts: dict[At, set[str]] = defaultdict(set)
        for cohort, account, weight in members(self.documents):
            event = ({"channel": cohort.channel, "campaign": cohort.campaign}, cohort.month, weight)
            weights.append(event)
            for at in spread([event], COHORT_CUTS):
                accounts[at].add(account)
        return spread(weights, COHORT_CUTS), {at: Decimal(len(found)) for at, found in accounts.items()}

    def _contribution(self, months: int) -> dict[At, Decimal]:
        return spread(
            (
                ({"channel": of.cohort.channel, "campaign": of.cohort.campaign}, of.cohort.month, of.amount)
                for of in earnings(self.documents)
                if of.measure == "contribution" and of.months_since <= months
            ),
            COHORT_CUTS,
        )

    def ltv_historic(self, months: int) -> Metric:
        """Contribution per customer of the cohort."""
        customers, accounts = self._new_customers
        return joined(self._contribution(months), customers, accounts)

    def ltv_cac_ratio(self, months: int) -> Metric:
        """Contribution of the cohort to what it cost."""
        spent = [
            ({"channel": cohort.channel, "campaign": cohort.campaign}, cohort.month, cost)
            for cohort, cost in costs(self.documents).items()
        ]
        return joined(self._contribution(months), spread(spent, COHORT_CUTS), self._new_customers[1])

    @property
    def ltv_predicted(self) -> Metric:
        return cells(customer_ltv_cohort(self.documents), "predicted", "customers", "customers")

    def payback_months(self, column: str) -> Metric:
        """Months to payback ÷ 1, or 0 ÷ 0 where the cost is not earned back."""
        table = self._payback
        table = table.assign(
            months=[0 if months is None else months for months in table[column]],
            reached=[0 if months is None else 1 for months in table[column]],
        )
        return self._counted(cells(table, "months", "reached", None))

    def payback_shortfall(self, column: str) -> Metric:
        """What is not earned back."""
        return self._counted(cells(self._payback, column, None, None))

    @cached_property
    def _payback(self) -> pd.DataFrame:
        return customer_payback(self.documents)

    def _counted(self, metric: Metric) -> Metric:
        accounts = self._new_customers[1]
        return {at: sides._replace(n=int(accounts.get(at, ZERO))) for at, sides in metric.items()}

    # ---- distributors ----------------------------------------------------------------------------------------------
    def distributor_share(self, column: str) -> Metric:
        """Of the company's total."""
        return cells(distributor_share(self.documents), column, f"company_{column}", "orders")

    def distributor_stability(self, column: str) -> Metric:
        """What of the twelve months has a value; the concentration is the company's."""
        table = distributor_stability(self.documents)
        count = "distributors" if column == "concentration_index" else "months"
        return cells(table[[value is not None for value in table[column]]], column, None, count)

    @property
    def distributor_active_months(self) -> Metric:
        table = distributor_stability(self.documents)
        return cells(table[table["cut"] == "distributor"], "active_months", "months", "months")
