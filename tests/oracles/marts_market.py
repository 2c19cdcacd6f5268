"""Marts of the market, worked out from the demo's raw files: touches, sessions, hours, costs."""

from __future__ import annotations

from datetime import datetime, time
from functools import cache

import pandas as pd

from tests.oracles.demo import Demo
from tests.oracles.demo_rows import EIGHT_HOURS, Row, crm, frame, lineage, ref, utc
from tests.oracles.exact import rounded

HOUR_COST = 150

RULES = (
    # utm_source, utm_medium (None: any), channel; the first that fits
    ("baidu", "cpc", "paid_search"),
    ("google", "cpc", "paid_search"),
    ("wechat", None, "social_ads"),
    ("douyin", None, "social_ads"),
    (None, "email", "email"),
    (None, "webinar", "webinar"),
    (None, "organic", "organic"),
    ("(direct)", None, "direct"),
)


SAID = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "placement", "landing_page", "form")
MEDIA_CHANNEL = {
    "baidu": "paid_search",
    "google": "paid_search",
    "wechat": "social_ads",
    "douyin": "social_ads",
}
PARTLY_OURS = ("tax_recoverable_share", "subsidy_amount")
COST_TYPE = {
    "展位费": "booth",
    "搭建费": "build",
    "差旅费": "travel",
    "运输费": "freight",
    "样品费": "sample",
    "工具费": "tool",
}


def _channel_of_utm(source: str | None, medium: str | None) -> str | None:
    source, medium = (source or "").lower(), (medium or "").lower()
    for rule_source, rule_medium, channel in RULES:
        if rule_source in (None, source) and rule_medium in (None, medium):
            return channel
    return None


def _recorded_touches(demo: Demo) -> list[Row]:
    """Every touch of both lists, one form."""
    online = [
        {
            **row,
            "at": row["touched_at"],
            "precision": "exact",
            "campaign": (row["utm_campaign"] or "").upper() or None,
            "own_channel": _channel_of_utm(row["utm_source"], row["utm_medium"]),
        }
        for row in demo.rows.crm("touchpoints")
    ]
    scans = [
        {
            **row,
            "at": row["touch_date"],
            "precision": "date",
            "own_channel": row["channel"],
            "placement": row["booth"],
        }
        for row in demo.rows.crm("offline_touchpoints")
    ]
    found = []
    for row in online + scans:
        lead = demo.survivor(row["lead_id"])
        found.append(
            {
                "touch_id": crm(row["touch_id"]),
                "lead_id": crm(lead),
                "account_id": demo.lead_account(lead) or demo.contact_account(row["contact_id"]),
                "contact_id": crm(row["contact_id"]),
                "campaign_id": crm(row["campaign"]),
                "channel_id": demo.channel(row["own_channel"], row["campaign"]),
                **_moments(row["at"], row["precision"]),
                "touch_type": row["type"],
                **{name: row.get(name) for name in SAID},
                "is_implied": False,
                **lineage(row),
            }
        )
    return found


def _implied_touches(demo: Demo, touched: set[str | None]) -> list[Row]:
    """Surviving leads that no touch names."""
    return [
        {
            "touch_id": f"lead:{crm(number)}",
            "lead_id": crm(number),
            "account_id": demo.lead_account(number),
            "contact_id": crm(demo.leads[number]["contact_id"]),
            "campaign_id": crm(lead["campaign"]),
            "channel_id": demo.channel(lead["channel"].replace("unknown", ""), None),
            **_moments(lead["created"], "exact"),
            "touch_type": "lead_created",
            **dict.fromkeys(SAID),
            "landing_page": demo.leads[number]["landing_page"],
            "is_implied": True,
            **lineage(demo.leads[number]),
        }
        for number, lead in demo.facts.leads.iterrows()
        if crm(number) not in touched
    ]


def _moments(at: datetime, precision: str) -> Row:
    counts = at if precision == "exact" else datetime.combine(at, time.max)
    return {"touched_at": utc(at), "touched_on": at.date(), "effective_at": utc(counts), "precision": precision}


@cache
def touch_facts(demo: Demo) -> pd.DataFrame:
    """Of one campaign, account and day the earliest touch; none of test leads and spam."""
    recorded = _recorded_touches(demo)
    touches = recorded + _implied_touches(demo, {row["lead_id"] for row in recorded})
    spam = {crm(number) for number, lead in demo.facts.leads.iterrows() if not lead["valid"]}
    kept: dict[object, Row] = {}
    for row in sorted(touches, key=lambda row: (row["effective_at"], row["precision"] != "exact", row["touch_id"])):
        whole = row["campaign_id"] and row["account_id"]
        key = (row["campaign_id"], row["account_id"], row["touched_on"]) if whole else row["touch_id"]
        if row["lead_id"] not in spam:
            kept.setdefault(key, row)
    return frame(list(kept.values()))


def campaign_session_facts(demo: Demo) -> pd.DataFrame:
    """Sessions with the leads and touches of their campaign in them; every session of the demo has an end."""
    leads = [
        (crm(lead["campaign"]), lead["created"], lead["created"].time() == time.min)
        for lead in demo.facts.leads[demo.facts.leads["valid"]].to_dict("records")
    ]
    touches = [
        (row["campaign_id"], row["touched_at"] + EIGHT_HOURS, row["precision"] == "date")
        for row in touch_facts(demo).to_dict("records")
    ]
    rows = []
    for row in demo.rows.crm("sessions"):
        starts, ends = row["starts_at"], row["ends_at"]
        assert ends is not None, "the demo has no session without an end"
        last = datetime.combine(ends, time.max) if ends.time() == time.min else ends

        def within(things: list[tuple[str | None, datetime, bool]], row: Row = row, last: datetime = last) -> int:
            first, end = row["starts_at"], row["ends_at"]
            return sum(
                first.date() <= at.date() <= end.date() if vague or at.time() == time.min else first <= at <= last
                for campaign, at, vague in things
                if campaign == crm(row["campaign"])
            )

        rows.append(
            {
                "campaign_session_id": crm(row["session_id"]),
                "campaign_id": crm(row["campaign"]),
                "channel_id": demo.channel(None, row["campaign"]),
                "name": row["title"],
                "starts_at": utc(starts),
                "ends_at": utc(ends),
                "starts_on": starts.date(),
                "ends_on": ends.date(),
                "venue": row["venue"],
                "visitors": row["visitors"],
                "lead_count": within(leads),
                "touch_count": within(touches),
                **lineage(row),
            }
        )
    return frame(rows)


def work_hours_facts(demo: Demo) -> pd.DataFrame:
    """Hours as the workbook has them, with the channel of the campaign."""
    return frame(
        [
            {
                "work_hours_id": ref("office", row["编号"]),
                "campaign_id": crm(row["活动编号"]),
                "channel_id": demo.channel(None, row["活动编号"]),
                "salesperson_id": crm(row["工号"]),
                "worked_on": row["日期"],
                "hours": row["工时"],
                "activity": row["工作内容"],
                "stage": row["阶段"],
                "is_acquisition": demo.campaigns[row["活动编号"]]["objective"] != "retention",
                "sales_cost": rounded(row["工时"] * HOUR_COST),  # every hour of the demo is a salesperson's
                **lineage(row),
            }
            for row in demo.rows.hours
        ]
    )


def marketing_spend_facts(demo: Demo) -> pd.DataFrame:
    """Media by day and what finance wrote down. Nothing came from both: only media are media."""
    none = dict.fromkeys(
        ("document_no", "service_from", "service_to", "placement", "stage", *PARTLY_OURS, "planned_shows")
    )
    media = [
        {
            **none,
            "spend_id": f"ads:{row['date']}|{row['utm_source']}|{row['utm_campaign']}|{row['placement']}",
            "campaign": row["utm_campaign"],
            "own_channel": "email" if row["utm_medium"] == "email" else MEDIA_CHANNEL.get(row["utm_source"]),
            "spent_on": row["date"],
            "placement": row["placement"],
            "cost_type": "media",
            "amount": row["cost_net"],
            "tax_amount": row["vat"],
            "currency": row["currency"],
            "row": row,
        }
        for row in demo.rows.media
    ]
    bills = [
        {
            **none,
            "spend_id": ref("office", row["单据号"]),
            "document_no": row["单据号"],
            "campaign": row["活动编号"],
            "own_channel": row["渠道"],
            "spent_on": row["付款日期"],
            "service_from": row["服务开始"],
            "service_to": row["服务结束"],
            "cost_type": COST_TYPE.get(row["费用类型"], "other"),
            "stage": row["阶段"],
            "amount": row["不含税金额"],
            "tax_amount": row["税额"],
            "tax_recoverable_share": row["可抵扣比例"],
            "subsidy_amount": row["补贴"],
            "planned_shows": None if row["计划展次"] is None else int(row["计划展次"]),
            "currency": row["币种"],
            "row": row,
        }
        for row in demo.rows.register
    ]
    rows = []
    for cost in media + bills:
        row, campaign, own = cost.pop("row"), cost.pop("campaign"), cost.pop("own_channel")
        reclaimed = 1 if cost["tax_recoverable_share"] is None else cost["tax_recoverable_share"]
        lost = rounded((cost["tax_amount"] or 0) * (1 - reclaimed))
        cost["cost_amount"] = cost["amount"] + lost - (cost["subsidy_amount"] or 0)
        functional = {
            "amount_functional": cost["amount"],
            "tax_functional": cost["tax_amount"],
            "cost_functional": cost["cost_amount"],
        }
        rows.append(
            {
                **cost,
                "campaign_id": crm(campaign),
                "channel_id": demo.channel(own, campaign),
                "objective": demo.campaigns[campaign]["objective"] if campaign else None,
                **demo.rows.valued(cost["currency"], cost["spent_on"], **functional),
                **lineage(row),
            }
        )
    return frame(rows)
