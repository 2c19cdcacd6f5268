"""Leads, opportunities and how far they came, worked out from the demo's raw files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from functools import cache

import pandas as pd

from tests.oracles.demo import Demo
from tests.oracles.demo_facts import AS_OF
from tests.oracles.demo_rows import Row, crm, erp, frame, lineage, utc
from tests.oracles.exact import total
from tests.oracles.marts_market import touch_facts

OPPORTUNITY_DAYS = 90
ORDER_DAYS = 180
UNKNOWN = "unknown"


@cache
def lead_facts(demo: Demo) -> pd.DataFrame:
    """Surviving leads; what a lead that gave way knew of its channel, its stages and its deals is theirs."""
    merged: dict[str, list[Row]] = defaultdict(list)
    for row in demo.leads.values():
        merged[demo.facts.survivor_of[row["lead_id"]]].append(row)
    deals: dict[str | None, list[Row]] = defaultdict(list)
    for deal in demo.opportunities.values():
        deals[demo.survivor(deal["lead_id"])].append(deal)
    persons = persons_of(demo)
    rules = _account_rules(demo, merged)
    forms = _forms(demo)
    orders = _orders_of_leads(demo)
    rows = []
    for number, lead in demo.facts.leads.iterrows():
        own = demo.leads[number]
        created = own["created_at"].date()
        account = demo.lead_account(number)
        its_deals = sorted(deals[number], key=lambda deal: (deal["created_at"], deal["opp_id"]))
        first_deal = its_deals[0] if its_deals else None
        first = demo.first_orders.get(account or "")
        first_order = first and first["confirmed_at"].date()
        told = _completed(merged[number])
        brought = [row for row in orders[number] if created <= row["confirmed_at"].date() <= AS_OF]
        rows.append(
            {
                "lead_id": crm(number),
                "person_id": crm(persons[number]),
                "contact_id": crm(told["contact_id"]),
                "account_id": account,
                "account_rule": rules[number] if account else None,
                "customer_id": erp(told["customer_code"]),
                "created_at": utc(own["created_at"]),
                "created_on": created,
                **_origin(demo, merged[number], own),
                "status": own["status"],
                "is_valid": lead["valid"],
                "exclusion_reason": None if lead["valid"] else own["status"],
                **{f"has_{name}": told[name] is not None for name in ("name", "phone", "email")},
                **{name: told[name] for name in ("company", "region", "segment", "score", "landing_page")},
                "product_interest": told["interest"],
                "salesperson_id": crm(told["owner"]),
                "sales_team": demo.teams.get(crm(told["owner"]) or ""),
                "lead_form": forms.get(crm(number)),
                "order_count": len(brought),
                "contribution": total(demo.contribution.get(order["单号"], Decimal(0)) for order in brought),
                "lead_row_count": len(merged[number]),
                **_reached(demo, "mql", created, merged[number]),
                **_reached(demo, "sql", created, merged[number]),
                "opportunity_count": len(its_deals),
                "has_opportunity": bool(its_deals),
                "first_opportunity_id": crm(first_deal and first_deal["opp_id"]),
                "first_opportunity_on": first_deal and first_deal["created_at"].date(),
                "days_to_opportunity": first_deal and (first_deal["created_at"].date() - created).days,
                "is_opportunity_within_window": any(
                    0 <= (deal["created_at"].date() - created).days <= OPPORTUNITY_DAYS
                    for deal in its_deals
                    if deal["created_at"].date() <= AS_OF
                ),
                "is_opportunity_window_mature": created + timedelta(days=OPPORTUNITY_DAYS) <= AS_OF,
                "has_won_opportunity": any(deal["result"] for deal in its_deals),
                "account_first_order_on": first_order,
                "has_earlier_order": first_order is not None and first_order < created,
                **lineage(own),
            }
        )
    return frame(rows)


def _forms(demo: Demo) -> dict[str | None, str]:
    """Lead → form of its first touch that has one."""
    touches = sorted(touch_facts(demo).to_dict("records"), key=lambda row: (row["effective_at"], row["touch_id"]))
    forms: dict[str | None, str] = {}
    for touch in touches:
        if touch["form"]:
            forms.setdefault(touch["lead_id"], touch["form"])
    return forms


def _orders_of_leads(demo: Demo) -> dict[str | None, list[Row]]:
    """Lead → orders that count: those of its opportunities, and its account's that have no lead of their own."""
    orders: dict[str | None, list[Row]] = defaultdict(list)
    for order in demo.counted_orders:
        deal = demo.opportunities.get(order["opportunity"])
        lead = demo.survivor(deal and deal["lead_id"])
        orders[lead or demo.first_lead.get(demo.account(order["客户编码"]) or "")].append(order)
    return orders


def _origin(demo: Demo, group: list[Row], own: Row) -> Row:
    """Channel and campaign together from the earliest row that names either."""
    in_order = sorted(group, key=lambda row: (row["created_at"], row["lead_id"]))
    named = next((row for row in in_order if row["channel"] or row["campaign"]), own)
    channel = demo.channel(named["channel"], named["campaign"])
    rule = "lead_channel" if named["channel"] else "campaign_channel" if channel != UNKNOWN else UNKNOWN
    return {
        "origin_channel_id": channel,
        "origin_campaign_id": crm(named["campaign"]) or UNKNOWN,
        "origin_rule": rule,
    }


def _completed(group: list[Row]) -> Row:
    """Of each column what the earliest row says that says anything."""
    in_order = sorted(group, key=lambda row: (row["created_at"], row["lead_id"]))
    return {name: next((row[name] for row in in_order if row[name] is not None), None) for name in in_order[0]}


def _reached(demo: Demo, stage: str, created: date, group: list[Row]) -> Row:
    """When the first of these rows reached a stage: as it says itself, else as its history does."""
    told = [row[f"{stage}_at"] or demo.stage_reached.get((row["lead_id"], stage)) for row in group]
    moments = [moment for moment in told if moment]
    on = min(moments).date() if moments else None
    days = (on - created).days if on else None
    return {
        f"{stage}_on": on,
        f"days_to_{stage}": days,
        f"is_{stage}": on is not None,
        **{f"is_{stage}_{within}d": days is not None and 0 <= days <= within for within in (30, 90)},
    }


def persons_of(demo: Demo) -> dict[str, str]:
    """Lead → the smallest lead of its person."""
    person = demo.facts._person_of
    smallest: dict[str, str] = {}
    for lead in sorted(person):
        smallest.setdefault(person[lead], lead)
    return {lead: smallest[one] for lead, one in person.items()}


def _account_rules(demo: Demo, merged: dict[str, list[Row]]) -> dict[str, str]:
    """What told the account of a surviving lead, strongest first."""
    deals = defaultdict(set)
    for deal in demo.opportunities.values():
        deals[deal["lead_id"]].add(deal["customer_code"])
    rules = {}
    for number, group in merged.items():
        if any(row["customer_code"] for row in group):
            rules[number] = "lead"
        elif any(demo.contact_account(row["contact_id"]) for row in group):
            rules[number] = "contact"
        elif any(deals[row["lead_id"]] - {None} for row in group):
            rules[number] = "opportunity"
        elif any(demo.facts.company_account.get(row["company"]) for row in group):
            rules[number] = "company"
        else:
            rules[number] = "same_person"
    return rules


@cache
def opportunity_facts(demo: Demo) -> pd.DataFrame:
    """Opportunities, valued on the day closed, else opened, with the orders that count and name them."""
    orders: dict[str | None, list[Row]] = defaultdict(list)
    for order in demo.counted_orders:
        orders[order["opportunity"]].append(order)
    rows = []
    for number, row in demo.opportunities.items():
        created = row["created_at"].date()
        closed = row["closed_at"] and row["closed_at"].date()
        lead = demo.survivor(row["lead_id"])
        lead_created = demo.leads[lead]["created_at"].date() if lead else None
        its_orders = sorted(orders[number], key=lambda order: (order["confirmed_at"], order["单号"]))
        first = its_orders[0] if its_orders else None
        first_on = first and first["confirmed_at"].date()
        won = row["result"] is True
        rows.append(
            {
                "opportunity_id": crm(number),
                "lead_id": crm(lead),
                "account_id": demo.account(row["customer_code"]),
                "customer_id": erp(row["customer_code"]),
                **_customer(demo, demo.account(row["customer_code"])),
                "salesperson_id": crm(row["owner"]),
                "sales_team": demo.teams.get(crm(row["owner"]) or ""),
                "distributor_id": erp(row["distributor"]),
                **_deal_origin(demo, lead, demo.account(row["customer_code"])),
                "created_at": utc(row["created_at"]),
                "created_on": created,
                "closed_at": utc(row["closed_at"]),
                "closed_on": closed,
                "expected_close_on": row["expected_close"],
                "stage": row["stage"],
                "is_won": won,
                "is_lost": row["result"] is False,
                "is_open": row["result"] is None,
                "loss_reason": row["loss_reason"],
                "lead_created_on": lead_created,
                "is_won_before_contact": won and lead_created is not None and closed < lead_created,
                "days_to_close": closed and (closed - created).days,
                "amount": row["amount"],
                "currency": row["currency"],
                "valued_on": closed or created,
                **demo.rows.valued(row["currency"], closed or created, amount_functional=row["amount"]),
                "order_count": len(its_orders),
                "has_order": bool(its_orders),
                "first_order_id": erp(first and first["单号"]),
                "first_order_on": first_on,
                "days_to_order": first_on and (first_on - created).days,
                "is_order_within_window": _within(created, (order["confirmed_at"].date() for order in its_orders)),
                "is_order_window_mature": created + timedelta(days=ORDER_DAYS) <= AS_OF,
                "net_booked": total(demo.booked.get(order["单号"], Decimal(0)) for order in its_orders),
                **lineage(row),
            }
        )
    return frame(rows)


def _customer(demo: Demo, account: str | None) -> Row:
    told = demo.customers.get(account or "", {})
    return {"customer_segment": told.get("客户分类"), "customer_region": told.get("区域")}


def _within(created: date, days: Iterable[date]) -> bool:
    return any(0 <= (on - created).days <= ORDER_DAYS for on in days if on <= AS_OF)


def _deal_origin(demo: Demo, lead: str | None, account: str | None) -> Row:
    """Its lead's, else that of the account's earliest valid lead."""
    for number, rule in ((lead, "opportunity_lead"), (demo.first_lead.get(account or ""), "account_lead")):
        if number and demo.facts.leads.at[number, "channel"] != UNKNOWN:
            known = demo.facts.leads.loc[number]
            return {
                "origin_channel_id": crm(known["channel"]),
                "origin_campaign_id": crm(known["campaign"]) or UNKNOWN,
                "origin_rule": rule,
            }
    return {"origin_channel_id": UNKNOWN, "origin_campaign_id": UNKNOWN, "origin_rule": UNKNOWN}
