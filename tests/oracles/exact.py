"""Exact arithmetic of the oracles."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

CENT = Decimal("0.01")
BILLION = 10**9


def rounded(value: Decimal | Fraction, places: int = 2) -> Decimal:
    """Half away from zero, to so many decimals."""
    exact = Fraction(value)
    scaled = abs(exact) * 10**places
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Decimal(whole if exact >= 0 else -whole).scaleb(-places)


def money(text: str) -> Decimal:
    """``1,234.50`` → Decimal; raises on anything else."""
    return Decimal(text.replace(",", ""))


def total(values: Iterable[Decimal]) -> Decimal:
    """Sum of decimals, 0 of none."""
    return sum(values, Decimal(0))


def shares(amount: Decimal, weights: list[Decimal]) -> list[Decimal]:
    """Split by weights, parts adding up to the amount (cumulative rounding); the first takes all if none weighs."""
    whole = sum(weights, Decimal(0))
    if whole == 0:
        return [amount] + [Decimal(0)] * (len(weights) - 1)
    parts, running, before = [], Decimal(0), Decimal(0)
    for weight in weights:
        running += weight
        here = rounded(Fraction(amount) * Fraction(running) / Fraction(whole))
        parts.append(here - before)
        before = here
    return parts


def position_based(count: int) -> list[int]:
    """Cumulative weights of 40/20/40 in billionths; one touch takes all, two share evenly."""
    if count == 1:
        return [BILLION]
    if count == 2:
        return [BILLION // 2, BILLION]
    middle = Fraction(2, 10) / (count - 2)
    inner = [Fraction(4, 10) + middle * k for k in range(count - 1)]
    return [int(rounded(share * BILLION, 0)) for share in inner] + [BILLION]


def linear(count: int) -> list[int]:
    """Cumulative weights, each touch the same, in billionths."""
    return [int(rounded(Fraction(k * BILLION, count), 0)) for k in range(1, count + 1)]


CUMULATIVE = {
    "first": lambda count: [BILLION] * count,
    "last": lambda count: [0] * (count - 1) + [BILLION],
    "linear": linear,
    "position_based": position_based,
}


def credited(amount: Decimal, cumulative: list[int]) -> list[Decimal]:
    """What each touch is credited of an amount: round(A·W_k) - round(A·W_{k-1})."""
    reached = [rounded(Fraction(amount) * Fraction(weight, BILLION)) for weight in cumulative]
    return [here - before for here, before in zip(reached, [Decimal(0), *reached[:-1]], strict=True)]
