"""Predicted lifetime value, worked out from the demo's raw files in fractions: cohort means drawn towards the mean of
all, after Bühlmann and Straub. The ends of the intervals come of draws and are judged by themselves."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pandas as pd

from tests.oracles.demo_documents import Documents
from tests.oracles.demo_facts import AS_OF
from tests.oracles.demo_rows import frame
from tests.oracles.exact import rounded, total
from tests.oracles.marts_attribution import order_measure
from tests.oracles.marts_customers import MONTHS, Purchase, customers, period_start, purchases
from tests.oracles.marts_party import UNKNOWN

HORIZON = 365
ENDS = ("expected_low", "expected_high", "predicted_low", "predicted_high")


def _contribution(documents: Documents) -> dict[str, Decimal]:
    """By order."""
    found: dict[str, Decimal] = defaultdict(Decimal)
    for row in order_measure(documents).to_dict("records"):
        if row["measure"] == "contribution" and row["order_id"]:
            found[row["order_id"].removeprefix("erp:")] += row["amount"]
    return found


def _rates(orders: list[Purchase], worth: dict[str, Decimal], until: date) -> dict[str, Fraction]:
    """Account → contribution per day, from what came after the day of its first order."""
    mine: dict[str, list[Purchase]] = defaultdict(list)
    for order in orders:
        if order.on <= until:
            mine[order.account].append(order)
    first = {account: min(order.on for order in own) for account, own in mine.items()}
    amount = {
        account: Fraction(total(worth.get(order.order, Decimal(0)) for order in own if order.on > first[account]))
        for account, own in mine.items()
    }
    days = {account: Fraction(max((until - on).days, 1)) for account, on in first.items()}
    cohorts: dict[date, list[str]] = defaultdict(list)
    for account, on in first.items():
        cohorts[period_start(on, "quarter")].append(account)
    whole = sum(days.values())
    overall = sum(amount.values()) / whole
    weight = {cohort: sum(days[a] for a in members) for cohort, members in cohorts.items()}
    mean = {cohort: sum(amount[a] for a in members) / weight[cohort] for cohort, members in cohorts.items()}
    within = sum(
        days[a] * (amount[a] / days[a] - mean[cohort]) ** 2 for cohort, members in cohorts.items() for a in members
    ) / (len(first) - len(cohorts))
    between = (sum(weight[c] * (mean[c] - overall) ** 2 for c in cohorts) - (len(cohorts) - 1) * within) / (
        whole - sum(w**2 for w in weight.values()) / whole
    )
    between = max(between, Fraction(0))
    return {
        account: overall + weight[c] * between / (weight[c] * between + within) * (mean[c] - overall)
        for c, members in cohorts.items()
        for account in members
    }


def _holdout(orders: list[Purchase], worth: dict[str, Decimal]) -> Decimal:
    days = min(HORIZON, (AS_OF - min(order.on for order in orders)).days // 3)
    start = AS_OF - timedelta(days=days)
    rates = _rates(orders, worth, start)
    actual = Fraction(total(worth.get(o.order, Decimal(0)) for o in orders if o.on > start and o.account in rates))
    return rounded(abs(days * sum(rates.values()) - actual) / abs(actual), 8)


def customer_ltv(documents: Documents) -> pd.DataFrame:
    """Everything but the ends of the intervals."""
    orders, worth = purchases(documents.demo), _contribution(documents)
    known = customers(documents.demo)
    error = _holdout(orders, worth)
    rows = []
    for account, rate in _rates(orders, worth, AS_OF).items():
        so_far = known[account]["contribution"]
        expected = rounded(HORIZON * rate)
        rows.append(
            {
                "account_id": account,
                "method": "shrunk_cohort_mean",
                "horizon_days": HORIZON,
                "contribution_to_date": so_far,
                "expected": expected,
                "predicted": so_far + expected,
                "expected_orders": None,
                "probability_alive": None,
                "holdout_error": error,
            }
        )
    return frame(rows)


def customer_ltv_cohort(documents: Documents) -> pd.DataFrame:
    """By period of the first order; everything but the ends of the intervals."""
    orders, worth = purchases(documents.demo), _contribution(documents)
    known = customers(documents.demo)
    groups: dict[tuple[str, str, date | None, str | None, str | None], list[tuple[Decimal, Fraction]]] = defaultdict(
        list
    )
    for account, rate in _rates(orders, worth, AS_OF).items():
        row = known[account]
        value = (row["contribution"], HORIZON * rate)
        for kind in (*MONTHS, "all"):
            start = None if kind == "all" else period_start(row["first_order_on"], kind)
            groups["total", kind, start, None, None].append(value)
            groups["customer_segment", kind, start, row["segment"] or UNKNOWN, None].append(value)
            groups["customer_region", kind, start, None, row["region"] or UNKNOWN].append(value)
    rows = []
    for (cut, kind, start, segment, region), values in groups.items():
        so_far, expected = total(one for one, _ in values), rounded(sum(rate for _, rate in values))
        rows.append(
            {
                "cut": cut,
                "period_kind": kind,
                "period_start": start,
                "customer_segment": segment,
                "customer_region": region,
                "customers": len(values),
                "contribution_to_date": so_far,
                "expected": expected,
                "predicted": so_far + expected,
            }
        )
    return frame(rows)
