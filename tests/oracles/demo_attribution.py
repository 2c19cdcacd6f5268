"""Journeys of the demo, following attribution.md: the touches of each account, order by order."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, time, timedelta
from decimal import Decimal
from functools import cached_property
from pathlib import Path

import pandas as pd

from tests.oracles.demo_facts import UNKNOWN, DemoFacts
from tests.oracles.exact import BILLION, CUMULATIVE, credited

LOOKBACK = {"trade_show": 540}
LOOKBACK_DEFAULT = 365
#: kinds of touches from far from a purchase to near; others come first
KINDS = (
    *("impression", "click", "form", "download", "booth_scan", "webinar", "call", "email", "message", "visit"),
    *("meeting", "demo", "sample", "referral", "other"),
)
WRITTEN = {
    **{"点击": "click", "表单": "form", "下载": "download", "网络研讨会": "webinar"},
    **{"扫码": "booth_scan", "转介绍": "referral", "经销商推荐": "referral", "经销商会议": "meeting"},
}
IMPLIED = "~"
"""Begins the id of a touch that no row records: the creation of a lead that no touch explains."""
RULES = (
    # source, medium (empty: any), channel
    ("baidu", "cpc", "paid_search"),
    ("google", "cpc", "paid_search"),
    ("wechat", "", "social_ads"),
    ("douyin", "", "social_ads"),
    ("", "email", "email"),
    ("", "webinar", "webinar"),
    ("", "organic", "organic"),
    ("(direct)", "", "direct"),
)


class DemoAttribution:
    """Journeys of the orders that count."""

    def __init__(self, facts: DemoFacts) -> None:
        self.facts = facts
        self.merged_touches: list[str] = []
        """Ids of touches that gave way to another of the same campaign, account and day; filled with ``touches``."""

    @classmethod
    def of(cls, workspace: Path) -> DemoAttribution:
        return cls(DemoFacts(workspace))

    @cached_property
    def touches(self) -> dict[str, list[tuple[datetime, int, int, str, str]]]:
        """Account → touches in order as (counts from, 0 exact or 1 date-only, place of its kind, id, channel)."""
        facts, survivors, leads = self.facts, self.facts.survivor_of, self.facts.leads
        found: list[tuple[str | None, str, datetime, int, str, str, str | None]] = []
        for row in facts.files.crm("touchpoints").itertuples():
            campaign = row.utm_campaign.upper()
            lead = survivors[row.lead_id] if row.lead_id else None
            account = self._touched_account(lead, row.contact_id)
            channel = facts.channel_of(_channel(row.utm_source, row.utm_medium), campaign)
            moment = datetime.strptime(row.touched_at, "%Y-%m-%d %H:%M:%S")
            found.append((account, campaign, moment, 0, row.touch_id, channel, lead))
        for row in facts.files.crm("offline_touchpoints").itertuples():
            lead = survivors[row.lead_id] if row.lead_id else None
            end = datetime.combine(datetime.strptime(row.touch_date, "%Y-%m-%d"), time.max)
            channel = facts.channel_of(row.channel, row.campaign)
            found.append(
                (self._touched_account(lead, row.contact_id), row.campaign, end, 1, row.touch_id, channel, lead)
            )
        touched = {lead for *_, lead in found if lead}
        # a lead that no touch explains was itself a touch
        for lead in leads.itertuples():
            if lead.lead not in touched:
                found.append(
                    (lead.account, lead.campaign, lead.created, 0, f"{IMPLIED}{lead.lead}", lead.channel, lead.lead)
                )
        kinds = {
            row.touch_id: KINDS.index(WRITTEN[row.type])
            for name in ("touchpoints", "offline_touchpoints")
            for row in facts.files.crm(name).itertuples()
        }
        merged: dict[tuple[object, ...], tuple[datetime, int, str, str]] = {}
        for account, campaign, moment, vague, touch, channel, lead in found:
            if not isinstance(account, str) or (lead is not None and not leads.at[lead, "valid"]):
                continue
            # one campaign, one account, one day: one touch, the earliest
            key: tuple[object, ...] = (account, campaign, moment.date()) if campaign else (account, touch)
            entry = (moment, vague, touch, channel)
            if key in merged and not (gone := max(entry, merged[key])[2]).startswith(IMPLIED):
                self.merged_touches.append(gone)
            merged[key] = min(entry, merged[key]) if key in merged else entry
        by_account: dict[str, list[tuple[datetime, int, int, str, str]]] = defaultdict(list)
        for key, (moment, vague, touch, channel) in merged.items():
            by_account[str(key[0])].append((moment, vague, kinds.get(touch, -1), touch, channel))
        return {account: sorted(entries) for account, entries in by_account.items()}

    def _touched_account(self, lead: str | None, contact: str) -> str | None:
        """The lead's account, else the contact's."""
        account = self.facts.leads.at[lead, "account"] if lead else None
        if isinstance(account, str):
            return account
        return self.facts.contact_account(contact) if contact else None

    @cached_property
    def journeys(self) -> dict[str, list[str]]:
        """Order → channels of its touches, in order. Window: (max(t - lookback, previous order), t]."""
        orders = self.facts.orders.sort_values(["converted", "order"])
        result: dict[str, list[str]] = {}
        for account, group in orders.groupby("account"):
            moments = sorted(set(group["converted"]))
            for order in group.itertuples():
                at = order.converted
                earlier = [moment for moment in moments if moment < at]
                previous = earlier[-1] if earlier else None
                chosen = []
                for moment, vague, kind, touch, channel in self.touches.get(str(account), []):
                    capped = min(moment, at)
                    happened = moment.date() <= at.date() if vague else moment <= at
                    spent = previous is not None and (moment.date() <= previous.date() if vague else moment <= previous)
                    oldest = at - timedelta(days=LOOKBACK.get(channel, LOOKBACK_DEFAULT))
                    if happened and not spent and capped >= oldest:
                        chosen.append((capped, vague, kind, touch, channel))
                result[order.order] = [channel for *_, channel in sorted(chosen)]
        return result

    def credit(self, order: str, amount: Decimal, model: str = "position_based") -> dict[str, Decimal]:
        """Channel → credit of one amount of an order; key ``""`` where the order has no journey."""
        channels = self.journeys[order]
        if not channels:
            return {"": amount}
        parts: dict[str, Decimal] = defaultdict(Decimal)
        for channel, part in zip(channels, credited(amount, CUMULATIVE[model](len(channels))), strict=True):
            parts[channel] += part
        return dict(parts)

    def weight(self, order: str, model: str = "position_based") -> dict[str, Decimal]:
        """Channel → share of one order, key ``""`` where it has no journey."""
        channels = self.journeys[order]
        if not channels:
            return {"": Decimal(1)}
        cumulative = CUMULATIVE[model](len(channels))
        parts: dict[str, Decimal] = defaultdict(Decimal)
        for channel, here, before in zip(channels, cumulative, [0, *cumulative[:-1]], strict=True):
            parts[channel] += Decimal(here - before) / BILLION
        return dict(parts)

    @cached_property
    def first_orders(self) -> pd.DataFrame:
        """The first order with a positive net amount of each account."""
        booked = self.facts.order_lines.groupby("单号")["net"].sum()
        orders = self.facts.orders.assign(net=self.facts.orders["order"].map(booked))
        positive = orders[orders["net"].map(lambda net: isinstance(net, Decimal) and net > 0)]
        return positive.sort_values(["converted", "order"]).drop_duplicates("account")


def _channel(source: str, medium: str) -> str:
    source, medium = source.strip().lower(), medium.strip().lower()
    for rule_source, rule_medium, channel in RULES:
        if rule_source in ("", source) and rule_medium in ("", medium):
            return channel
    return "" if source or medium else UNKNOWN
