"""How far a share is chance: journeys drawn again, with replacement, from the paths that were seen.

Each path and outcome is one cell with a count; a resample draws each count anew from a Poisson distribution around it,
which given its sum is the multinomial draw of as many journeys (shares do not depend on the sum). The seed is fixed, so
that the same paths give the same interval. Journeys count as independent; repeat orders of one account are not quite.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from orchestration.lib.attribution.markov import Chain, removal_effects
from orchestration.lib.attribution.paths import CONVERTED, LOST, Paths

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Array = NDArray[np.float64]

INTERVAL: Final = (0.025, 0.975)
LEAST_DRAWS: Final = 100
_SEED: Final = 19_790_101  # any number, always the same
_WORK: Final = 10**10  # what all draws together may cost, counted as below
_CELLS_AT_ONCE: Final = 5_000_000


@dataclass(frozen=True)
class Intervals:
    """Lower and upper end of each member's share, (members, 2), NaN where nothing converted; and the draws behind."""

    markov: Array
    shapley: Array
    draws: int


def intervals(paths: Paths, order: int, asked: int) -> Intervals:
    """95 % percentile intervals of the shares of Markov and of Shapley (game of conversions).

    Args:
        order: of the Markov chain.
        asked: draws wanted; fewer, but LEAST_DRAWS, where each is long.
    """
    chain, steps = steps_of(paths, order)
    equally = _equal_parts(paths)
    cells = np.stack([paths.converted, paths.lost], axis=1).ravel()
    draws = min(asked, max(LEAST_DRAWS, _WORK // (chain.size**3 + 100 * len(cells) + 1)))
    source = np.random.default_rng(_SEED)
    shares: dict[str, list[Array]] = {"markov": [], "shapley": []}
    at_once = max(1, _CELLS_AT_ONCE // max(1, len(cells)))
    for first in range(0, draws, at_once):
        drawn = source.poisson(cells, size=(min(at_once, draws - first), len(cells))).astype(np.float64).T
        counts = steps @ drawn
        shares["markov"] += [shares_of(removal_effects(chain, counts[:, draw])) for draw in range(drawn.shape[1])]
        shares["shapley"] += [shares_of(values) for values in (equally @ drawn[::2]).T]
    return Intervals(_ends(shares["markov"]), _ends(shares["shapley"]), draws)


def shares_of(effects: Array) -> Array:
    """Parts of their sum; NaN when it is 0."""
    total = effects.sum()
    return effects / total if total else np.full(len(effects), np.nan)


def steps_of(paths: Paths, order: int) -> tuple[Chain, csr_array]:
    """The chain of the paths, and how often one journey of each cell takes each of its steps, (steps, 2 × paths): cells
    are path by path, converted before lost."""
    from scipy.sparse import csr_array

    length = np.diff(paths.start)
    path = np.repeat(np.arange(len(length)), length)
    place = np.arange(len(path)) - paths.start[path]
    base = len(paths.members) + 1
    number = np.zeros(len(path), np.int64)
    for back in range(order):
        earlier = np.zeros(len(path), np.int64)
        earlier[back:] = paths.codes[: len(path) - back]
        number += np.where(place >= back, earlier, 0) * base**back
    states, state = np.unique(number, return_inverse=True)
    is_last = place == length[path] - 1
    follower = np.append(state[1:], 0)
    # a step within a path is taken by both its cells, the last one leads each to its own end
    pairs = [
        (state[~is_last], follower[~is_last], 2 * path[~is_last]),
        (state[~is_last], follower[~is_last], 2 * path[~is_last] + 1),
        (state[is_last], np.full(is_last.sum(), CONVERTED), 2 * path[is_last]),
        (state[is_last], np.full(is_last.sum(), LOST), 2 * path[is_last] + 1),
    ]
    origin, target, cell = (np.concatenate(parts).astype(np.int64) for parts in zip(*pairs, strict=True))
    kinds, kind = np.unique(origin * (len(states) + 2) + target + 2, return_inverse=True)
    chain = Chain(
        len(states), len(paths.members), states % base - 1, kinds // (len(states) + 2), kinds % (len(states) + 2) - 2
    )
    # steps taken several times on one path add up
    taken: csr_array = csr_array((np.ones(len(cell)), (kind, cell)), shape=(len(kinds), 2 * len(length)))
    return chain, taken


def _equal_parts(paths: Paths) -> csr_array:
    """What one converting journey of each path is worth to each member, (members, paths)."""
    from scipy.sparse import csr_array

    path = np.repeat(np.arange(len(paths.start) - 1), np.diff(paths.start))
    pairs = np.unique(path * len(paths.members) + paths.codes - 1)
    path, member = np.divmod(pairs, max(1, len(paths.members)))
    size = np.bincount(path, minlength=len(paths.start) - 1)
    parts: csr_array = csr_array((1 / size[path], (member, path)), shape=(len(paths.members), len(size)))
    return parts


def _ends(shares: list[Array]) -> Array:
    drawn = np.array(shares)
    drawn = drawn[~np.isnan(drawn).any(axis=1)]
    if not len(drawn):
        return np.full((len(shares[0]), 2), np.nan)
    return np.asarray(np.quantile(drawn, INTERVAL, axis=0).T)
