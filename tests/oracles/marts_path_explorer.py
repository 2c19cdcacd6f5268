"""Paths that led to orders or to nothing, how long they are and take, worked out from the demo's raw files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import groupby
from typing import Any

import pandas as pd

from tests.oracles.demo_documents import Documents
from tests.oracles.demo_orders import AS_OF
from tests.oracles.demo_rows import Row, crm, erp, frame
from tests.oracles.exact import rounded
from tests.oracles.marts_attribution import order_measure
from tests.oracles.marts_journey import journeys_of
from tests.oracles.marts_paths import member_of, null_paths
from tests.oracles.marts_scorecard_sales import wilson
from tests.oracles.metric_cells import periods

LEAST = 10
MEASURES = ("booked", "invoiced", "collected", "contribution")
LEVELS = ("channel_group", "channel", "campaign")
LENGTHS = {"0": 0, "1": 1, "2": 2, "3": 3, "4": 4, "5": 5, "6-10": 10, "11-20": 20, "21+": None}
DAYS = {"0": 0, "1-7": 7, "8-30": 30, "31-90": 90, "91-180": 180, "181-365": 365, "366+": None}


def _journeys(documents: Documents) -> list[Row]:
    """Orders that count and null paths, with their members by level and what came of them."""
    return documents.once("path_journeys", _read)


def _read(documents: Documents) -> list[Row]:
    journeys = journeys_of(documents)
    groups = {crm(row["channel_code"]): row["group"] for row in documents.demo.rows.crm("channels")}
    first = {erp(number) for number in documents.demo.attribution.first_orders["order"]}
    money: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for posting in order_measure(documents).to_dict("records"):
        if posting["posted_on"] <= AS_OF:
            money[posting["order_id"], posting["measure"]] += posting["amount"]
    ended = [(order["touches"], order) for order in journeys.orders.values()]
    ended += [(touches, None) for touches in null_paths(journeys).values()]
    rows = []
    for touches, order in ended:
        members = {level: [member_of(touch, level) for touch in touches] for level in ("channel", "campaign")}
        members["channel_group"] = [groups.get(channel, "unknown") for channel in members["channel"]]
        on = order["converted_at"].date() if order else touches[-1]["touched_on"]
        rows.append(
            {
                "on": on,
                "members": {level: [name for name, _ in groupby(names)] for level, names in members.items()},
                "touches": len(touches),
                "is_converted": order is not None,
                "is_first": order is not None and order["order_id"] in first,
                "days": (on - touches[0]["touched_on"]).days if order and touches else None,
                **{measure: money[order["order_id"], measure] if order else Decimal(0) for measure in MEASURES},
            }
        )
    return [row for row in rows if row["on"] <= AS_OF]


def _cells(rows: list[Row], key: Callable[[Row], str | None]) -> dict[tuple[str, date | None], dict[str, list[Row]]]:
    """Period → key → its journeys."""
    found: dict[tuple[str, date | None], dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        name = key(row)
        if name is not None:
            for period in periods(row["on"]):
                found[period][name].append(row)
    return found


def path_summary(documents: Documents) -> pd.DataFrame:
    """Every path of every level and period."""
    rows = []
    for level in LEVELS:
        for (kind, start), paths in _cells(_journeys(documents), lambda row, at=level: _path(row, at)).items():
            told = {path: _sums(own) for path, own in paths.items()}
            orders = sum(sums["conversions"] for sums in told.values())
            earned = sum((sums["contribution"] for sums in told.values()), Decimal(0))
            best = sorted(told, key=lambda path: (-told[path]["conversions"], -told[path]["contribution"], path))
            for place, path in enumerate(best, start=1):
                sums = told[path]
                rows.append(
                    {
                        "path_summary_id": "|".join(map(str, (level, kind, start or "", path))),
                        "level": level,
                        "period_kind": kind,
                        "period_start": start,
                        "path_rank": place,
                        "path": path,
                        "steps": len(paths[path][0]["members"][level]),
                        "touches": sum(row["touches"] for row in paths[path]),
                        **sums,
                        "conversion_share": _per(sums["conversions"], orders),
                        "contribution_share": _per(sums["contribution"], earned) if earned > 0 else None,
                    }
                )
    return frame(rows)


def path_distribution(documents: Documents) -> pd.DataFrame:
    """Bands of length and of days, and where journeys began and ended."""
    cuts: dict[str, tuple[Callable[[Row], str | None], list[str]]] = {
        "length": (lambda row: _band(row["touches"], LENGTHS), list(LENGTHS)),
        "days": (lambda row: _band(row["days"], DAYS), list(DAYS)),
        "first_last": (_ends, []),
    }
    rows = []
    for cut, (key, order) in cuts.items():
        for (kind, start), bands in _cells(_journeys(documents), key).items():
            orders = sum(row["is_converted"] for own in bands.values() for row in own)
            for band, own in bands.items():
                sums = _sums(own)
                rows.append(
                    {
                        "path_distribution_id": "|".join(map(str, (cut, kind, start or "", band))),
                        "cut": cut,
                        "period_kind": kind,
                        "period_start": start,
                        "band": band,
                        "band_number": order.index(band) + 1 if order else 1,
                        **sums,
                        "conversion_share": _per(sums["conversions"], orders),
                    }
                )
    return frame(rows)


def _path(row: Row, level: str) -> str:
    return " > ".join(row["members"][level]) or "no_touch"


def _ends(row: Row) -> str:
    groups = row["members"]["channel_group"] or ["no_touch"]
    return f"{groups[0]} > {groups[-1]}"


def _band(value: int | None, bands: dict[str, int | None]) -> str | None:
    if value is None:
        return None
    return next(name for name, most in bands.items() if most is None or value <= most)


def _sums(rows: list[Row]) -> Row:
    conversions, first = sum(row["is_converted"] for row in rows), sum(row["is_first"] for row in rows)
    days = sorted(row["days"] for row in rows if row["days"] is not None)
    low, high = wilson(conversions, len(rows))
    return {
        "journeys": len(rows),
        "conversions": conversions,
        "null_paths": len(rows) - conversions,
        "conversion_rate": _per(conversions, len(rows)),
        "conversion_rate_low": low,
        "conversion_rate_high": high,
        "new_customers": first,
        "repeat_orders": conversions - first,
        **{measure: sum((row[measure] for row in rows), Decimal(0)) for measure in MEASURES},
        "days_median": _quantile(days, Fraction(1, 2)),
        "days_p90": _quantile(days, Fraction(9, 10)),
        "is_small_sample": conversions < LEAST,
    }


def _quantile(values: Sequence[int], share: Fraction) -> Decimal | None:
    """Between the two values that the share lies between, in proportion."""
    if not values:
        return None
    place = share * (len(values) - 1)
    below = values[int(place)]
    above = values[min(int(place) + 1, len(values) - 1)]
    return rounded(below + (place - int(place)) * (above - below), 1)


def _per(amount: Any, of: Any) -> Decimal | None:
    return rounded(Fraction(amount) / Fraction(of), 8) if of else None
