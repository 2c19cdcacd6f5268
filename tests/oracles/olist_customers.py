"""What Olist's files say of the sellers as customers, in plain pandas and Decimal: who came back, what was ordered."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from tests.oracles.exact import total
from tests.oracles.olist import UNKNOWN, OlistOracle

MONTHS = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
REPEAT_FROM, REPEAT_WINDOW = 7, 365
At = tuple[str, str | None, date | None]
"""Kind of period, origin (None: total), first day (None: all time)."""


class Purchase(NamedTuple):
    """An order of one seller: on which day, for how much."""

    on: date
    net: Decimal


def start_of(on: date, kind: str) -> date | None:
    """First day of the period; None for all time. The fiscal year is the calendar's."""
    if kind == "all":
        return None
    months = MONTHS[kind]
    return date(on.year, (on.month - 1) // months * months + 1, 1)


def next_start(start: date, kind: str) -> date:
    month = start.year * 12 + start.month - 1 + MONTHS[kind]
    return date(month // 12, month % 12 + 1, 1)


class OlistCustomers:
    """Sellers with their orders; an order is a buyer's order at one seller."""

    def __init__(self, oracle: OlistOracle) -> None:
        orders = oracle.items.groupby(["seller_id", "order"]).agg(ordered=("ordered", "min"), net=("price", "sum"))
        self.purchases: dict[str, list[Purchase]] = defaultdict(list)
        for seller, on, net in zip(
            orders.index.get_level_values("seller_id"), orders["ordered"], orders["net"], strict=True
        ):
            if net > 0:
                self.purchases[seller].append(Purchase(on.date(), net))
        for found in self.purchases.values():
            found.sort()
        self.origin = dict(zip(oracle.deals["seller_id"], oracle.deals["origin"], strict=True))
        self.as_of: date = max(oracle.items["ordered"]).date()

    def repeat(self) -> dict[At, tuple[int, int]]:
        """Sellers with an order 7-365 days after the first ÷ those whose first is a year old, by the first's day."""
        found: dict[At, tuple[int, int]] = {}
        for seller, orders in self.purchases.items():
            first = orders[0].on
            if (self.as_of - first).days < REPEAT_WINDOW:
                continue
            hit = any(timedelta(REPEAT_FROM) <= order.on - first <= timedelta(REPEAT_WINDOW) for order in orders)
            for origin in (None, self.origin.get(seller, UNKNOWN)):
                for kind in (*MONTHS, "all"):
                    at = (kind, origin, start_of(first, kind))
                    hits, cases = found.get(at, (0, 0))
                    found[at] = (hits + hit, cases + 1)
        return found

    def retention(self) -> dict[At, tuple[int, int, Decimal, Decimal, Decimal]]:
        """Buyers kept, buyers of the period before, and what they bought: kept at most as before, now, before."""
        bought: dict[tuple[str, date], dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
        for seller, orders in self.purchases.items():
            for order in orders:
                for kind in ("quarter", "half_year", "year"):
                    start = start_of(order.on, kind)
                    assert start
                    bought[kind, start][seller] += order.net
        found = {}
        for (kind, start), before in list(bought.items()):
            later = next_start(start, kind)
            now = bought.get((kind, later), {})
            if later > self.as_of:
                continue
            groups: dict[str | None, list[str]] = defaultdict(list)
            for seller in before:
                groups[None].append(seller)
                groups[self.origin.get(seller, UNKNOWN)].append(seller)
            for origin, sellers in groups.items():
                found[kind, origin, later] = (
                    sum(seller in now for seller in sellers),
                    len(sellers),
                    total(min(before[seller], now.get(seller, Decimal(0))) for seller in sellers),
                    total(now.get(seller, Decimal(0)) for seller in sellers),
                    total(before[seller] for seller in sellers),
                )
        return found

    def ordered_by_month(self) -> dict[date, Decimal]:
        """Value of the items by the month of their order."""
        sums: dict[date, Decimal] = defaultdict(Decimal)
        for orders in self.purchases.values():
            for order in orders:
                sums[order.on.replace(day=1)] += order.net
        return dict(sums)
