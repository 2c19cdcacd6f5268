"""How far models differ over the same members: distance of shares, agreement of ranks, in fractions."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from itertools import combinations

from tests.oracles.demo_rows import Row
from tests.oracles.exact import rounded


def disagreement(shares: dict[str, dict[str, Fraction]]) -> list[Row]:
    """Of shares by model and member: every pair, then all of the models.

    Half of what differs, Pearson's correlation of mid-ranks, and Kendall's W with his correction for ties.
    """
    ranks = {model: _mid_ranks(own) for model, own in shares.items()}
    count, members = len(shares), len(next(iter(shares.values())))
    rows, distances = [], []
    for one, other in combinations(sorted(shares), 2):
        distance = sum(abs(shares[one][member] - shares[other][member]) for member in shares[one]) / 2
        distances.append(distance)
        rows.append(
            {
                **{"model_a": one, "model_b": other, "models": 2, "members": members},
                "distance": rounded(distance, 8),
                "rank_correlation": _correlation(ranks[one], ranks[other]),
                "rank_concordance": None,
            }
        )
    sums = [sum(ranks[model][member] for model in shares) for member in next(iter(shares.values()))]
    mean = Fraction(count * (members + 1), 2)
    spread = sum((value - mean) ** 2 for value in sums)
    ties = sum(size**3 - size for own in shares.values() for size in _tie_sizes(own))
    bottom = count**2 * (members**3 - members) - count * ties
    concordance = rounded(12 * spread / bottom, 8) if count > 1 and bottom else None
    mean_distance = rounded(sum(distances) / len(distances), 8) if distances else None
    everybody = {"model_a": "all", "model_b": "all", "models": count, "members": members}
    told = {"distance": mean_distance, "rank_correlation": None, "rank_concordance": concordance}
    return [*rows, {**everybody, **told}]


def _mid_ranks(own: dict[str, Fraction]) -> dict[str, Fraction]:
    values = list(own.values())
    return {
        member: 1 + sum(other > share for other in values) + Fraction(values.count(share) - 1, 2)
        for member, share in own.items()
    }


def _tie_sizes(own: dict[str, Fraction]) -> list[int]:
    values = list(own.values())
    return [values.count(share) for share in set(values)]


def _correlation(one: dict[str, Fraction], other: dict[str, Fraction]) -> Decimal | None:
    mean = Fraction(len(one) + 1, 2)
    product = sum((one[member] - mean) * (other[member] - mean) for member in one)
    squares = [sum((rank - mean) ** 2 for rank in own.values()) for own in (one, other)]
    return to_six(float(product) / math.sqrt(squares[0] * squares[1])) if all(squares) else None


def to_six(value: float) -> Decimal:
    return rounded(Fraction(value), 6)
