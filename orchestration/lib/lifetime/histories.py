"""What each customer bought until a day, as the models of lifetime value read it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Order(NamedTuple):
    """An order whose lines sum to more than 0; its contribution is None until it is known."""

    account: str
    confirmed_on: date
    contribution: Decimal | None


@dataclass(frozen=True)
class Histories:
    """One entry per customer, in the order of ``accounts``.

    Attributes:
        cohort: index of the calendar quarter of the first purchase.
        repeats: days with a purchase after the first such day.
        recency, age: days from the first purchase to the last, and to the day asked for.
        valued, margin: repeat purchases of which a contribution is known, and their mean (0 without any).
        repeat_contribution: sum of the known contributions after the first day.
    """

    accounts: tuple[str, ...]
    cohort: NDArray[np.int64]
    repeats: Array
    recency: Array
    age: Array
    valued: Array
    margin: Array
    repeat_contribution: Array

    @property
    def repeaters(self) -> int:
        """Customers that came back."""
        return int(np.sum(self.repeats > 0))


def histories(orders: Iterable[Order], until: date) -> Histories:
    """Orders up to and with ``until``; those of one day are one purchase."""
    days: dict[str, dict[date, list[Decimal]]] = defaultdict(lambda: defaultdict(list))
    for order in orders:
        if order.confirmed_on <= until:
            known = days[order.account][order.confirmed_on]
            if order.contribution is not None:
                known.append(order.contribution)
    accounts = tuple(sorted(days))
    rows = []
    for account in accounts:
        first, *later = sorted(days[account])
        worth = [float(sum(days[account][day])) for day in later if days[account][day]]
        rows.append(
            (
                first.year * 4 + (first.month - 1) // 3,
                len(later),
                ((later[-1] if later else first) - first).days,
                (until - first).days,
                len(worth),
                sum(worth) / len(worth) if worth else 0.0,
                sum(worth),
            )
        )
    table = np.array(rows, dtype=float).reshape(len(rows), 7)
    return Histories(accounts, table[:, 0].astype(np.int64), *(table[:, column] for column in range(1, 7)))
