"""Channels and campaigns across attribution models, and how far the models differ, from the demo's raw files."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import combinations
from typing import Any, NamedTuple

import pandas as pd

from tests.oracles.compare import published_mart
from tests.oracles.demo_documents import Documents
from tests.oracles.demo_orders import AS_OF
from tests.oracles.demo_rows import Row, frame
from tests.oracles.exact import BILLION, rounded
from tests.oracles.marts_attribution import MODELS, attribution_credit, cost_allocation, new_customer_weight
from tests.oracles.marts_dims import dim_campaign, dim_channel
from tests.oracles.marts_journey import journeys_of
from tests.oracles.marts_paths import _member, channel_effect
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


def _cells(documents: Documents) -> list[Row]:
    credit: dict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
    units: dict[tuple[Any, ...], set[str | None]] = defaultdict(set)
    cost: dict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
    for event in _events(documents):
        if event.on <= AS_OF:
            for level in LEVELS:
                member = NOBODY if event.touch is None else _member(event.touch, level)
                for kind, start in _periods(event.on):
                    key = level, kind, start, member, event.model, event.measure
                    credit[key] += event.amount
                    if event.unit:
                        units[key].add(event.unit)
    for row in cost_allocation(documents).to_dict("records"):
        if row["basis"] == "direct" and row["allocated_on"] <= AS_OF:
            for level in LEVELS:
                for kind, start in _periods(row["allocated_on"]):
                    cost[level, kind, start, _member(row, level)] += row["amount"]
    members: dict[Period, set[str]] = defaultdict(set)
    for key in (*credit, *cost):
        members[key[:3]].add(key[3])
    names, effects = _names(documents), _effects(documents)
    rows = []
    for period, present in members.items():
        for model in MODELS:
            for measure in (*MONEY, *COUNTS):
                own = {member: credit[(*period, member, model, measure)] for member in present}
                for member in present:
                    found = units[(*period, member, model, measure)]
                    row = _cell(period, model, measure, member, own, cost[(*period, member)], len(found))
                    known = effects.get((period[0], member, model), {}) if period[1] == "all" else {}
                    rows.append({**row, "name": names.get(member), **_caution(len(found), known)})
    return rows


def _cell(
    period: Period, model: str, measure: str, member: str, own: dict[str, Decimal], cost: Decimal, units: int
) -> Row:
    level, kind, start = period
    here = own[member]
    whole = sum(own.values(), Decimal(0))
    attributed = whole - own.get(NOBODY, Decimal(0))
    is_money = measure in MONEY
    return {
        "channel_model_id": "|".join(map(str, (level, kind, start or "", member, model, measure))),
        "cut": level,
        "period_kind": kind,
        "period_start": start,
        "member_id": member,
        "model": model,
        "measure": measure,
        "credit": here,
        "share": _per(here, whole) if whole > 0 else None,
        "share_of_attributed": _per(here, attributed) if attributed > 0 and member != NOBODY else None,
        "member_rank": None
        if member == NOBODY
        else 1 + sum(other > here for name, other in own.items() if name != NOBODY),
        "cost": cost,
        "roi": _per(here - cost, cost) if measure == "contribution" else None,
        "credit_per_cost": _per(here, cost) if is_money else None,
        "cost_per_credit": None if is_money or here < Decimal("0.01") else _per(cost, here),
        "units": units,
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
                    "share_variation": _place(math.sqrt(variance) / float(mean)) if mean else None,
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
            rows.append(
                {"model_disagreement_id": f"{name}|{found['model_a']}|{found['model_b']}", **head, **found}
            )
    return frame(rows)


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
        rows.append(_line(one, other, 2, members, rounded(distance, 8), _correlation(ranks[one], ranks[other]), None))
    sums = [sum(ranks[model][member] for model in shares) for member in next(iter(shares.values()))]
    mean = Fraction(count * (members + 1), 2)
    spread = sum((value - mean) ** 2 for value in sums)
    ties = sum(size**3 - size for own in shares.values() for size in _tie_sizes(own))
    bottom = count**2 * (members**3 - members) - count * ties
    concordance = rounded(12 * spread / bottom, 8) if count > 1 and bottom else None
    mean_distance = rounded(sum(distances) / len(distances), 8) if distances else None
    return [*rows, _line("all", "all", count, members, mean_distance, None, concordance)]


def _line(
    one: str, other: str, models: int, members: int, distance: Any, correlation: Any, concordance: Decimal | None
) -> Row:
    return {
        "model_a": one,
        "model_b": other,
        "models": models,
        "members": members,
        "distance": distance,
        "rank_correlation": correlation,
        "rank_concordance": concordance,
    }


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
    return _place(float(product) / math.sqrt(squares[0] * squares[1])) if all(squares) else None


def _place(value: float) -> Decimal:
    return rounded(Fraction(value), 6)


def _per(amount: Decimal, of: Decimal) -> Decimal | None:
    return rounded(Fraction(amount) / Fraction(of), 8) if of else None
