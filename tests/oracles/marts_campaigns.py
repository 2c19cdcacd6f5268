"""The scorecard of campaigns, with reach, cost by stage and payback, worked out from the demo's raw files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

import pandas as pd

from tests.oracles.demo_attribution import LOOKBACK, LOOKBACK_DEFAULT
from tests.oracles.demo_documents import Documents
from tests.oracles.demo_facts import AS_OF
from tests.oracles.demo_rows import Row, frame
from tests.oracles.exact import rounded
from tests.oracles.marts_attribution import DEFAULT_MODEL, company_of, cost_ledger
from tests.oracles.marts_books import month_of
from tests.oracles.marts_dims import dim_campaign, dim_channel
from tests.oracles.marts_finance import invoice_line_facts
from tests.oracles.marts_funnel import dim_funnel_stage
from tests.oracles.marts_journey import journeys_of
from tests.oracles.marts_market import touch_facts
from tests.oracles.marts_scorecards import UNATTRIBUTED, UNKNOWN, events_of, ratio, ratios, sums_by
from tests.oracles.marts_weights import slots_of

LEAST_ORDERS, LEAST_SHARE = 10, Decimal("0.95")


def campaign_reach(documents: Documents) -> pd.DataFrame:
    """Every campaign, also one that met nobody."""
    return frame(list(_reach(documents).values()))


def _reach(documents: Documents) -> dict[str, Row]:
    return documents.once("reach", _reached)


def _reached(documents: Documents) -> dict[str, Row]:
    groups = {row["channel_id"]: row["channel_group"] for row in dim_channel(documents.demo).to_dict("records")}

    def lasts(channel: str | None, day: date) -> date:
        return day + timedelta(days=LOOKBACK.get(groups.get(channel) or "", LOOKBACK_DEFAULT))

    touches: dict[str, list[Row]] = defaultdict(list)
    for touch in touch_facts(documents.demo).to_dict("records"):
        if touch["touched_on"] <= AS_OF:
            touches[touch["campaign_id"] or UNKNOWN].append(touch)
    invoiced = {row["order_id"] for row in invoice_line_facts(documents).to_dict("records")}
    won: dict[str, set[str]] = defaultdict(set)
    for number, by_model in slots_of(documents).items():
        order = journeys_of(documents).orders[number]
        if order["converted_at"].date() > AS_OF:
            continue
        for index, _, before, after in by_model[DEFAULT_MODEL]:
            if after > before:
                won[order["touches"][index]["campaign_id"] or UNKNOWN].add(number)
    found = {}
    for campaign in dim_campaign(documents.demo).to_dict("records"):
        name = str(campaign["campaign_id"])
        mine = touches[name]
        until = [lasts(touch["channel_id"], touch["touched_on"]) for touch in mine]
        if pd.notna(campaign["ends_on"]):
            until.append(lasts(campaign["channel_id"], campaign["ends_on"]))
        found[name] = {
            "campaign_id": name,
            "accounts_touched": len({touch["account_id"] for touch in mine} - {None}),
            "leads_touched": len({touch["lead_id"] for touch in mine} - {None}),
            "orders_touched": len(won[name]),
            "orders_not_invoiced": len(won[name] - invoiced),
            "first_touched_on": min((touch["touched_on"] for touch in mine), default=None),
            "last_touched_on": max((touch["touched_on"] for touch in mine), default=None),
            "mature_on": max(until, default=None),
        }
    return found


def campaign_stage_cost(documents: Documents) -> pd.DataFrame:
    """Direct cost, time of salespeople and touches by stage, in the view that the demo reads."""
    cells: dict[tuple[str, str], Row] = defaultdict(
        lambda: {"marketing_spend": Decimal(0), "sales_time_cost": Decimal(0), "touches": 0}
    )
    for row in cost_ledger(documents).to_dict("records"):
        if row["view"] == "event" and row["basis"] == "direct" and row["allocated_on"] <= AS_OF:
            column = "sales_time_cost" if row["cost_source"] == "work_hours" else "marketing_spend"
            cells[row["campaign_id"] or UNKNOWN, row["stage"] or "none"][column] += row["amount"]
    company = company_of(documents)
    for touch in company.touches:
        if touch["touched_on"] <= AS_OF:
            stage = company.stage_of(touch["account_id"], touch["touched_at"])
            cells[touch["campaign_id"] or UNKNOWN, stage or "none"]["touches"] += 1
    whole: dict[str, Decimal] = defaultdict(Decimal)
    for (campaign, _), cell in cells.items():
        whole[campaign] += cell["marketing_spend"]
    names = {row["funnel_stage_id"]: row for row in dim_funnel_stage(documents.demo).to_dict("records")}
    return frame(
        [
            {
                "campaign_id": campaign,
                "stage": stage,
                "label_en": names.get(stage, {}).get("label_en", stage),
                "label_zh": names.get(stage, {}).get("label_zh", stage),
                **cell,
                "campaign_spend": whole[campaign],
                "spend_share": ratio(cell["marketing_spend"], whole[campaign]),
                "cost_per_touch": ratio(cell["marketing_spend"], cell["touches"]),
            }
            for (campaign, stage), cell in cells.items()
        ]
    )


class Flow(NamedTuple):
    """What a month cost and brought."""

    month: date
    cost: Decimal
    contribution: Decimal
    invoiced: Decimal
    collected: Decimal


def payback(flows: Iterable[Flow], starts: Iterable[date], mature_on: date | None, as_of: date) -> Row:
    """Walks month by month; paid back from the month after the last one in which the cost was not covered.

    Args:
        flows: one per month.
        starts: first days of what is counted, as far as they have come.
    """
    ordered = sorted(flows)
    begun = min([month_of(day) for day in starts] + [flow.month for flow in ordered if flow.cost], default=None)
    is_mature = mature_on is not None and mature_on <= as_of
    told: Row = {"begun_month": begun, "mature_on": mature_on, "is_mature": is_mature}
    cost = contribution = invoiced = collected = Decimal(0)
    first: dict[str, date | None] = {"": None, "_collected": None}
    since: dict[str, date | None] = {"": None, "_collected": None}
    earned = {"": Decimal(0), "_collected": Decimal(0)}
    for flow in ordered:
        cost, contribution = cost + flow.cost, contribution + flow.contribution
        invoiced, collected = invoiced + flow.invoiced, collected + flow.collected
        by_cash = rounded(Fraction(contribution) * Fraction(collected) / Fraction(invoiced)) if invoiced > 0 else 0
        earned = {"": contribution, "_collected": Decimal(by_cash)}
        for basis, amount in earned.items():
            if cost > 0 and amount >= cost:
                first[basis] = first[basis] or flow.month
                since[basis] = since[basis] or flow.month
            else:
                since[basis] = None
    told |= {"cost": cost, "contribution": contribution, "contribution_collected": earned["_collected"]}
    for basis, amount in earned.items():
        paid = since[basis]
        unpaid = "not_reached" if is_mature else "not_yet"
        why = "no_cost" if cost <= 0 else "undone" if first[basis] else unpaid
        told |= {
            f"{basis[1:]}{basis and '_'}first_covered_month": first[basis],
            f"{basis[1:]}{basis and '_'}paid_back_month": paid,
            f"payback_months{basis}": _months(begun, paid),
            f"payback_reason{basis}": None if paid else why,
            f"shortfall{basis}": cost - amount if not paid and cost > 0 else Decimal(0),
        }
    return told


def _months(begun: date | None, paid: date | None) -> int | None:
    return (paid.year - begun.year) * 12 + paid.month - begun.month if begun and paid else None


def attributed_payback(documents: Documents) -> pd.DataFrame:
    """Of every campaign and channel with anything, and of all together."""
    return frame(list(documents.once("payback", _paybacks).values()))


def _paybacks(documents: Documents) -> dict[tuple[str | None, str | None], Row]:
    columns = ("marketing_spend", "attributed_contribution", "attributed_invoiced", "attributed_collected")
    monthly: dict[tuple[str, str, date], dict[str, Decimal]] = defaultdict(lambda: dict.fromkeys(columns, Decimal(0)))
    for event in events_of(documents):
        if event.on <= AS_OF:
            cell = monthly[event.channel, event.campaign, month_of(event.on)]
            if event.column in columns:
                cell[event.column] += event.amount
    reach = _reach(documents)
    named = {campaign for _, campaign, _ in monthly}
    starts = {
        (row["channel_id"], row["campaign_id"]): row["starts_on"]
        for row in dim_campaign(documents.demo).to_dict("records")
        if row["campaign_id"] in named and pd.notna(row["starts_on"]) and row["starts_on"] <= AS_OF
    }
    keys: set[tuple[str | None, str | None]] = {(None, None)}
    keys |= {(None, campaign) for campaign in named} | {(channel, None) for channel, _, _ in monthly}
    found = {}
    for key in keys:

        def mine(channel: str, campaign: str, wanted: tuple[str | None, str | None] = key) -> bool:
            return wanted[0] in (None, channel) and wanted[1] in (None, campaign)

        sums: dict[date, list[Decimal]] = defaultdict(lambda: [Decimal(0)] * len(columns))
        dates = []
        for (channel, campaign, month), cell in monthly.items():
            if mine(channel, campaign):
                sums[month] = [one + cell[column] for one, column in zip(sums[month], columns, strict=True)]
                dates.append(reach.get(campaign, {}).get("mature_on"))
        begun = [day for place, day in starts.items() if mine(*place)]
        dates += [reach[campaign]["mature_on"] for channel, campaign in starts if mine(channel, campaign)]
        flows = [Flow(month, *amounts) for month, amounts in sums.items()]
        told = payback(flows, begun, max((day for day in dates if day), default=None), AS_OF)
        found[key] = {
            "cut": "campaign" if key[1] else "channel" if key[0] else "total",
            "period_kind": "all",
            "period_start": None,
            "channel_id": key[0],
            "campaign_id": key[1],
            **told,
        }
    return found


def campaign_scorecard(documents: Documents) -> pd.DataFrame:
    """Every campaign with anything, unknown and unattributed too; every cost of goods in the demo is known."""
    known = {row["campaign_id"]: row for row in dim_campaign(documents.demo).to_dict("records")}
    nobody = dict.fromkeys(("accounts_touched", "leads_touched", "orders_touched", "orders_not_invoiced"), 0)
    paybacks = documents.once("payback", _paybacks)
    rows = []
    for campaign, sums in sums_by(documents, lambda event: event.campaign).items():
        told = known.get(campaign, {"channel_id": campaign})
        assert told["channel_id"] is not None or campaign == UNATTRIBUTED
        reach = _reach(documents).get(campaign, {**nobody, "mature_on": None})
        paid = paybacks[None, campaign]
        margin_of = sums["attributed_gross_profit"] + sums["attributed_cogs"]
        realised, spend = paid["contribution_collected"], sums["marketing_spend"]
        why = _not_realised(reach, sums)
        rows.append(
            {
                "campaign_id": campaign,
                "channel_id": told["channel_id"],
                **{name: told.get(name) for name in ("name", "objective", "starts_on", "ends_on")},
                **sums,
                **{name: reach[name] for name in nobody},
                "is_reliable": reach["orders_touched"] >= LEAST_ORDERS,
                **ratios(sums),
                # credits are cents each: gross profit and cost of goods may differ from invoiced by some of them
                "attributed_gross_margin_rate": ratio(sums["attributed_gross_profit"], margin_of),
                "attributed_contribution_rate": ratio(sums["attributed_contribution"], margin_of),
                "collected_share": ratio(sums["attributed_collected"], sums["attributed_invoiced"]),
                "after_sales_cost_rate": ratio(sums["attributed_after_sales"], sums["attributed_invoiced"]),
                "on_time_delivery_rate": ratio(sums["lines_on_time"], sums["lines_due"]),
                "delivery_lead_days": ratio(sums["delivery_days"], sums["orders_delivered"]),
                "return_rate": ratio(sums["units_returned"], sums["units_shipped"]),
                "repair_rate": ratio(sums["units_repaired"], sums["units_shipped"]),
                "tickets_per_order": ratio(sums["tickets"], sums["orders_delivered"]),
                "mature_on": reach["mature_on"],
                "is_mature": paid["is_mature"],
                "attributed_contribution_collected": realised,
                "realised_roi": ratio(realised - spend, spend),
                "is_realised": why is None,
                "not_realised_because": why,
                **{name: paid[name] for name in PAID},
            }
        )
    return frame(rows)


PAID = (
    *("begun_month", "payback_months", "payback_reason", "payback_months_collected", "payback_reason_collected"),
    *("shortfall", "shortfall_collected"),
)


def _not_realised(reach: Row, sums: Row) -> str | None:
    if reach["mature_on"] is None:
        return "no_dates"
    if reach["mature_on"] > AS_OF:
        return "still_counting"
    if reach["orders_not_invoiced"]:
        return "not_invoiced"
    is_short = sums["attributed_collected"] < LEAST_SHARE * sums["attributed_invoiced"]
    return "not_collected" if is_short else None
