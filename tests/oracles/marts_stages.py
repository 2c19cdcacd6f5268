"""The stage scorecard from the demo's raw files: what each stage cost, whom it moved on, what it returned."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

import pandas as pd

from tests.oracles.demo_documents import Documents
from tests.oracles.demo_orders import AS_OF
from tests.oracles.demo_rows import Row, crm, frame
from tests.oracles.exact import rounded
from tests.oracles.marts_attribution import attribution_credit, company_of
from tests.oracles.marts_journey import MATURE_DAYS, stage_pool
from tests.oracles.marts_leads import lead_facts, opportunity_facts
from tests.oracles.marts_market import touch_facts
from tests.oracles.marts_scorecard_sales import wilson
from tests.oracles.metric_cells import periods

LEAST = 10
MODELS = {"staged": "fixed_weight", "staged_information": "information_weight"}
MEASURES = ("booked", "invoiced", "collected", "contribution")
STAGES = ("lead", "qualification", "opportunity", "quote", "order", "after_close", "other", "none")
WORKED_AT = {
    **{"before_funnel": "lead", "认知": "lead", "获客": "lead"},
    **dict.fromkeys(("lead:new", "lead:working", "培育"), "qualification"),
    **dict.fromkeys(("lead:mql", "lead:sql", "转化"), "opportunity"),
    **dict.fromkeys(("opportunity:requirement", "opportunity:solution"), "quote"),
    **dict.fromkeys(("opportunity:quotation", "opportunity:negotiation", "成交"), "order"),
    **dict.fromkeys(("opportunity:won", "opportunity:lost"), "after_close"),
}
CUTS = {"total": (), "channel": ("channel",), "campaign": ("channel", "campaign")}


class Event(NamedTuple):
    """Something at a stage on a day; ``model`` None: the same in every model."""

    stage: str
    channel: str
    campaign: str
    on: date
    model: str | None
    what: str
    amount: Any


def _entries(documents: Documents) -> Iterator[Event]:
    """Who stood before each stage, with whether it was reached."""
    demo = documents.demo
    for row in touch_facts(demo).to_dict("records"):
        who = next((f"{kind}:{row[kind]}" for kind in ("account_id", "contact_id", "lead_id") if row[kind]), None)
        if who:
            place = row["channel_id"] or "unknown", row["campaign_id"] or "unknown", row["touched_on"]
            yield Event("lead", *place, None, "entry", (who, bool(row["lead_id"])))
    for row in lead_facts(demo).to_dict("records"):
        if row["is_valid"]:
            place = row["origin_channel_id"], row["origin_campaign_id"], row["created_on"]
            qualified = row["is_mql"] or row["is_sql"]
            yield Event("qualification", *place, None, "entry", (row["lead_id"], qualified))
            if qualified:
                yield Event("opportunity", *place, None, "entry", (row["lead_id"], row["has_opportunity"]))
    with_quote = {crm(row["opp_id"]) for row in demo.rows.crm("quotes")}
    for row in opportunity_facts(demo).to_dict("records"):
        deal, place = row["opportunity_id"], (row["origin_channel_id"], row["origin_campaign_id"], row["created_on"])
        yield Event("quote", *place, None, "entry", (deal, deal in with_quote))
        if deal in with_quote:
            yield Event("order", *place, None, "entry", (deal, row["has_order"]))


def _money(documents: Documents) -> Iterator[Event]:
    """Cost where it worked, in the view of the demo's settings; credit where the model puts it."""
    for row in company_of(documents).ledger():
        if row["view"] == "event":
            stage = WORKED_AT.get(row["stage"], "other") if row["stage"] else "none"
            place = row["channel_id"] or "unknown", row["campaign_id"] or "unknown", row["allocated_on"]
            yield Event(stage, *place, None, "cost", row["amount"])
            if row["cost_source"] == "work_hours":
                yield Event(stage, *place, None, "sales_time_cost", row["amount"])
    for row in attribution_credit(documents, list(MODELS)).to_dict("records"):
        if row["measure"] in MEASURES:
            earned = bool(row["touch_id"])
            place = (row[name] or "unknown" if earned else "unattributed" for name in ("channel_id", "campaign_id"))
            channel, campaign = place
            stage, on = row["stage"] or "none", row["posted_on"]
            yield Event(stage, channel, campaign, on, row["model"], row["measure"], row["amount"])
            yield Event(stage, channel, campaign, on, row["model"], "order", row["order_id"])


def stage_scorecard(documents: Documents) -> pd.DataFrame:
    """Every cut and period; the same cost and entrants beside the credits of each staged model."""
    cells: dict[tuple[Any, ...], list[Event]] = defaultdict(list)
    for event in (*_entries(documents), *_money(documents)):
        if event.on > AS_OF:
            continue
        for model in MODELS if event.model is None else (event.model,):
            for cut, keys in CUTS.items():
                members = tuple(getattr(event, key) for key in keys)
                for kind, start in periods(event.on):
                    cells[cut, kind, start, members, event.stage, model].append(event)
    pools = {row["milestone"]: row for row in stage_pool(documents).to_dict("records")}
    return frame([_card(key, events, pools) for key, events in cells.items()])


def _card(key: tuple[Any, ...], events: list[Event], pools: dict[str, Row]) -> Row:
    cut, kind, start, members, stage, model = key
    channel, campaign = (*members, None, None)[:2]
    sums: dict[str, Decimal] = defaultdict(Decimal)
    met: dict[str, bool] = {}
    for event in events:
        if event.what == "entry":
            who, advanced = event.amount
            met[who] = met.get(who, False) or advanced
        elif event.what != "order":
            sums[event.what] += event.amount
    entered = [event.on for event in events if event.what == "entry"]
    orders = len({event.amount for event in events if event.what == "order" and event.amount})
    entrants, advances, cost, pool = len(met), sum(met.values()), sums["cost"], pools.get(stage)
    low, high = wilson(advances, entrants)
    name = [cut, kind, start or "", channel or "", campaign or "", stage, model]
    return {
        "stage_scorecard_id": "|".join(map(str, name)),
        "cut": cut,
        "period_kind": kind,
        "period_start": start,
        "channel_id": channel,
        "campaign_id": campaign,
        "stage": stage,
        "stage_number": STAGES.index(stage) + 1,
        "model": model,
        "pool_weight": pool[MODELS[model]] if pool else None,
        "cost": cost,
        "sales_time_cost": sums["sales_time_cost"],
        "entrants": entrants,
        "advances": advances,
        "conversion_rate": _per(Decimal(advances), entrants),
        "conversion_rate_low": low,
        "conversion_rate_high": high,
        "is_mature": all(on + timedelta(days=MATURE_DAYS) <= AS_OF for on in entered),
        "cost_per_entrant": _per(cost, entrants),
        "cost_per_advance": _per(cost, advances),
        "orders": orders,
        **{f"credited_{measure}": sums[measure] for measure in MEASURES},
        "roi": _per(sums["contribution"] - cost, cost) if pool else None,
        "is_small_sample": orders < LEAST or 0 < entrants < LEAST,
    }


def _per(amount: Decimal, of: Decimal | int) -> Decimal | None:
    return rounded(Fraction(amount) / Fraction(of), 8) if of else None
