"""Journeys of one account each, with their milestones and their money, for the tests of attribution models."""

from __future__ import annotations

import datetime as dt
import random
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.oracles import attribution_models as oracle
from tests.unit.attribution_case import order, postings, touch
from tests.unit.scratch_project import ScratchProject

D = Decimal
CHANNELS = {"show": "trade_show", "web": "paid_online", "mail": "email", "typed": "direct"}
EIGHT = dt.timedelta(hours=8)
EFFECTS = {"show": D("0.4"), "web": D("0.125"), "mail": D("0.000000001")}
ORDERED = "2024-06-30 04:00:00"
Row = dict[str, Any]
#: amounts of one posting after the other, by order line; None is the line that is named like the account
Money = Mapping[str | None, tuple[str, ...]]
MONEY: Money = {None: ("1000.01", "-333.33")}
ALL = (
    "first", "last", "last_non_direct", "linear", "position_based", "time_decay", "u_shaped", "w_shaped", "full_path",
    "shapley", "markov", "staged", "staged_information",
)  # fmt: skip


class Factory:
    """Rows of upstream tables, gathered account by account."""

    def __init__(self) -> None:
        self.rows: dict[str, list[Row]] = defaultdict(list)
        self.made: dict[str, tuple[list[Row], oracle.Reached]] = {}

    def journey(
        self,
        name: str,
        touches: list[tuple[str, str]],
        ordered: str = ORDERED,
        *,
        names: list[str] | None = None,
        money: Money = MONEY,
        **milestones: str | None,
    ) -> None:
        """One account with its order: touches as (moment or day, channel), milestones as moments (UTC).

        ``names`` are the ids of the touches, counted through by default."""
        rows = [
            touch(touch_id, name, moment, channel_id=channel)
            for touch_id, (moment, channel) in zip(
                names or [f"{name}_{number:02}" for number in range(len(touches))], touches, strict=True
            )
        ]
        self.rows["intermediate.int_touch"] += rows
        lead, deal, quote = (f"{kind}_{name}" for kind in ("l", "o", "q"))
        there = {key: moment for key, moment in milestones.items() if moment}
        self.rows["marts.order_facts"].append(
            order(
                f"o_{name}",
                name,
                ordered,
                confirmed_on=business_day(ordered),
                lead_id=lead if "lead" in there else None,
                opportunity_id=deal if "opportunity" in there else None,
                quote_id=quote if "quote" in there else None,
            )
        )
        if "lead" in there:
            qualified = there.get("qualification")
            self.rows["intermediate.int_lead"].append(
                {
                    "lead_id": lead,
                    "created_at": there["lead"],
                    "created_on": business_day(there["lead"]),
                    "mql_at": qualified,
                    "mql_on": qualified and business_day(qualified),
                }
            )
        if "opportunity" in there:
            self.rows["intermediate.int_opportunity"].append(
                {
                    "opportunity_id": deal,
                    "created_at": there["opportunity"],
                    "created_on": business_day(there["opportunity"]),
                }
            )
        if "quote" in there:
            self.rows["marts.quote_facts"].append(
                {"quote_id": quote, "quoted_at": there["quote"], "quoted_on": business_day(there["quote"])}
            )
        for line, amounts in money.items():
            self.rows["attribution.order_measure"] += postings(
                f"o_{name}", f"{name}{'' if line is None else f'/{line}'}", "invoiced", *amounts
            )
        self.made[name] = (rows, reached(ordered, there))

    def fill(self, case: ScratchProject) -> None:
        case.load("intermediate.int_as_of", [{"as_of_on": dt.date(2024, 12, 31)}])
        case.load(
            "marts.dim_channel", [{"channel_id": name, "channel_group": group} for name, group in CHANNELS.items()]
        )
        case.load(
            "attribution.channel_effect",
            [
                {
                    "model": "markov_1",
                    "level": "channel",
                    "member_id": name,
                    "effect": effect,
                }
                for name, effect in EFFECTS.items()
            ],
        )
        for table, rows in self.rows.items():
            case.load(table, rows)


def moment_of(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def business_day(text: str) -> dt.date:
    return (moment_of(text) + EIGHT).date()


def reached(ordered: str, recorded: dict[str, str]) -> oracle.Reached:
    """Entries after attribution.md: at the latest when a later one is; a lead may have skipped its qualification."""
    found: dict[str, tuple[dt.datetime, dt.date]] = {}
    latest = moment_of(ordered)
    for stage in reversed(oracle.STAGES):
        moment = recorded.get(stage) if stage != "order" else ordered
        if stage == "qualification" and "lead" not in recorded:
            continue
        if moment is None and not (stage == "qualification" and "lead" in recorded):
            continue
        latest = min(latest, moment_of(moment)) if moment else latest
        found[stage] = (latest, (latest + EIGHT).date())
    return found


@dataclass(frozen=True)
class Drawn:
    """A journey at random: what ``Factory.journey`` takes."""

    touches: list[tuple[str, str]]
    milestones: dict[str, str | None]

    def weeks_later(self, weeks: int) -> tuple[Drawn, str]:
        """All of it so much later, and the moment of its order."""
        later = dt.timedelta(weeks=weeks)
        return Drawn(
            [(str(moment_of(text) + later)[: len(text)], channel) for text, channel in self.touches],
            {stage: text and str(moment_of(text) + later) for stage, text in self.milestones.items()},
        ), str(moment_of(ORDERED) + later)


def drawn(draw: random.Random) -> Drawn:
    """Up to a dozen touches, some without their time, and milestones in and out of order."""
    start = moment_of("2024-01-05 00:00:00")

    def moment() -> str:
        # whole quarters of an hour make ties
        return str(start + dt.timedelta(minutes=15 * draw.randrange(0, 4 * 24 * 170)))

    touches = [
        (moment()[:10] if draw.random() < 0.3 else moment(), draw.choice(list(CHANNELS)))
        for _ in range(draw.randint(1, 12))
    ]
    milestones = {
        stage: moment() if draw.random() < 0.7 else None for stage in ("lead", "qualification", "opportunity", "quote")
    }
    if not milestones["lead"]:
        milestones["qualification"] = None
    return Drawn(touches, milestones)


def at_random(seed: int) -> Factory:
    """150 journeys, and every tenth once more, seven weeks later."""
    draw, factory = random.Random(seed), Factory()
    for number in range(150):
        journey = drawn(draw)
        factory.journey(f"r{number:03}", journey.touches, **journey.milestones)
        if number % 10 == 0:
            later, ordered = journey.weeks_later(7)
            factory.journey(f"shifted{number:03}", later.touches, ordered, **later.milestones)
    return factory
