"""Scorecards of campaigns and of channels by month, worked out from the demo's raw files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple, TypeVar

import pandas as pd

from tests.oracles.demo_documents import Documents
from tests.oracles.demo_facts import AS_OF
from tests.oracles.demo_orders import OrderDemo
from tests.oracles.demo_rows import Row, frame
from tests.oracles.exact import rounded
from tests.oracles.marts_attribution import (
    DEFAULT_MODEL,
    attribution_credit,
    cost_allocation,
    cost_ledger,
    new_customer_weight,
    order_measure,
)
from tests.oracles.marts_books import month_of
from tests.oracles.marts_delivery import ticket_facts
from tests.oracles.marts_dims import dim_channel
from tests.oracles.marts_leads import lead_facts, opportunity_facts
from tests.oracles.marts_market import touch_facts
from tests.oracles.marts_orders import order_facts
from tests.oracles.marts_quality import shipped_line_quality
from tests.oracles.marts_sales import quote_facts

UNKNOWN, UNATTRIBUTED = "unknown", "unattributed"
COUNTS = (
    *("touches", "leads", "mqls", "sqls", "leads_with_opportunity", "opportunities", "quotes", "orders"),
    *("lines_due", "lines_on_time", "orders_delivered", "delivery_days", "tickets"),
    *("units_shipped", "units_returned", "units_repaired"),
)
COSTS = (
    *("marketing_spend", "acquisition_spend", "media_spend", "shared_spend", "unallocated_spend"),
    *("staged_spend", "sales_time_cost"),
)
MEASURES = ("booked", "invoiced", "cogs", "gross_profit", "contribution", "collected", "after_sales")
ORIGIN = ("invoiced", "collected", "contribution", "after_sales")
# no month of the demo is closed: what is reported is what is true
ATTRIBUTED = tuple(f"attributed_{measure}{version}" for version in ("", "_reported") for measure in MEASURES)
COLUMNS = (*COSTS, *COUNTS, "net_booked", *(f"origin_{name}" for name in ORIGIN), "new_customers", *ATTRIBUTED)


NOWHERE: Row = {"origin_channel_id": UNKNOWN, "origin_campaign_id": UNKNOWN}
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
    parts = (_touches, _origins, _orders, _deliveries, _costs, _ledger, _credits)
    return documents.once("events", lambda documents: [event for part in parts for event in part(documents)])


def _origins(documents: Documents) -> Iterable[Event]:
    """Leads, opportunities, quotes and money of orders where they came from."""

    def at(row: Row) -> tuple[str, str]:
        return row["origin_channel_id"], row["origin_campaign_id"]

    for lead in lead_facts(documents.demo).to_dict("records"):
        if lead["is_valid"]:
            yield Event("leads", *at(lead), lead["created_on"], 1)
            yield Event("mqls", *at(lead), lead["created_on"], int(lead["is_mql"]))
            yield Event("sqls", *at(lead), lead["created_on"], int(lead["is_sql"]))
            if lead["is_opportunity_within_window"]:
                yield Event("leads_with_opportunity", *at(lead), lead["created_on"], 1)
    deals = {deal["opportunity_id"]: deal for deal in opportunity_facts(documents.demo).to_dict("records")}
    for deal in deals.values():
        yield Event("opportunities", *at(deal), deal["created_on"], 1)
    for quote in quote_facts(documents.demo).to_dict("records"):
        if quote["is_latest_version"]:
            asked = deals.get(quote["opportunity_id"], NOWHERE)
            yield Event("quotes", *at(asked), quote["quoted_on"], 1)
    for row in order_measure(documents).to_dict("records"):
        name = "net_booked" if row["measure"] == "booked" else f"origin_{row['measure']}"
        if name == "net_booked" or row["measure"] in ORIGIN:
            yield Event(name, *at(row), row["posted_on"], row["amount"])


def _touches(documents: Documents) -> Iterable[Event]:
    for touch in touch_facts(documents.demo).to_dict("records"):
        yield Event("touches", touch["channel_id"], touch["campaign_id"] or UNKNOWN, touch["touched_on"], 1)


def _orders(documents: Documents) -> Iterable[Event]:
    """Orders where they came from, and their lines by what was promised."""
    for number, order in documents.orders.items():
        if not order["is_excluded"]:
            place = order["origin_channel_id"], order["origin_campaign_id"]
            yield Event("orders", *place, order["ordered_on"], 1)
            for line in documents.lines[number]:
                promised = line["承诺交期"]
                if promised is not None and promised <= AS_OF:
                    yield Event("lines_due", *place, promised, 1)
                    if _shipped(documents, line["line"], promised) >= line["数量"]:
                        yield Event("lines_on_time", *place, promised, 1)


def _deliveries(documents: Documents) -> Iterable[Event]:
    """How orders that came from somewhere were delivered, what came back and what was complained of."""
    demo = documents.once("order_demo", lambda documents: OrderDemo(documents.demo.workspace))
    orders = {row["order_id"]: row for row in order_facts(demo).to_dict("records")}

    def at(row: Row) -> tuple[str, str]:
        return row["origin_channel_id"], row["origin_campaign_id"]

    for row in orders.values():
        if row["is_fully_shipped"] and not row["is_excluded"]:
            yield Event("orders_delivered", *at(row), row["last_shipped_on"], 1)
            yield Event("delivery_days", *at(row), row["last_shipped_on"], row["delivery_lead_days"])
    for row in shipped_line_quality(demo).to_dict("records"):
        if not row["is_excluded"]:
            yield Event("units_shipped", *at(row), row["first_shipped_on"], row["quantity_shipped"])
            yield Event("units_returned", *at(row), row["first_shipped_on"], row["quantity_returned_in_window"])
            yield Event("units_repaired", *at(row), row["first_shipped_on"], row["units_repaired"])
    for row in ticket_facts(demo).to_dict("records"):
        if row["kind"] != "install" and not row["is_excluded"]:
            yield Event("tickets", *at(orders.get(row["order_id"], NOWHERE)), row["opened_on"], 1)


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


def _ledger(documents: Documents) -> Iterable[Event]:
    """What has a stage, and the time of salespeople, in the view that the demo reads."""
    for row in cost_ledger(documents).to_dict("records"):
        if row["view"] != "event" or row["basis"] != "direct":
            continue
        place = row["channel_id"], row["campaign_id"] or UNKNOWN, row["allocated_on"], row["amount"]
        if row["cost_source"] == "work_hours":
            yield Event("sales_time_cost", *place)
        elif row["stage"]:
            yield Event("staged_spend", *place)


def _credits(documents: Documents) -> Iterable[Event]:
    """By the default model; a touch without a campaign is of an unknown one."""
    for row in new_customer_weight(documents).to_dict("records"):
        if row["model"] == DEFAULT_MODEL:
            yield Event("new_customers", *_touched(row), row["converted_on"], row["weight"])
    for row in attribution_credit(documents, [DEFAULT_MODEL]).to_dict("records"):
        if row["model"] == DEFAULT_MODEL:
            for version in ("", "_reported"):
                yield Event(f"attributed_{row['measure']}{version}", *_touched(row), row["posted_on"], row["amount"])


def _touched(row: Row) -> tuple[str, str]:
    if row["channel_id"] is None:
        return UNATTRIBUTED, UNATTRIBUTED
    return row["channel_id"], row["campaign_id"] or UNKNOWN


def ratio(top: Decimal | int, bottom: Decimal | int) -> Decimal | None:
    """To 8 decimals; None of nothing."""
    return rounded(Fraction(top) / Fraction(bottom), 8) if bottom else None


def ratios(sums: Row) -> Row:
    """What every scorecard divides."""
    spend = sums["marketing_spend"]
    return {
        "cpl": ratio(sums["acquisition_spend"], sums["leads"]),
        "channel_roi": ratio(sums["attributed_contribution"] - spend, spend),
        "channel_roi_reported": ratio(sums["attributed_contribution"] - spend, spend),
        "roas": ratio(sums["attributed_invoiced"], sums["media_spend"]),
        "restated_because": None,
    }


def sums_by(documents: Documents, key: Callable[[Event], Key]) -> dict[Key, Row]:
    """Every column summed over the events of each key."""
    found: dict[Key, Row] = {}
    for event in events_of(documents):
        sums = found.setdefault(key(event), dict.fromkeys(COLUMNS, Decimal(0)))
        sums[event.column] += event.amount
    return found


def channel_month(documents: Documents) -> pd.DataFrame:
    """Every channel and month with anything; each event in its own month."""
    known = {row["channel_id"]: row for row in dim_channel(documents.demo).to_dict("records")}
    rows = []
    for (channel, month), sums in sums_by(documents, lambda event: (event.channel, month_of(event.on))).items():
        told = known.get(channel, {})
        named = {name: told.get(name) for name in ("name", "channel_group")}
        rows.append({"channel_id": channel, "month": month, **named, **sums, **ratios(sums)})
    return frame(rows)
