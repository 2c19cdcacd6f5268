"""The rows that a median or percentile was taken over, by size, with the one or two that it is the value of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import ceil, floor
from typing import Any

from orchestration.lib.publish.content import quote
from orchestration.lib.publish.definitions import Part
from orchestration.lib.publish.reader import Snapshot

NUMBER = "decimal(28, 9)"
AMOUNT, PICKED = "_amount", "_picked"


@dataclass(frozen=True)
class Ranked:
    """``rows`` are those nearest to the quantile, smallest first; ``row_count`` counts all that it was taken over."""

    value: Decimal
    row_count: int
    rows: list[dict[str, Any]]


def ranks(count: int, quantile: Decimal, *, is_discrete: bool) -> tuple[int, int, Decimal]:
    """Ranks (from 1) of the rows on both sides of a quantile and how far it lies from the first to the second.

    SQL's ``percentile_disc`` is the smallest value with at least that share of rows up to it; ``percentile_cont`` lies
    at ``quantile × (count − 1)`` rows behind the first, between two rows where that is no whole number.
    """
    if is_discrete:
        rank = max(1, ceil(quantile * count))
        return rank, rank, Decimal(0)
    place = quantile * (count - 1)
    return floor(place) + 1, ceil(place) + 1, place - floor(place)


def rows_around(snapshot: Snapshot, part: Part, conditions: str, values: Sequence[Any], *, limit: int) -> Ranked:
    """The quantile of ``part`` worked out from the rows that meet the conditions, and ``limit`` rows around it.

    Rows of equal value stand in the order of their other columns, so which of them is marked does not change.
    """
    assert part.quantile is not None, "only of a median or percentile"
    [counted] = snapshot.rows(
        f"select count({part.expression}) as n from {quote(part.table)} where {conditions}", list(values)
    )
    count: int = counted["n"]
    if count == 0:
        return Ranked(Decimal(0), 0, [])
    below, above, share = ranks(count, part.quantile, is_discrete=part.is_discrete)
    every_column = ", ".join(quote(name) for name in snapshot.columns(part.table))
    found = snapshot.rows(
        f"select *, cast({AMOUNT} as {NUMBER}) as _exact from (select *, {part.expression} as {AMOUNT}, "
        f"row_number() over (order by {part.expression}, {every_column}) as _rank from {quote(part.table)} "
        f"where {conditions} and ({part.expression}) is not null) "
        f"order by abs(2 * _rank - {below + above}), _rank limit {max(int(limit), above - below + 1)}",
        list(values),
    )
    exact = {row["_rank"]: row["_exact"] for row in found}
    rows = [
        {
            **{name: value for name, value in row.items() if name not in ("_rank", "_exact")},
            PICKED: row["_rank"] in (below, above),
        }
        for row in sorted(found, key=lambda row: row["_rank"])
    ]
    return Ranked(exact[below] + (exact[above] - exact[below]) * share, count, rows)
