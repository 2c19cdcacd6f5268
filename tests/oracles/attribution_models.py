"""Weights of each attribution model after attribution.md, in fractions, one journey at a time.

A touch is a mapping with ``channel_id``, ``group``, ``counted_at`` (capped at the order) and, to know what it helped to
reach, ``touched_at``, ``touched_on`` and ``precision``. ``reached`` gives for each milestone the order has the moment
and the day it was entered; the order itself is always there.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from tests.oracles.exact import BILLION, rounded

Touch = Mapping[str, Any]
Reached = Mapping[str, tuple[datetime, date]]
#: a share of a touch (by its index from 0), and the stage whose pool it is of
Slot = tuple[int, str | None, Fraction]
STAGES = ("lead", "qualification", "opportunity", "quote", "order")
HALF_LIFE = 30


def happened(touch: Touch, at: tuple[datetime, date]) -> bool:
    """Whether the touch had happened by then; one without a time, by its day."""
    moment, day = at
    return bool(touch["touched_on"] <= day if touch["precision"] == "date" else touch["touched_at"] <= moment)


def _even(raw: Sequence[Fraction]) -> list[Slot]:
    whole = sum(raw, Fraction(0))
    if whole == 0:
        raw, whole = [Fraction(1)] * len(raw), Fraction(len(raw))
    return [(index, None, part / whole) for index, part in enumerate(raw) if part]


def _only(index: int, count: int) -> list[Slot]:
    return _even([Fraction(int(here == index)) for here in range(count)])


def by_milestones(shares: Mapping[str, Fraction], touches: Sequence[Touch], reached: Reached) -> list[Slot]:
    """Shares at milestones; ``others`` in equal parts to what is at none of them."""
    raw = [Fraction(0)] * len(touches)
    at: set[int] = set()
    for milestone, share in shares.items():
        index = _touch_at(milestone, touches, reached)
        if index is not None:
            raw[index] += share
            at.add(index)
    rest = [index for index in range(len(touches)) if index not in at]
    for index in rest:
        raw[index] += shares.get("others", Fraction(0)) / len(rest)
    return _even(raw)


def _touch_at(milestone: str, touches: Sequence[Touch], reached: Reached) -> int | None:
    if milestone == "others":
        return None
    if milestone == "first":
        return 0
    if milestone == "order":
        return len(touches) - 1
    if milestone not in reached:
        return None
    return max((index for index, touch in enumerate(touches) if happened(touch, reached[milestone])), default=None)


def decay(touches: Sequence[Touch], half_life: int = HALF_LIFE) -> list[Fraction]:
    """Half of the weight each half-life before the last touch, to a trillionth."""
    last = max(touch["counted_at"] for touch in touches)
    ages = [(last - touch["counted_at"]).total_seconds() / 86400 for touch in touches]
    return [Fraction(round(math.pow(0.5, age / half_life) * 10**12)) for age in ages]


def _last_non_direct(touches: Sequence[Touch]) -> list[Slot]:
    known = [index for index, touch in enumerate(touches) if touch["group"] != "direct"]
    return _only(known[-1] if known else len(touches) - 1, len(touches))


def _shapley(touches: Sequence[Touch]) -> list[Slot]:
    of = Counter(touch["channel_id"] for touch in touches)
    return _even([Fraction(1, len(of) * of[touch["channel_id"]]) for touch in touches])


def staged(pools: Mapping[str, Fraction], touches: Sequence[Touch], reached: Reached) -> list[Slot]:
    """A pool per stage for the touches since the stage before, in equal parts."""
    there = [stage for stage in STAGES if stage in reached]
    stage_of = [
        next((stage for stage in there if stage != "order" and happened(touch, reached[stage])), "order")
        for touch in touches
    ]
    slots: list[Slot] = []
    for number, stage in enumerate(there):
        own = [index for index, at in enumerate(stage_of) if at == stage]
        earlier = [index for index, at in enumerate(stage_of) if at in there[:number]]
        if own:
            slots += [(index, stage, pools[stage] / len(own)) for index in own]
        elif earlier:
            slots.append((max(earlier), stage, pools[stage]))
    whole = sum((part for _, _, part in slots), Fraction(0))
    return [(index, at, part / whole) for index, at, part in slots]


def _shares(**parts: str) -> dict[str, Fraction]:
    return {name: Fraction(part) for name, part in parts.items()}


MILESTONE_MODELS = {
    "position_based": _shares(first="0.4", others="0.2", order="0.4"),
    "u_shaped": _shares(first="0.5", lead="0.5"),
    "w_shaped": _shares(first="0.3", lead="0.3", opportunity="0.3", others="0.1"),
    "full_path": _shares(first="0.225", lead="0.225", opportunity="0.225", order="0.225", others="0.1"),
}
FIXED_POOLS = dict.fromkeys(STAGES, Fraction(1, 5))


def slots_of(
    touches: Sequence[Touch],
    reached: Reached,
    information_pools: Mapping[str, Fraction],
    removal_effects: Mapping[str, Fraction],
) -> dict[str, list[Slot]]:
    """Model → shares of one journey; they add up to 1. ``removal_effects`` of channels are measured elsewhere."""
    count = len(touches)
    simple: dict[str, Callable[[], list[Slot]]] = {
        "first": lambda: _only(0, count),
        "last": lambda: _only(count - 1, count),
        "last_non_direct": lambda: _last_non_direct(touches),
        "linear": lambda: _even([Fraction(1)] * count),
        "time_decay": lambda: _even(decay(touches)),
        "shapley": lambda: _shapley(touches),
        "markov": lambda: _even([removal_effects.get(touch["channel_id"], Fraction(0)) for touch in touches]),
        "staged": lambda: staged(FIXED_POOLS, touches, reached),
        "staged_information": lambda: staged(information_pools, touches, reached),
    }
    found = {model: make() for model, make in simple.items()}
    return found | {model: by_milestones(shares, touches, reached) for model, shares in MILESTONE_MODELS.items()}


def cumulative(slots: Sequence[Slot]) -> list[tuple[int, str | None, int, int]]:
    """Shares in their order as (touch, stage, billionths before it, billionths with it); those of nothing left out."""
    ordered = sorted(slots, key=lambda slot: (slot[0], STAGES.index(slot[1]) if slot[1] else 0))
    found, running, before = [], Fraction(0), 0
    for index, stage, part in ordered:
        running += part
        here = int(rounded(running * BILLION, 0))
        if here != before:
            found.append((index, stage, before, here))
        before = here
    return found
