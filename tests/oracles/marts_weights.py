"""Shares of each touch by every attribution model, worked out from the demo's raw files."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from tests.oracles import attribution_models as models
from tests.oracles.demo_documents import Documents
from tests.oracles.marts_journey import journeys_of, milestones_of, stage_pool
from tests.oracles.marts_paths import channel_effect

#: of an order with a journey: model → shares of its touches; see :func:`attribution_models.cumulative`
Slots = dict[str, dict[str, list[tuple[int, str | None, int, int]]]]


def slots_of(documents: Documents) -> Slots:
    """Order → model → shares, made once."""
    return documents.once("slots", _slots)


def _slots(documents: Documents) -> Slots:
    pools = {row["milestone"]: Fraction(row["information_weight"]) for row in stage_pool(documents).to_dict("records")}
    effects = {
        row["member_id"]: Fraction(row["effect"])
        for row in channel_effect(documents).to_dict("records")
        if row["model"] == "markov_1" and row["level"] == "channel"
    }
    known, found = milestones_of(documents), {}
    for order_id, order in journeys_of(documents).orders.items():
        if order["touches"]:
            at = order["converted_at"]
            touches: list[dict[str, Any]] = [
                {**touch, "counted_at": min(touch["effective_at"], at)} for touch in order["touches"]
            ]
            reached = known.reached(order_id.removeprefix("erp:"), at)
            by_model = models.slots_of(touches, reached, pools, effects)
            found[order_id] = {model: models.cumulative(slots) for model, slots in by_model.items()}
    return found
