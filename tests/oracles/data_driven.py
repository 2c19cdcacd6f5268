"""Markov and Shapley once more, from their definitions: every chain solved anew, every order of players tried."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import permutations
from typing import Any

import numpy as np

Path = tuple[str, ...]
Outcomes = Mapping[Path, tuple[int, int]]
"""Path → how many such journeys converted, how many did not."""

State = tuple[str, ...]
CONVERSION, NULL = ("(conversion)",), ("(null)",)


def transitions(outcomes: Outcomes, order: int) -> dict[State, dict[State, int]]:
    """From the start, the empty state, through the last ``order`` touches to one of the two ends."""
    found: dict[State, dict[State, int]] = defaultdict(lambda: defaultdict(int))
    for path, (converted, lost) in outcomes.items():
        state: State = ()
        for place in range(len(path)):
            after = path[max(0, place + 1 - order) : place + 1]
            found[state][after] += converted + lost
            state = after
        for end, count in ((CONVERSION, converted), (NULL, lost)):
            if count:
                found[state][end] += count
    # no journeys, no step
    kept = {state: {after: n for after, n in steps.items() if n} for state, steps in found.items()}
    return {state: steps for state, steps in kept.items() if steps}


def conversion_exactly(
    steps: Mapping[State, Mapping[State, int]], removed: str | None, ratio: Callable[[int, int], Any] = Fraction
) -> Any:
    """Chance of converting from the start when the steps to states that end in ``removed`` lead to null: the equations
    of the reduced chain, by Gauss elimination in fractions, or whatever ``ratio`` makes of two whole numbers."""
    states = [state for state in steps if not (state and state[-1] == removed)]
    place = {state: number for number, state in enumerate(states)}
    rows = []
    for state in states:
        total = sum(steps[state].values())
        row = [ratio(0, 1)] * (len(states) + 1)
        row[place[state]] += 1
        for after, count in steps[state].items():
            if after == CONVERSION:
                row[-1] += ratio(count, total)
            elif after in place:
                row[place[after]] -= ratio(count, total)
        rows.append(row)
    for pivot in range(len(rows)):
        swap = next(number for number in range(pivot, len(rows)) if rows[number][pivot])
        rows[pivot], rows[swap] = rows[swap], rows[pivot]
        rows[pivot] = [value / rows[pivot][pivot] for value in rows[pivot]]
        for number, row in enumerate(rows):
            if number != pivot and row[pivot]:
                factor = row[pivot]
                rows[number] = [value - factor * own for value, own in zip(row, rows[pivot], strict=True)]
    return rows[place[()]][-1]


def conversion_to_fifty_digits(steps: Mapping[State, Mapping[State, int]], removed: str | None) -> Fraction:
    """The same in decimals: fractions of chains of forty states grow too long."""
    with localcontext() as context:
        context.prec = 50
        return Fraction(conversion_exactly(steps, removed, lambda top, bottom: Decimal(top) / Decimal(bottom)))


def conversion_nearly(steps: Mapping[State, Mapping[State, int]], removed: str | None) -> float:
    """The same equations solved by numpy, for chains too large for fractions."""
    states = [state for state in steps if not (state and state[-1] == removed)]
    place = {state: number for number, state in enumerate(states)}
    matrix, right = np.eye(len(states)), np.zeros(len(states))
    for state in states:
        total = sum(steps[state].values())
        for after, count in steps[state].items():
            if after == CONVERSION:
                right[place[state]] += count / total
            elif after in place:
                matrix[place[state], place[after]] -= count / total
    return float(np.linalg.solve(matrix, right)[place[()]])


def removal_effects(
    outcomes: Outcomes,
    order: int,
    solve: Callable[..., Any] = conversion_exactly,
    members: Sequence[str] | None = None,
) -> dict[str, Any]:
    """1 - P without ÷ P with, each chain solved for itself; of all members unless some are named."""
    steps = transitions(outcomes, order)
    whole = solve(steps, None)
    members = members or sorted({member for path in outcomes for member in path})
    return {member: 1 - solve(steps, member) / whole for member in members}


def shapley_by_orders(players: Sequence[str], worth: Callable[[frozenset[str]], Fraction]) -> dict[str, Fraction]:
    """Mean of what a player adds on coming, over all orders in which they can come."""
    added = dict.fromkeys(players, Fraction(0))
    orders = list(permutations(players))
    for one in orders:
        for place, player in enumerate(one):
            added[player] += worth(frozenset(one[: place + 1])) - worth(frozenset(one[:place]))
    return {player: total / len(orders) for player, total in added.items()}


def sets_of(outcomes: Outcomes) -> dict[frozenset[str], tuple[int, int]]:
    """Set of members → converted, journeys."""
    found: dict[frozenset[str], tuple[int, int]] = {}
    for path, (converted, lost) in outcomes.items():
        before = found.get(frozenset(path), (0, 0))
        found[frozenset(path)] = (before[0] + converted, before[1] + converted + lost)
    return found


def within(outcomes: Outcomes) -> Callable[[frozenset[str]], Iterable[tuple[int, int]]]:
    """Converted and journeys of each set that lies in the given one."""
    sets = sets_of(outcomes)
    return lambda players: [counts for own, counts in sets.items() if own <= players]


def conversions(outcomes: Outcomes) -> Callable[[frozenset[str]], Fraction]:
    """Game of conversions."""
    inside = within(outcomes)
    return lambda players: Fraction(sum(converted for converted, _ in inside(players)))


def rates_of_own_sets(outcomes: Outcomes) -> dict[str, Fraction]:
    """For each set that converted its own game among its members, worth the rate of exactly a subset; journeys times
    its values."""
    sets = sets_of(outcomes)
    values: dict[str, Fraction] = defaultdict(Fraction)
    for own, (converted, journeys) in sets.items():
        if not converted:
            continue
        found = shapley_by_orders(sorted(own), lambda one: Fraction(*sets[one]) if one in sets else Fraction(0))
        for player, value in found.items():
            values[player] += journeys * value
    return dict(values)


def pooled(outcomes: Outcomes) -> Callable[[frozenset[str]], Fraction]:
    """Game of the pooled rate."""
    inside = within(outcomes)

    def worth(players: frozenset[str]) -> Fraction:
        found = list(inside(players))
        return Fraction(sum(one for one, _ in found), max(1, sum(one for _, one in found)))

    return worth
