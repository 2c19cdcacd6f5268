"""Shapley values of members, exactly.

A game says what each set of members is worth alone. Three are known here:

- **conversions** (what is published): v(S) = converting journeys all of whose members are in S. Such a sum over sets of
  unanimity games needs no enumeration: each journey's value is shared equally among its distinct members (Zhao,
  Mahboobi & Bagheri, "Shapley value methods for attribution modeling in online advertising", 2018), whatever their
  number. The **ordered** variant of the same paper tells each member's part by the place where it first comes.
- **rates of its own sets** (as DP6 marketing-attribution-models has it): for each set T that converted a game of its
  own among the members of T, v(S) = conversions(S) / journeys(S) of the journeys with exactly the set S ⊆ T; a member's
  value is the sum over T of journeys(T) · φ(T). They add up to the conversions; a value may be negative.
- **pooled rate**: v(S) = Σ conversions(T) / Σ journeys(T) over T ⊆ S. No closed form: the worth of all 2ⁿ sets comes of
  two subset sums, and the values of all of them; up to MOST_PLAYERS members.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import comb
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from orchestration.lib.attribution.paths import Touches, members_of
from orchestration.lib.errors import ConfigurationError

if TYPE_CHECKING:
    import duckdb

Array = NDArray[np.float64]
Codes = NDArray[np.int64]

MOST_PLAYERS: Final = 20
_MASK_BITS: Final = 62
_CONVERTED: Final = 1 << _MASK_BITS  # one more bit, so that one aggregate per journey tells both
_CELLS_AT_ONCE: Final = 4_000_000


@dataclass(frozen=True)
class Sets:
    """What became of journeys by the set of their members: bit i stands for member i of the sorted names."""

    members: tuple[str, ...]
    mask: Codes
    converted: Codes
    journeys: Codes


def count_sets(database: duckdb.DuckDBPyConnection, touches: Touches) -> Sets:
    """One bit per member, OR-ed per journey, grouped; up to 62 members.

    Raises:
        ConfigurationError: there are more.
    """
    members = members_of(database, touches)
    if len(members) > _MASK_BITS:
        raise ConfigurationError(f"sets are counted for up to {_MASK_BITS} members, and there are {len(members)}")
    rows = database.execute(
        f"""
        select mask & {_CONVERTED - 1} as mask, sum(count) filter (mask >= {_CONVERTED}) as converted,
            sum(count) as journeys
        from (
            select mask, count(*) as count
            from (
                select bit_or(
                    (cast(1 as bigint) << (code - 1)) + case when is_converted then {_CONVERTED} else 0 end
                ) as mask
                from {touches.relation} as touch join member_code on touch.{touches.member} = member_code.member
                group by journey_id
            )
            group by mask
        )
        group by all order by all
        """
    ).fetchall()
    counted = np.array([(mask, converted or 0, count) for mask, converted, count in rows], np.int64).reshape(-1, 3)
    return Sets(members, *counted.T)


def shared_conversions(database: duckdb.DuckDBPyConnection, touches: Touches) -> dict[str, Fraction]:
    """Shapley values of the game of conversions for any number of members: each converting journey shared equally among
    its distinct members. Exact, and in SQL but for the last sum over (member, size of the set)."""
    members = members_of(database, touches)
    values = dict.fromkeys(members, Fraction(0))
    rows = database.execute(
        f"""
        with pair as (
            select distinct journey_id, {touches.member} as member from {touches.relation} where is_converted
        ),
        size as (select journey_id, count(*) as members from pair group by journey_id)
        select member, members, count(*) from pair join size using (journey_id) group by all
        """
    ).fetchall()
    for member, size, count in rows:
        values[member] += Fraction(count, size)
    return values


def ordered_conversions(database: duckdb.DuckDBPyConnection, touches: Touches) -> dict[tuple[str, int], Fraction]:
    """Ordered variant: what is due to a member at its place among the distinct members of a journey, by first touch."""
    rows = database.execute(
        f"""
        with pair as (
            select journey_id, {touches.member} as member, min(touch_position) as first
            from {touches.relation} where is_converted group by all
        ),
        placed as (
            select member, row_number() over (partition by journey_id order by first) as place,
                count(*) over (partition by journey_id) as members
            from pair
        )
        select member, place, members, count(*) from placed group by all
        """
    ).fetchall()
    values: dict[tuple[str, int], Fraction] = {}
    for member, place, size, count in rows:
        values[member, place] = values.get((member, place), Fraction(0)) + Fraction(count, size)
    return dict(sorted(values.items()))


def rates_of_own_sets(sets: Sets) -> Array:
    """Values of the game of rates of its own sets: sets of one size side by side, all 2^size subsets of each at once.

    Raises:
        ConfigurationError: a set has more than MOST_PLAYERS members.
    """
    players = np.arange(len(sets.members))
    rate = sets.converted / sets.journeys
    values = np.zeros(len(players))
    sizes = np.where(sets.converted > 0, np.bitwise_count(sets.mask), 0)
    for size in np.unique(sizes[sizes > 0]).tolist():
        _check(size)
        weight = _gains(size)
        masks, journeys = sets.mask[sizes == size], sets.journeys[sizes == size]
        at_once = max(1, _CELLS_AT_ONCE >> size)
        for first in range(0, len(masks), at_once):
            own = masks[first : first + at_once]
            member = np.nonzero((own[:, None] >> players) & 1)[1].reshape(-1, size)
            subsets = np.zeros((len(own), 1), np.int64)
            for place in range(size):
                subsets = np.concatenate([subsets, subsets | (1 << member[:, place : place + 1])], axis=1)
            found = np.minimum(np.searchsorted(sets.mask, subsets), len(sets.mask) - 1)
            worth = np.where(sets.mask[found] == subsets, rate[found], 0.0)
            due = worth @ weight * journeys[first : first + at_once, None]
            values += np.bincount(member.ravel(), weights=due.ravel(), minlength=len(players))
    return values


def _gains(players: int) -> Array:
    """What the worth of each of the 2ⁿ sets adds to each player's value, (2ⁿ, n): 1 / (n · C(n - 1, |S| - 1)) with the
    player in it, as much less as 1 / (n · C(n - 1, |S|)) without."""
    has = ((np.arange(2**players)[:, None] >> np.arange(players)) & 1).astype(bool)
    others = has.sum(axis=1)[:, None] - has
    chances = np.array([1 / (players * comb(players - 1, size)) for size in range(players)])
    return np.asarray(np.where(has, 1.0, -1.0) * chances[np.minimum(others, players - 1)])


def pooled_rate(sets: Sets) -> Array:
    """Values of the game of the pooled rate."""
    converted, journeys = (_subset_sums(sets, counts) for counts in (sets.converted, sets.journeys))
    return shapley_values(np.divide(converted, journeys, out=np.zeros(len(journeys)), where=journeys > 0))


def _subset_sums(sets: Sets, counts: Codes) -> Array:
    """Σ counts(T) over T ⊆ S for every S: one pass for each member instead of 3ⁿ pairs (the zeta transform)."""
    players = len(sets.members)
    _check(players)
    sums = np.zeros(2**players)
    sums[sets.mask] = counts
    for player in range(players):
        halves = sums.reshape(-1, 2, 2**player)
        halves[:, 1] += halves[:, 0]
    return sums


def shapley_values(worth: Array) -> Array:
    """Values of any game given by the worth of each of its 2ⁿ sets, the empty set first.

    φᵢ = Σ over S without i of |S|! (n - |S| - 1)! / n! · (v(S ∪ i) - v(S)): each player's gains side by side.
    """
    players = len(worth).bit_length() - 1
    _check(players)
    if len(worth) != 2**players:
        raise ValueError(f"a game has 2ⁿ sets, not {len(worth)}")
    weight = np.array([1 / (players * comb(players - 1, size)) for size in range(players)])
    of_size = weight[np.bitwise_count(np.arange(2 ** max(players - 1, 0)))]
    values = np.empty(players)
    for player in range(players):
        halves = worth.reshape(-1, 2, 2**player)
        values[player] = of_size @ (halves[:, 1] - halves[:, 0]).ravel()
    return values


def _check(players: int) -> None:
    if players > MOST_PLAYERS:
        raise ConfigurationError(f"2ⁿ sets are worked out for up to {MOST_PLAYERS} members, and there are {players}")
