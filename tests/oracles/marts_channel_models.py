"""Channels and campaigns across attribution models, and how far the models differ, from the demo's raw files."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import product
from typing import Any, NamedTuple

import pandas as pd

from tests.oracles.compare import published_mart
from tests.oracles.demo_documents import Documents
from tests.oracles.demo_orders import AS_OF
from tests.oracles.demo_rows import Row, frame
from tests.oracles.disagreement import disagreement, to_six
from tests.oracles.exact import BILLION, rounded
from tests.oracles.marts_attribution import MODELS, attribution_credit, cost_allocation, new_customer_weight
from tests.oracles.marts_dims import dim_campaign, dim_channel
from tests.oracles.marts_journey import journeys_of
from tests.oracles.marts_paths import channel_effect, member_of
from tests.oracles.marts_weights import slots_of
from tests.oracles.metric_cells import periods

LEAST = 10
LEVELS = ("channel", "campaign")
MONEY = ("booked", "invoiced", "collected", "contribution")
COUNTS = ("orders", "new_customers")
NOBODY = "unattributed"
WARNINGS = {
    "few_orders": (
        "fewer orders than metrics.scorecard_least_orders are behind this figure",
        "该数字所依据的订单数少于 metrics.scorecard_least_orders",
    ),
    "interval_overlaps": (
        "its 95 % interval overlaps that of a neighbour in rank: the order of the two may be chance",
        "其 95% 区间与排名相邻者重叠，两者的先后可能出于偶然",
    ),
    None: (None, None),
}
Period = tuple[str, str, date | None]  # level, kind, first day


class Event(NamedTuple):
    """So much of a measure by a model, with the order or customer behind it; member by level, None: of no touch."""

    model: str
    measure: str
    touch: Row | None
    on: date
    unit: str | None
    amount: Decimal


def _events(documents: Documents) -> Iterator[Event]:
    found = attribution_credit(documents)
    columns = ("model", "measure", "touch_id", "channel_id", "campaign_id", "posted_on", "order_id", "amount")
    for model, measure, touch, channel, campaign, on, order, amount in zip(
        *(found[name] for name in columns), strict=True
    ):
        if measure in MONEY:
            place = {"channel_id": channel, "campaign_id": campaign} if touch else None
            yield Event(model, measure, place, on, order, amount)
    slots = slots_of(documents)
    for order_id, order in journeys_of(documents).orders.items():
        on = order["converted_at"].date()
        for model in MODELS:
            if order_id not in slots:
                yield Event(model, "orders", None, on, order_id, Decimal(1))
                continue
            for index, _, past, here in slots[order_id][model]:
                if here != past:
                    weight = Decimal(here - past) / BILLION
                    yield Event(model, "orders", order["touches"][index], on, order_id, weight)
    for row in new_customer_weight(documents).to_dict("records"):
        place = row if row["order_id"] in slots else None
        yield Event(row["model"], "new_customers", place, row["converted_on"], row["account_id"], row["weight"])


def _periods(on: date) -> list[tuple[str, date | None]]:
    """A month has too few orders to compare models."""
    return [(kind, start) for kind, start in periods(on) if kind != "month"]


def channel_model(documents: Documents) -> pd.DataFrame:
    """Every member of a period in every model and measure, also where it earned nothing."""
    return frame(documents.once("channel_models", _cells))


class Sums:
    """Credit and units by (level, kind, first day, member, model, measure), cost by its first four, of all events."""

    def __init__(self, documents: Documents) -> None:
        self.credit: dict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
        self.units: dict[tuple[Any, ...], set[str]] = defaultdict(set)
        self.cost: dict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
        for event in _events(documents):
            for place in _places(event.touch, event.on):
                self.credit[(*place, event.model, event.measure)] += event.amount
                if event.unit:
                    self.units[(*place, event.model, event.measure)].add(event.unit)
        for row in cost_allocation(documents).to_dict("records"):
            if row["basis"] == "direct":
                for place in _places(row, row["allocated_on"]):
                    self.cost[place] += row["amount"]

    def members(self) -> dict[Period, set[str]]:
        """Who earned or cost anything in each period."""
        found: dict[Period, set[str]] = defaultdict(set)
        for level, kind, start, member, *_ in (*self.credit, *self.cost):
            found[level, kind, start].add(member)
        return found


def _places(touch: Row | None, on: date) -> Iterator[tuple[Any, ...]]:
    """Every level and period, with the member of the level."""
    if on <= AS_OF:
        for level in LEVELS:
            for kind, start in _periods(on):
                yield level, kind, start, NOBODY if touch is None else member_of(touch, level)


def _cells(documents: Documents) -> list[Row]:
    sums, names, effects = Sums(documents), _names(documents), _effects(documents)
    rows = []
    for period, present in sums.members().items():
        level, kind, _ = period
        for model, measure in product(MODELS, (*MONEY, *COUNTS)):
            own = {member: sums.credit[(*period, member, model, measure)] for member in present}
            for member in present:
                row = _cell(period, (member, model, measure), own, sums.cost[(*period, member)])
                known = effects.get((level, member, model), {}) if kind == "all" else {}
                units = len(sums.units[(*period, member, model, measure)])
                rows.append({**row, "name": names.get(member), "units": units, **_caution(units, known)})
    return rows


def _cell(period: Period, of: tuple[str, str, str], own: dict[str, Decimal], cost: Decimal) -> Row:
    member, model, measure = of
    here = own[member]
    whole = sum(own.values(), Decimal(0))
    attributed = whole - own.get(NOBODY, Decimal(0))
    above = sum(other > here for name, other in own.items() if name != NOBODY)
    is_money = measure in MONEY
    return {
        "channel_model_id": "|".join(str(part or "") for part in (*period, member, model, measure)),
        **dict(zip(("cut", "period_kind", "period_start"), period, strict=True)),
        "member_id": member,
        "model": model,
        "measure": measure,
        "credit": here,
        "share": _per(here, whole) if whole > 0 else None,
        "share_of_attributed": _per(here, attributed) if attributed > 0 and member != NOBODY else None,
        "member_rank": None if member == NOBODY else 1 + above,
        "cost": cost,
        "roi": _per(here - cost, cost) if measure == "contribution" else None,
        "credit_per_cost": _per(here, cost) if is_money else None,
        "cost_per_credit": None if is_money or here < Decimal("0.01") else _per(cost, here),
    }


def _names(documents: Documents) -> dict[str, str]:
    channels = {row["channel_id"]: row["name"] for row in dim_channel(documents.demo).to_dict("records")}
    campaigns = {row["campaign_id"]: row["name"] for row in dim_campaign(documents.demo).to_dict("records")}
    return channels | {f"channel:{channel}": name for channel, name in channels.items()} | campaigns


def _effects(documents: Documents) -> dict[tuple[str, str, str], Row]:
    """By level, member and model: the share of conversions; its ends, which come of draws, as they are published."""
    ends = {
        (row["level"], row["member_id"], row["model"]): row
        for row in published_mart(documents.demo.workspace, "channel_effect").to_pylist()
    }
    ranked: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in channel_effect(documents).to_dict("records"):
        drawn = ends[row["level"], row["member_id"], row["model"]]
        ranked[row["level"], row["model"]].append({**row, "low": drawn["share_low"], "high": drawn["share_high"]})
    found = {}
    for (level, model), rows in ranked.items():
        rows.sort(key=lambda row: (-row["share"], row["member_id"]))
        for place, row in enumerate(rows):
            above, below = rows[:place][-1:], rows[place + 1 :][:1]
            overlaps = any(other["low"] <= row["high"] for other in above)
            overlaps = overlaps or any(other["high"] >= row["low"] for other in below)
            found[level, row["member_id"], model.removesuffix("_1")] = {**row, "overlaps": overlaps}
    return found


def _caution(units: int, effect: Row) -> Row:
    """The demo has conversions enough for its data-driven models to be reliable."""
    warning = "few_orders" if units < LEAST else "interval_overlaps" if effect.get("overlaps") else None
    return {
        "effect_share": effect.get("share"),
        "effect_share_low": effect.get("low"),
        "effect_share_high": effect.get("high"),
        "is_effect_overlapping": effect.get("overlaps"),
        "is_small_sample": units < LEAST,
        "warning": warning,
        "warning_en": WARNINGS[warning][0],
        "warning_zh": WARNINGS[warning][1],
    }


def _groups(documents: Documents) -> dict[tuple[Any, ...], dict[str, dict[str, Row]]]:
    """Period and measure → model → member → cell; without what no touch earned."""
    found: dict[tuple[Any, ...], dict[str, dict[str, Row]]] = defaultdict(lambda: defaultdict(dict))
    for row in channel_model(documents).to_dict("records"):
        if row["share_of_attributed"] is not None:
            key = row["cut"], row["period_kind"], row["period_start"], row["measure"]
            found[key][row["model"]][row["member_id"]] = row
    return found


def channel_disagreement(documents: Documents) -> pd.DataFrame:
    """Least, most and scatter of the shares that the models give a member."""
    rows = []
    for (level, kind, start, measure), models in _groups(documents).items():
        for member in next(iter(models.values())):
            cells = [models[model][member] for model in sorted(models)]
            shares = [Fraction(cell["share_of_attributed"]) for cell in cells]
            mean = sum(shares) / len(shares)
            variance = sum((share - mean) ** 2 for share in shares) / len(shares)
            least = min(cells, key=lambda cell: cell["share_of_attributed"])
            most = max(cells, key=lambda cell: cell["share_of_attributed"])
            rows.append(
                {
                    "channel_disagreement_id": "|".join(map(str, (level, kind, start or "", member, measure))),
                    "cut": level,
                    "period_kind": kind,
                    "period_start": start,
                    "member_id": member,
                    "name": least["name"],
                    "measure": measure,
                    "models": len(cells),
                    "share_least": least["share_of_attributed"],
                    "model_least": least["model"],
                    "share_most": most["share_of_attributed"],
                    "model_most": most["model"],
                    "share_span": most["share_of_attributed"] - least["share_of_attributed"],
                    "share_mean": rounded(mean, 8),
                    "share_variation": to_six(math.sqrt(variance) / float(mean)) if mean else None,
                    "rank_best": min(cell["member_rank"] for cell in cells),
                    "rank_worst": max(cell["member_rank"] for cell in cells),
                    "units": max(cell["units"] for cell in cells),
                    "is_small_sample": max(cell["units"] for cell in cells) < LEAST,
                }
            )
    return frame(rows)


def model_disagreement(documents: Documents) -> pd.DataFrame:
    """Every pair of models, and all of them."""
    rows = []
    for (level, kind, start, measure), models in _groups(documents).items():
        head = {"cut": level, "period_kind": kind, "period_start": start, "measure": measure}
        name = "|".join(map(str, (level, kind, start or "", measure)))
        shares = {
            model: {member: Fraction(cell["share_of_attributed"]) for member, cell in cells.items()}
            for model, cells in models.items()
        }
        for found in disagreement(shares):
            rows.append({"model_disagreement_id": f"{name}|{found['model_a']}|{found['model_b']}", **head, **found})
    return frame(rows)


def _per(amount: Decimal, of: Decimal) -> Decimal | None:
    return rounded(Fraction(amount) / Fraction(of), 8) if of else None
