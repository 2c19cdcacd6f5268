"""Scorecards of campaigns and of channels by month, worked out from the demo's raw files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple, TypeVar

import pandas as pd

from tests.oracles.demo_documents import Documents
from tests.oracles.demo_facts import AS_OF
from tests.oracles.demo_rows import Row, frame
from tests.oracles.exact import rounded
from tests.oracles.marts_attribution import (
    DEFAULT_MODEL,
    attribution_credit,
    cost_allocation,
    new_customer_weight,
    order_measure,
)
from tests.oracles.marts_books import month_of
from tests.oracles.marts_dims import dim_campaign, dim_channel
from tests.oracles.marts_leads import lead_facts, opportunity_facts

UNKNOWN, UNATTRIBUTED = "unknown", "unattributed"
COUNTS = ("leads", "leads_with_opportunity", "opportunities", "orders", "lines_due", "lines_on_time")
COSTS = ("marketing_spend", "acquisition_spend", "media_spend", "shared_spend", "unallocated_spend")
MEASURES = ("booked", "invoiced", "cogs", "gross_profit", "contribution", "collected", "after_sales")
ATTRIBUTED = tuple(f"attributed_{measure}" for measure in MEASURES)
COLUMNS = (*COSTS, *COUNTS, "net_booked", "new_customers", *ATTRIBUTED)


Key = TypeVar("Key")


class Event(NamedTuple):
    """So much of a column on a day, by channel and campaign."""

    column: str
    channel: str
    campaign: str
    on: date
    amount: Decimal | int


def events_of(documents: Documents) -> list[Event]:
    """All that the scorecards add up, made once."""
    return documents.once("events", lambda documents: [*_origins(documents), *_costs(documents), *_credits(documents)])


def _origins(documents: Documents) -> Iterable[Event]:
    """Leads, opportunities and orders where they came from."""

    def at(row: Row) -> tuple[str, str]:
        return row["origin_channel_id"], row["origin_campaign_id"]

    for lead in lead_facts(documents.demo).to_dict("records"):
        if lead["is_valid"]:
            yield Event("leads", *at(lead), lead["created_on"], 1)
            if lead["is_opportunity_within_window"]:
                yield Event("leads_with_opportunity", *at(lead), lead["created_on"], 1)
    for deal in opportunity_facts(documents.demo).to_dict("records"):
        yield Event("opportunities", *at(deal), deal["created_on"], 1)
    for row in order_measure(documents).to_dict("records"):
        if row["measure"] == "booked":
            yield Event("net_booked", *at(row), row["posted_on"], row["amount"])
    for number, order in documents.orders.items():
        if not order["is_excluded"]:
            yield Event("orders", *at(order), order["ordered_on"], 1)
            for line in documents.lines[number]:
                promised = line["承诺交期"]
                if promised is not None and promised <= AS_OF:
                    yield Event("lines_due", *at(order), promised, 1)
                    if _shipped(documents, line["line"], promised) >= line["数量"]:
                        yield Event("lines_on_time", *at(order), promised, 1)


def _shipped(documents: Documents, line: str, by: date) -> Decimal:
    """Units of a line that had left by a day."""
    parcels = documents.once("parcels", _parcels)
    return sum((quantity for on, quantity in parcels[line] if on <= by), Decimal(0))


def _parcels(documents: Documents) -> dict[str, list[tuple[date, Decimal]]]:
    left = {row["发货单号"]: row["发货时间"].date() for row in documents.rows("shipments")}
    found: dict[str, list[tuple[date, Decimal]]] = defaultdict(list)
    for row in documents.rows("shipment_lines"):
        found[f"{row['单号']}-{row['行号']}"].append((left[row["发货单号"]], row["数量"]))
    return found


def _costs(documents: Documents) -> Iterable[Event]:
    """Cost of nobody is told apart from what campaigns and channels cost."""
    for row in cost_allocation(documents).to_dict("records"):
        place = row["channel_id"], row["campaign_id"] or UNKNOWN, row["allocated_on"], row["amount"]
        if row["basis"] != "direct":
            yield Event(f"{row['basis']}_spend", *place)
            continue
        yield Event("marketing_spend", *place)
        if row["is_acquisition"]:
            yield Event("acquisition_spend", *place)
        if row["is_media"]:
            yield Event("media_spend", *place)


def _credits(documents: Documents) -> Iterable[Event]:
    """By the default model; a touch without a campaign is of an unknown one."""
    for row in new_customer_weight(documents).to_dict("records"):
        if row["model"] == DEFAULT_MODEL:
            yield Event("new_customers", *_touched(row), row["converted_on"], row["weight"])
    for row in attribution_credit(documents, [DEFAULT_MODEL]).to_dict("records"):
        if row["model"] == DEFAULT_MODEL:
            yield Event(f"attributed_{row['measure']}", *_touched(row), row["posted_on"], row["amount"])


def _touched(row: Row) -> tuple[str, str]:
    if row["channel_id"] is None:
        return UNATTRIBUTED, UNATTRIBUTED
    return row["channel_id"], row["campaign_id"] or UNKNOWN


def _sums(events: Iterable[tuple[Key, Event]]) -> dict[Key, Row]:
    found: dict[Key, Row] = {}
    for key, event in events:
        sums = found.setdefault(key, dict.fromkeys(COLUMNS, Decimal(0)))
        sums[event.column] += event.amount
    return found


def _ratio(top: Decimal, bottom: Decimal) -> Decimal | None:
    return rounded(Fraction(top) / Fraction(bottom), 8) if bottom else None


def _ratios(sums: Row) -> Row:
    spend = sums["marketing_spend"]
    return {
        "cpl": _ratio(sums["acquisition_spend"], sums["leads"]),
        "channel_roi": _ratio(sums["attributed_contribution"] - spend, spend),
        "roas": _ratio(sums["attributed_invoiced"], sums["media_spend"]),
    }


def campaign_scorecard(documents: Documents) -> pd.DataFrame:
    """Every campaign with anything, unknown and unattributed too; every cost of goods in the demo is known."""
    known = {row["campaign_id"]: row for row in dim_campaign(documents.demo).to_dict("records")}
    rows = []
    for campaign, sums in _sums((event.campaign, event) for event in events_of(documents)).items():
        told = known.get(campaign, {"channel_id": campaign})
        profit = sums["attributed_gross_profit"]
        rows.append(
            {
                "campaign_id": campaign,
                "channel_id": told["channel_id"],
                **{name: told.get(name) for name in ("name", "objective", "starts_on", "ends_on")},
                **sums,
                **_ratios(sums),
                # credits are cents each: gross profit and cost of goods may differ from invoiced by some of them
                "attributed_gross_margin_rate": _ratio(profit, profit + sums["attributed_cogs"]),
                "on_time_delivery_rate": _ratio(sums["lines_on_time"], sums["lines_due"]),
            }
        )
    return frame(rows)


def channel_month(documents: Documents) -> pd.DataFrame:
    """Every channel and month with anything; each event in its own month."""
    known = {row["channel_id"]: row for row in dim_channel(documents.demo).to_dict("records")}
    rows = []
    for key, sums in _sums(((event.channel, month_of(event.on)), event) for event in events_of(documents)).items():
        channel, month = key
        told = known.get(channel, {})
        named = {name: told.get(name) for name in ("name", "channel_group")}
        rows.append({"channel_id": channel, "month": month, **named, **sums, **_ratios(sums)})
    return frame(rows)
