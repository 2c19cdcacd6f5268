"""Journeys, milestones and what the stages are worth, worked out from the demo's raw files after attribution.md."""

from __future__ import annotations

import math
from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from itertools import pairwise

import pandas as pd

from tests.oracles import attribution_models as models
from tests.oracles.demo_attribution import KINDS, LOOKBACK, LOOKBACK_DEFAULT
from tests.oracles.demo_documents import Documents
from tests.oracles.demo_orders import AS_OF
from tests.oracles.demo_rows import EIGHT_HOURS, Row, crm, erp, frame, utc
from tests.oracles.marts_leads import lead_facts, opportunity_facts
from tests.oracles.marts_market import touch_facts

MATURE_DAYS = 90


class Journeys:
    """The touches of each order that counts: those that share its credit, or the latest that its window shut out."""

    def __init__(self, documents: Documents) -> None:
        self.documents = documents
        groups = {crm(row["channel_code"]): row["group"] for row in documents.demo.rows.crm("channels")}
        self.touches: dict[str, list[Row]] = defaultdict(list)
        for row in touch_facts(documents.demo).to_dict("records"):
            if row["account_id"]:
                days = LOOKBACK.get(groups.get(row["channel_id"], ""), LOOKBACK_DEFAULT)
                local = {name: row[name] + EIGHT_HOURS for name in ("touched_at", "effective_at")}
                own = {"lookback": timedelta(days=days), "group": groups.get(row["channel_id"])}
                self.touches[row["account_id"]].append({**row, **local, **own})

    @cached_property
    def orders(self) -> dict[str, Row]:
        """Order → its own row with ``touches`` in order, ``shut_out`` (the latest, or None) and ``reason``."""
        by_account: dict[str | None, list[Row]] = defaultdict(list)
        for order in self.documents.orders.values():
            if not order["is_excluded"]:
                by_account[order["account_id"]].append(order)
        found = {}
        for orders in by_account.values():
            moments = sorted({order["converted_at"] for order in orders})
            before = {later: earlier for earlier, later in pairwise(moments)}
            for order in orders:
                found[order["order_id"]] = {**order, **self._journey(order, before.get(order["converted_at"]))}
        return found

    def _journey(self, order: Row, previous: datetime | None) -> Row:
        at = order["converted_at"]
        past = [row for row in self.touches[order["account_id"]] if self._by(row, at)]
        past.sort(
            key=lambda row: (
                *(min(row["effective_at"], at), row["precision"] != "exact"),
                *(KINDS.index(row["touch_type"]) if row["touch_type"] in KINDS else -1, row["touch_id"]),
            )
        )
        recent = [row for row in past if min(row["effective_at"], at) >= at - row["lookback"]]
        spent = [row for row in recent if previous and self._by(row, previous)]
        used_up = {row["touch_id"] for row in spent}
        chosen = [row for row in recent if row["touch_id"] not in used_up]
        if chosen or not past:
            return {"touches": chosen, "shut_out": None, "reason": None if chosen else "no_touch"}
        # as the decision log has it: a touch too old for either order is out of the window, no order has used it up
        return {
            "touches": [],
            "shut_out": (spent or past)[-1],
            "reason": "before_reset" if spent else "out_of_window",
        }

    @staticmethod
    def _by(touch: Row, moment: datetime) -> bool:
        """Whether a touch happened by a moment; one without a time, by its day."""
        if touch["precision"] == "date":
            return bool(touch["touched_on"] <= moment.date())
        return bool(touch["touched_at"] <= moment)


def journeys_of(documents: Documents) -> Journeys:
    """The journeys of these documents, made once."""
    return documents.once("journeys", Journeys)


def journey_touch(documents: Documents) -> pd.DataFrame:
    """Touches by order; where none counts the latest that is shut out."""
    rows = []
    for order in journeys_of(documents).orders.values():
        count = len(order["touches"])
        listed: list[tuple[int | None, Row]] = list(enumerate(order["touches"], start=1))
        if order["shut_out"]:
            listed.append((None, order["shut_out"]))
        for place, touch in listed:
            rows.append(
                {
                    "order_id": order["order_id"],
                    "account_id": order["account_id"],
                    "touch_id": touch["touch_id"],
                    "touch_position": place,
                    "touch_count": count,
                    "channel_id": touch["channel_id"],
                    "campaign_id": touch["campaign_id"],
                    "touched_at": utc(touch["touched_at"]),
                    "touched_on": touch["touched_on"],
                    "precision_rank": int(touch["precision"] != "exact"),
                    "counted_at": utc(min(touch["effective_at"], order["converted_at"])) if place else None,
                    "converted_at": utc(order["converted_at"]),
                    "is_in_journey": place is not None,
                    "exclusion_reason": order["reason"],
                }
            )
    return frame(rows)


class Milestones:
    """When the order's lead, its qualification, the opportunity, the first quote and the order itself were there."""

    def __init__(self, documents: Documents) -> None:
        self.demo = documents.demo
        self.quotes = defaultdict(list)
        for row in self.demo.rows.crm("quotes"):
            self.quotes[row["opp_id"]].append(row)
        self.quote = {row["quote_id"]: row for row in self.demo.rows.crm("quotes")}
        self.merged: dict[str, list[Row]] = defaultdict(list)
        for row in self.demo.leads.values():
            self.merged[self.demo.facts.survivor_of[row["lead_id"]]].append(row)
        self.rows = {row["单号"]: row for row in documents.rows("orders")}

    def recorded(self, number: str, converted_at: datetime) -> dict[str, tuple[str | None, datetime | None]]:
        """Milestone → document and moment; no document: missing."""
        row = self.rows[number]
        quote = self.quote.get(row["报价单号"] or "")
        opportunity = row["商机号"] or (quote and quote["opp_id"])
        deal = self.demo.opportunities.get(opportunity or "")
        lead = self.demo.survivor(deal["lead_id"]) if deal else None
        lead = lead or self.demo.first_lead.get(self.demo.account(row["客户编码"]) or "")
        quotes = [*self.quotes.get(opportunity or "", []), *([quote] if quote else [])]
        first = min(quotes, key=lambda one: (one["quoted_at"], one["quote_id"]), default=None)
        return {
            "lead": (crm(lead), self.demo.leads[lead]["created_at"] if lead else None),
            "qualification": (crm(lead), self._qualified(lead) if lead else None),
            "opportunity": (crm(deal and deal["opp_id"]), deal and deal["created_at"]),
            "quote": (crm(first and first["quote_id"]), first and first["quoted_at"]),
            "order": (erp(number), converted_at),
        }

    def _qualified(self, lead: str) -> datetime | None:
        told = [
            row[f"{stage}_at"] or self.demo.stage_reached.get((row["lead_id"], stage))
            for row in self.merged[lead]
            for stage in ("mql", "sql")
        ]
        return min((moment for moment in told if moment), default=None)

    def reached(self, number: str, converted_at: datetime) -> dict[str, tuple[datetime, date]]:
        """Milestone → moment and day it was reached, at the latest when a later one was; those missing left out."""
        found: dict[str, tuple[datetime, date]] = {}
        latest = converted_at
        for stage, (document, moment) in reversed(self.recorded(number, converted_at).items()):
            if document:
                latest = min(latest, moment) if moment else latest
                found[stage] = (latest, latest.date())
        return found


def milestones_of(documents: Documents) -> Milestones:
    """The milestones of these documents, made once."""
    return documents.once("milestones", Milestones)


def journey_milestone(documents: Documents) -> pd.DataFrame:
    """Five milestones per order that counts and has an account."""
    known, rows = milestones_of(documents), []
    for order_id, order in journeys_of(documents).orders.items():
        if not order["account_id"]:
            continue
        number, at = order_id.removeprefix("erp:"), order["converted_at"]
        entries = known.reached(number, at)
        for place, (stage, (document, moment)) in enumerate(known.recorded(number, at).items(), start=1):
            entry = entries.get(stage)
            by_then = [
                index
                for index, touch in enumerate(order["touches"], start=1)
                if entry and models.happened(touch, entry)
            ]
            rows.append(
                {
                    "order_id": order_id,
                    "account_id": order["account_id"],
                    "milestone": stage,
                    "milestone_number": place,
                    "document_id": document,
                    "recorded_at": utc(moment) if moment else None,
                    "entered_at": utc(entry[0]) if entry else None,
                    "entered_on": entry and entry[1],
                    "is_missing": document is None,
                    "is_inferred": entry is not None and (moment is None or moment > entry[0]),
                    "touch_id": order["touches"][max(by_then) - 1]["touch_id"] if by_then else None,
                    "touch_position": max(by_then, default=None),
                }
            )
    return frame(rows)


def stage_pool(documents: Documents) -> pd.DataFrame:
    """Entrants and advances of the twelve mature months, and what they make each stage worth."""
    return frame(documents.once("stage_pools", _pools))


def _pools(documents: Documents) -> list[Row]:
    demo = documents.demo
    end = (AS_OF - timedelta(days=MATURE_DAYS)).replace(day=1)
    start = end.replace(year=end.year - 1)

    def within(day: date) -> bool:
        return start <= day < end

    met: dict[str, bool] = {}
    for row in touch_facts(demo).to_dict("records"):
        who = next((f"{kind}:{row[kind]}" for kind in ("account_id", "contact_id", "lead_id") if row[kind]), None)
        if who and within(row["touched_on"]):
            met[who] = met.get(who, False) or bool(row["lead_id"])
    leads = [row for row in lead_facts(demo).to_dict("records") if row["is_valid"] and within(row["created_on"])]
    qualified = [row for row in leads if row["is_mql"] or row["is_sql"]]
    deals = [row for row in opportunity_facts(demo).to_dict("records") if within(row["created_on"])]
    with_quote = {crm(row["opp_id"]) for row in demo.rows.crm("quotes")}
    quoted = [row for row in deals if row["opportunity_id"] in with_quote]
    counts: dict[str, tuple[int, int]] = {
        "lead": (len(met), sum(met.values())),
        "qualification": (len(leads), len(qualified)),
        "opportunity": (len(qualified), sum(row["has_opportunity"] for row in qualified)),
        "quote": (len(deals), len(quoted)),
        "order": (len(quoted), sum(row["has_order"] for row in quoted)),
    }
    information = {stage: -math.log((done + 1) / (entered + 2)) for stage, (entered, done) in counts.items()}
    return [
        {
            "milestone": stage,
            "milestone_number": place,
            "counted_from": start,
            "counted_to": end - timedelta(days=1),
            "entered": entered,
            "advanced": advanced,
            "fixed_weight": Decimal("0.2"),
            "information_weight": Decimal(f"{information[stage] / sum(information.values()):.9f}"),
        }
        for place, (stage, (entered, advanced)) in enumerate(counts.items(), start=1)
    ]
