"""What customers earn by the months since they were won, and when they have earned back what it cost to win them,
worked out from the demo's raw files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate
from typing import NamedTuple

import pandas as pd

from tests.oracles.demo_documents import Documents
from tests.oracles.demo_facts import AS_OF
from tests.oracles.demo_rows import Row, frame
from tests.oracles.exact import rounded, total
from tests.oracles.marts_attribution import DEFAULT_MODEL, cost_allocation, new_customer_weight, order_measure
from tests.oracles.marts_books import month_of
from tests.oracles.marts_customers import MONTHS, period_after, period_start
from tests.oracles.marts_scorecards import UNKNOWN, _touched

MEASURE = {"contribution": "contribution", "invoiced": "net_invoiced", "collected": "collected"}
CUTS = {"total": None, "channel": "channel_id", "campaign": "campaign_id"}


class Cohort(NamedTuple):
    """Who was won in a month by a channel and campaign."""

    month: date
    channel: str
    campaign: str


class Earning(NamedTuple):
    """So much of a measure, so many months after."""

    cohort: Cohort
    months_since: int
    measure: str
    amount: Decimal


def months_between(earlier: date, later: date) -> int:
    """Calendar months."""
    return 12 * (later.year - earlier.year) + later.month - earlier.month


def members(documents: Documents) -> list[tuple[Cohort, str, Decimal]]:
    """Cohort, account, weight."""
    return [
        (Cohort(month_of(row["converted_on"]), *_touched(row)), row["account_id"], row["weight"])
        for row in new_customer_weight(documents).to_dict("records")
        if row["model"] == DEFAULT_MODEL
    ]


def costs(documents: Documents) -> dict[Cohort, Decimal]:
    """What was spent to win customers, by month, channel and campaign."""
    found: dict[Cohort, Decimal] = defaultdict(Decimal)
    for row in cost_allocation(documents).to_dict("records"):
        if row["basis"] == "direct" and row["is_acquisition"]:
            found[Cohort(row["month"], row["channel_id"], row["campaign_id"] or UNKNOWN)] += row["amount"]
    return found


def earnings(documents: Documents) -> list[Earning]:
    """Every posting of a customer, shared by its weights; what came before the first order stands in month 0."""
    by_account: dict[str, list[Row]] = defaultdict(list)
    for row in order_measure(documents).to_dict("records"):
        if row["account_id"] and row["measure"] in MEASURE:
            by_account[row["account_id"]].append(row)
    return [
        Earning(
            cohort,
            max(0, months_between(cohort.month, row["posted_on"])),
            MEASURE[row["measure"]],
            row["amount"] * weight,
        )
        for cohort, account, weight in members(documents)
        for row in by_account[account]
    ]


def customer_cohort_month(documents: Documents) -> pd.DataFrame:
    """Every month of every cohort, up to the month of the as-of date."""
    won: dict[Cohort, Decimal] = defaultdict(Decimal)
    for cohort, _, weight in members(documents):
        won[cohort] += weight
    spent = costs(documents)
    earned: dict[tuple[Cohort, int, str], Decimal] = defaultdict(Decimal)
    for cohort, months, measure, amount in earnings(documents):
        earned[cohort, months, measure] += amount
    rows = []
    for cohort in {*won, *spent}:
        running = dict.fromkeys(MEASURE.values(), Decimal(0))
        for months in range(months_between(cohort.month, AS_OF) + 1):
            here = {name: earned[cohort, months, name] for name in running}
            running = {name: running[name] + here[name] for name in running}
            month = period_after(cohort.month, "month", months)
            rows.append(
                {
                    "cohort_start": cohort.month,
                    "channel_id": cohort.channel,
                    "campaign_id": cohort.campaign,
                    "months_since": months,
                    "month": month,
                    "is_complete": period_after(month, "month") - timedelta(days=1) <= AS_OF,
                    "customers": won.get(cohort, Decimal(0)),
                    "cohort_cost": spent.get(cohort, Decimal(0)),
                    **here,
                    **{f"cumulative_{name}": amount for name, amount in running.items()},
                }
            )
    return frame(rows)


def customer_payback(documents: Documents) -> pd.DataFrame:
    """The curve of each group of cohorts with a cost, and where it meets the cost."""
    spent = costs(documents)
    earned: dict[Cohort, list[Earning]] = defaultdict(list)
    for earning in earnings(documents):
        earned[earning.cohort].append(earning)
    won: dict[Cohort, Decimal] = defaultdict(Decimal)
    for cohort, _, weight in members(documents):
        won[cohort] += weight
    groups: dict[tuple[str, str, date | None, str | None, str | None], set[Cohort]] = defaultdict(set)
    for cohort in {*won, *spent}:
        for kind in (*MONTHS, "all"):
            start = None if kind == "all" else period_start(cohort.month, kind)
            groups["total", kind, start, None, None].add(cohort)
            groups["channel", kind, start, cohort.channel, None].add(cohort)
            groups["campaign", kind, start, None, cohort.campaign].add(cohort)
    rows = []
    for (cut, kind, start, channel, campaign), cohorts in groups.items():
        cost = total(spent.get(cohort, Decimal(0)) for cohort in cohorts)
        if cost <= 0:
            continue
        last = max(months_between(cohort.month, AS_OF) for cohort in cohorts)
        curve = _curve([earning for cohort in cohorts for earning in earned[cohort]], last)
        invoiced, collected = [point for point, _ in curve], [point for _, point in curve]
        months = _first(invoiced, cost)
        months_collected = _first(collected, cost)
        rows.append(
            {
                "cut": cut,
                "period_kind": kind,
                "period_start": start,
                "channel_id": channel,
                "campaign_id": campaign,
                "customers": total(won.get(cohort, Decimal(0)) for cohort in cohorts),
                "cohort_cost": cost,
                "contribution": invoiced[-1],
                "contribution_collected": collected[-1],
                "payback_months": months,
                "payback_months_collected": months_collected,
                "shortfall": Decimal(0) if months is not None else cost - invoiced[-1],
                "shortfall_collected": Decimal(0) if months_collected is not None else cost - (collected[-1] or 0),
            }
        )
    return frame(rows)


def _curve(found: Iterable[Earning], last: int) -> list[tuple[Decimal, Decimal | None]]:
    """Cumulative contribution by month, and the same × the collected share of what was invoiced."""
    flow: dict[str, list[Decimal]] = {name: [Decimal(0)] * (last + 1) for name in MEASURE.values()}
    for earning in found:
        flow[earning.measure][earning.months_since] += earning.amount
    sums = {name: list(accumulate(amounts)) for name, amounts in flow.items()}
    points: list[tuple[Decimal, Decimal | None]] = []
    for contribution, invoiced, collected in zip(
        sums["contribution"], sums["net_invoiced"], sums["collected"], strict=True
    ):
        # amounts enter a share with 4 decimals, as everywhere
        parts = [Fraction(rounded(amount, 4)) for amount in (contribution, collected, invoiced)]
        share = rounded(parts[0] * parts[1] / parts[2]) if parts[2] else None
        points.append((contribution, share))
    return points


def _first(curve: list[Decimal] | list[Decimal | None], cost: Decimal) -> int | None:
    return next((months for months, amount in enumerate(curve) if amount is not None and amount >= cost), None)
