"""Paths of the demo and what the data-driven models make of them, worked out from its raw files."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, time
from decimal import Decimal
from fractions import Fraction

import pandas as pd

from tests.oracles import data_driven
from tests.oracles.demo_documents import Documents
from tests.oracles.demo_orders import AS_OF
from tests.oracles.demo_rows import Row, frame, utc
from tests.oracles.marts_journey import KINDS, Journeys, journeys_of

LEAST_CONVERSIONS, DRAWS = 100, 1_000
ENDS = ("share_low", "share_high")


def null_paths(journeys: Journeys) -> dict[str, list[Row]]:
    """Account → touches that its last order left behind, of which none can serve an order any more."""
    last: dict[str, datetime] = {}
    for order in journeys.orders.values():
        if order["account_id"]:
            account = order["account_id"]
            last[account] = max(order["converted_at"], last.get(account, order["converted_at"]))
    end_of_day = datetime.combine(AS_OF, time.max)
    found = {}
    for account, touches in journeys.touches.items():
        left = [row for row in touches if account not in last or not journeys._by(row, last[account])]
        if not left or any(row["effective_at"] + row["lookback"] >= end_of_day for row in left):
            continue
        left.sort(
            key=lambda row: (
                *(row["effective_at"], row["precision"] != "exact"),
                *(KINDS.index(row["touch_type"]) if row["touch_type"] in KINDS else -1, row["touch_id"]),
            )
        )
        end = max(row["effective_at"] for row in left)
        found[account] = [row for row in left if row["effective_at"] + row["lookback"] >= end]
    return found


def member_of(touch: Row, level: str) -> str:
    channel = str(touch["channel_id"] or "unknown")
    return channel if level == "channel" else str(touch["campaign_id"] or f"channel:{channel}")


def journey_path(documents: Documents) -> pd.DataFrame:
    """One row per order that counts, and per null path."""
    journeys = journeys_of(documents)
    rows = [
        _path(order["order_id"], order["order_id"], order["account_id"], order["touches"], order["converted_at"])
        for order in journeys.orders.values()
    ]
    rows += [_path(f"null:{account}", None, account, path, None) for account, path in null_paths(journeys).items()]
    return frame(rows)


def _path(journey: str, order: str | None, account: str | None, touches: list[Row], at: datetime | None) -> Row:
    channels, campaigns = ([member_of(touch, level) for touch in touches] for level in ("channel", "campaign"))
    counted = [utc(min(touch["effective_at"], at or touch["effective_at"])) for touch in touches]
    first, last = (touches[0], touches[-1]) if touches else ({}, {})
    return {
        "journey_id": journey,
        "order_id": order,
        "account_id": account,
        "is_converted": order is not None,
        "touch_count": len(touches),
        "channel_count": len(set(channels)),
        "campaign_count": len(set(campaigns)),
        "channel_path": " > ".join(channels) or None,
        "campaign_path": " > ".join(campaigns) or None,
        "first_touch_id": first.get("touch_id"),
        "last_touch_id": last.get("touch_id"),
        "first_touch_at": min(counted, default=None),
        "last_touch_at": max(counted, default=None),
        "first_touch_on": first.get("touched_on"),
        "last_touch_on": last.get("touched_on"),
        "converted_at": utc(at) if at else None,
        "converted_on": at.date() if at else None,
        "days_to_convert": (at.date() - first["touched_on"]).days if at and touches else None,
    }


def channel_effect(documents: Documents) -> pd.DataFrame:
    """Both models at both levels, each chain solved for itself; no ends of intervals."""
    paths = [row for row in journey_path(documents).to_dict("records") if row["touch_count"]]
    rows = []
    for level in ("channel", "campaign"):
        outcomes: dict[tuple[str, ...], tuple[int, int]] = {}
        through: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        equal: dict[str, Fraction] = defaultdict(Fraction)
        for row in paths:
            path = tuple(row[f"{level}_path"].split(" > "))
            converted, lost = outcomes.get(path, (0, 0))
            outcomes[path] = (converted + row["is_converted"], lost + (not row["is_converted"]))
            for member in set(path):
                through[member][0] += row["is_converted"]
                through[member][1] += 1
                equal[member] += Fraction(int(row["is_converted"]), len(set(path)))
        removed = data_driven.removal_effects(outcomes, 1, data_driven.conversion_to_fifty_digits)
        total = sum(converted for converted, _ in outcomes.values())
        assert total >= LEAST_CONVERSIONS, "the demo has enough conversions for advice"
        for model, effects in (("markov_1", removed), ("shapley", equal)):
            reached, before = Fraction(0), Decimal(0)
            for member in sorted(through):
                reached += effects[member]
                here = _placed(reached / sum(effects.values()))
                rows.append(
                    {
                        "model": model,
                        "level": level,
                        "member_id": member,
                        "effect": _placed(effects[member]),
                        "share": here - before,
                        "conversions": through[member][0],
                        "journeys": through[member][1],
                        "total_conversions": total,
                        "draws": DRAWS,
                        "is_reliable": True,
                        "reason_en": None,
                        "reason_zh": None,
                    }
                )
                before = here
    return frame(rows)


def _placed(value: Fraction) -> Decimal:
    return Decimal(round(value * 10**9)).scaleb(-9)
