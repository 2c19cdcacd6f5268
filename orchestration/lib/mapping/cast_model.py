"""What a cast is made of."""

from __future__ import annotations

from dataclasses import dataclass

FLOATS = {"FLOAT", "DOUBLE"}


@dataclass(frozen=True)
class Cast:
    """SQL of one conversion.

    Attributes:
        prepared: over the input ``x``; becomes the column ``p``.
        value: over ``x`` and ``p``; becomes the column ``v``.
        lossy: a condition over ``x``, ``p`` and ``v``: the value does not hold what the input said.
    """

    prepared: str
    value: str
    lossy: str | None = None


@dataclass(frozen=True)
class Clock:
    """The zone that times without one are in, and the zone that business dates are in."""

    zone: str
    company_zone: str
