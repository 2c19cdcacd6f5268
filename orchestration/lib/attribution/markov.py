"""Removal effects of an absorbing Markov chain, exactly (Anderl, Becker, von Wangenheim & Schumann: "Mapping the
customer journey", International Journal of Research in Marketing 33 (2016), 457-474).

Paths are walks from a start over the states (touches; of order k the last k touches) to one of two ends, conversion or
null, that nobody leaves. Chances of a step are how often it was taken. **Removing a member** sends to null whoever
would come to it, that is to any state whose latest touch is the member's; all else stays. Its **removal effect** is
1 - P(conversion without it) / P(conversion).

Nothing is simulated and no chain is solved anew. With N = (I - Q)⁻¹ of the steps Q among states, u the visits of each
state per journey, and v = N·r the chance of converting from each (r: the chance of converting in the next step), who
comes to the states S of a member at all does so first at state s with chance h, and hᵀ·N[S,S] = u[S]ᵀ. So

    P(conversion by way of S) = hᵀ·v[S] = u[S]ᵀ · N[S,S]⁻¹ · v[S]

of order 1 u·v / N[s,s]: a rank-one update of one inverse for each member, all of them at once. The visits need no
solving either: a chain of observed frequencies visits its states as often as the paths did.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from orchestration.lib.attribution.paths import CONVERTED, Steps

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Array = NDArray[np.float64]
Codes = NDArray[np.int64]

DENSE_STATES: Final = 4_000
"""Up to so many states one dense inverse is made (8 bytes × their square, twice)."""
_TOLERANCE: Final = 1e-14
_AT_ONCE: Final = 64  # removals


@dataclass(frozen=True)
class Chain:
    """Shape of a chain; how often its steps were taken comes separately, so that resamples share it.

    Attributes:
        size: states.
        members: members.
        member: the member, from 0, of each state's latest touch.
        origin: state of each step.
        target: state it leads to, or CONVERTED or LOST.
    """

    size: int
    members: int
    member: Codes
    origin: Codes
    target: Codes


def chain_of(steps: Steps) -> Chain:
    """States numbered as they are sorted, only those that occur."""
    states, origin = np.unique(steps.origin, return_inverse=True)
    target = np.where(steps.target < 0, steps.target, np.searchsorted(states, steps.target))
    base = len(steps.members) + 1
    return Chain(len(states), len(steps.members), states % base - 1, origin.astype(np.int64), target.astype(np.int64))


def removal_effects(chain: Chain, count: NDArray[np.int64] | Array) -> Array:
    """Removal effect of each member, 0-1; all 0 when nothing converted.

    Args:
        count: how often each step of the chain was taken.
    """
    visits: Array = np.bincount(chain.origin, weights=count, minlength=chain.size).astype(np.float64)
    converts = np.bincount(chain.origin, weights=np.where(chain.target == CONVERTED, count, 0), minlength=chain.size)
    conversions = float(converts.sum())
    if not conversions:
        return np.zeros(chain.members)
    rate = np.divide(converts, visits, out=np.zeros(chain.size), where=visits > 0)
    inner = chain.target >= 0
    from_visits = visits[chain.origin[inner]]
    share = np.divide(count[inner], from_visits, out=np.zeros(len(from_visits)), where=from_visits > 0)
    inside = (chain.origin[inner], chain.target[inner], share)
    if chain.size <= DENSE_STATES:
        through = _dense(chain, inside, visits, rate)
    else:
        through = conversions - _without(chain, inside, visits, rate)
    return np.clip(through / conversions, 0.0, 1.0)


def _dense(chain: Chain, inside: tuple[Codes, Codes, Array], visits: Array, rate: Array) -> Array:
    """Conversions by way of each member, by one inverse."""
    matrix = np.eye(chain.size)
    matrix[inside[0], inside[1]] -= inside[2]  # each step is listed once
    inverse = np.linalg.inv(matrix)
    chance = inverse @ rate
    if chain.size == chain.members:  # one state each: of order 1
        through = np.zeros(chain.members)
        through[chain.member] = visits * chance / np.diagonal(inverse)
        return through
    by_member = np.argsort(chain.member, kind="stable")
    ends = np.searchsorted(chain.member[by_member], np.arange(chain.members + 1))
    through = np.zeros(chain.members)
    for member in range(chain.members):
        own = by_member[ends[member] : ends[member + 1]]
        if len(own):
            through[member] = visits[own] @ np.linalg.solve(inverse[np.ix_(own, own)], chance[own])
    return through


def _without(chain: Chain, inside: tuple[Codes, Codes, Array], visits: Array, rate: Array) -> Array:
    """Conversions left without each member where an inverse is too large: walks of growing length, sparse, many
    removals at once, until what is still on its way (measured without any removal) is less than the tolerance."""
    from scipy.sparse import csr_array

    origin, target, share = inside
    steps: csr_array = csr_array((share, (origin, target)), shape=(chain.size, chain.size))
    length, under_way = 0, np.ones(chain.size)
    while under_way.max() > _TOLERANCE:
        under_way = steps @ under_way
        length += 1
    starts = visits - np.bincount(target, weights=share * visits[origin], minlength=chain.size)
    left = np.zeros(chain.members)
    for first in range(0, chain.members, _AT_ONCE):
        removed = np.arange(first, min(first + _AT_ONCE, chain.members))
        kept = (chain.member[:, None] != removed[None, :]).astype(float)
        chance = direct = rate[:, None] * kept
        for _ in range(length):
            chance = (steps @ chance) * kept + direct
        left[removed] = starts @ chance
    return left
