"""Customers over time: who came back, when and for how much, worked out from the demo's raw files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

import pandas as pd

from tests.oracles.demo import Demo
from tests.oracles.demo_facts import AS_OF
from tests.oracles.demo_rows import Row, erp, frame
from tests.oracles.exact import total
from tests.oracles.marts_party import UNKNOWN, customer_facts

REPEAT_FROM, REPEAT_WINDOW = 7, 365
MONTHS = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
RETENTION_CUTS = {
    "total": None,
    "channel": "channel_id",
    "distributor": "distributor_id",
    "customer_segment": "customer_segment",
    "customer_region": "customer_region",
}


class Purchase(NamedTuple):
    """An order whose lines sum to more than 0."""

    account: str
    order: str
    on: date
    net: Decimal


def period_start(on: date, kind: str) -> date:
    """First day of the period; the demo's fiscal year is the calendar's."""
    months = MONTHS[kind]
    return date(on.year, (on.month - 1) // months * months + 1, 1)


def period_after(start: date, kind: str, steps: int = 1) -> date:
    """First day of the period so many periods later."""
    month = start.year * 12 + start.month - 1 + steps * MONTHS[kind]
    return date(month // 12, month % 12 + 1, 1)


def purchases(demo: Demo) -> list[Purchase]:
    """By the moment of confirmation, then by number."""
    rows = sorted(demo.counted_orders, key=lambda row: (row["confirmed_at"], row["单号"]))
    return [
        Purchase(demo.account_of[row["客户编码"]], row["单号"], row["confirmed_at"].date(), demo.booked[row["单号"]])
        for row in rows
        if demo.booked.get(row["单号"], Decimal(0)) > 0
    ]


def customers(demo: Demo) -> dict[str, Row]:
    """Account → its row of customer_facts, as the oracle works it out."""
    return {row["account_id"]: row for row in customer_facts(demo).to_dict("records")}


def repeat_purchase_facts(demo: Demo) -> pd.DataFrame:
    """Each customer with its first order and the next one of the window."""
    by_account: dict[str, list[Purchase]] = defaultdict(list)
    for purchase in purchases(demo):
        by_account[purchase.account].append(purchase)
    known = customers(demo)
    rows = []
    for account, orders in by_account.items():
        first, *later = orders
        earliest, latest = (first.on + timedelta(days=days) for days in (REPEAT_FROM, REPEAT_WINDOW))
        again = next((order for order in later if earliest <= order.on <= latest), None)
        exposure = (AS_OF - first.on).days
        rows.append(
            {
                "account_id": account,
                "first_order_id": erp(first.order),
                "first_order_on": first.on,
                "repeat_order_id": erp(again.order) if again else None,
                "repeat_order_on": again.on if again else None,
                "days_to_repeat": (again.on - first.on).days if again else None,
                "exposure_days": exposure,
                "is_exposed": exposure >= REPEAT_WINDOW,
                "is_repeat": again is not None,
                **{
                    name: known[account][name]
                    for name in ("origin_channel_id", "origin_campaign_id", "distributor_id", "segment", "region")
                },
            }
        )
    return frame(rows)


def customer_retention(demo: Demo) -> pd.DataFrame:
    """Buyers of a period beside what they bought in the next."""
    known = customers(demo)
    sums: dict[tuple[str, date], dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for kind in ("quarter", "half_year", "year"):
        for purchase in purchases(demo):
            sums[kind, period_start(purchase.on, kind)][purchase.account] += purchase.net
    rows = []
    for (kind, start), before in list(sums.items()):
        after = period_after(start, kind)
        if after > AS_OF:
            continue
        now = sums.get((kind, after), {})
        for cut, column, member, accounts in _groups(before, known):
            rows.append(
                {
                    "cut": cut,
                    "period_kind": kind,
                    "period_start": after,
                    **{name: member if name == column else None for name in RETENTION_CUTS.values() if name},
                    "buyers_before": len(accounts),
                    "buyers_kept": sum(account in now for account in accounts),
                    "revenue_before": total(before[account] for account in accounts),
                    "revenue_kept": total(min(before[account], now.get(account, Decimal(0))) for account in accounts),
                    "revenue_now": total(now.get(account, Decimal(0)) for account in accounts),
                }
            )
    return frame(rows)


def _groups(accounts: dict[str, Decimal], known: dict[str, Row]) -> Iterator[tuple[str, str | None, str, list[str]]]:
    """Cut, its column, member, the accounts of the member."""
    of_row = {
        "channel_id": "origin_channel_id",
        "distributor_id": "distributor_id",
        "customer_segment": "segment",
        "customer_region": "region",
    }
    for cut, column in RETENTION_CUTS.items():
        members: dict[str, list[str]] = defaultdict(list)
        for account in accounts:
            members[(known[account][of_row[column]] or UNKNOWN) if column else ""].append(account)
        for member, found in members.items():
            yield cut, column, member, found
