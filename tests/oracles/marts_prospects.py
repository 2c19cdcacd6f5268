"""Prospects - who left leads, whether the ERP knows them or not - worked out from the demo's raw files."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from datetime import date
from functools import cache

import pandas as pd

from orchestration.examples.demo.names import TRADITIONAL
from tests.oracles.demo import Demo
from tests.oracles.demo_facts import AS_OF
from tests.oracles.demo_rows import LINEAGE, Row, frame
from tests.oracles.marts_leads import lead_facts

CUSTOMER_DAYS = 365
NOBODY = {"aaa", "个人", "无", "某某医院", "测试公司"}  # what people of the demo write instead of a company


def company_key(company: str | None) -> str | None:
    """A company without what its writings vary in: width and kind of letters, capitals, blanks and points."""
    if company is None or company in NOBODY:
        return None
    plain = unicodedata.normalize("NFKC", company).lower()
    for modern, old in TRADITIONAL:
        plain = plain.replace(old, modern)
    return "".join(sign for sign in plain if sign.isalnum() or sign in "()")


@cache
def prospect_facts(demo: Demo) -> pd.DataFrame:
    """Valid leads by account, else company, else person; in the order in which they came."""
    leads: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for lead in lead_facts(demo).to_dict("records"):
        if lead["is_valid"] and lead["created_on"] <= AS_OF:
            leads[_identity(demo, lead)].append(lead)
    rows = []
    for (kind, key), own in leads.items():
        first = min(own, key=lambda lead: (lead["created_at"], lead["lead_id"]))
        customer = demo.customers.get(first["account_id"] or "", {})
        ordered: date | None = first["account_first_order_on"]
        days = (ordered - first["created_on"]).days if ordered else None
        rows.append(
            {
                "prospect_id": f"{kind}:{key}",
                "prospect_kind": kind,
                "account_id": first["account_id"],
                "first_lead_id": first["lead_id"],
                "first_lead_on": first["created_on"],
                "lead_count": len(own),
                **{name: first[name] for name in ("origin_channel_id", "origin_campaign_id")},
                **{name: first[name] for name in ("salesperson_id", "sales_team")},
                "segment": customer.get("客户分类") or first["segment"],
                "region": customer.get("区域") or first["region"],
                "first_order_on": ordered,
                "days_to_first_order": days,
                "has_earlier_order": days is not None and days < 0,
                "is_customer_within_window": (
                    ordered is not None and days is not None and 0 <= days <= CUSTOMER_DAYS and ordered <= AS_OF
                ),
                "is_window_mature": (AS_OF - first["created_on"]).days >= CUSTOMER_DAYS,
                **{name: first[name] for name in LINEAGE},
            }
        )
    return frame(rows)


def _identity(demo: Demo, lead: Row) -> tuple[str, str]:
    if lead["account_id"]:
        return "account", lead["account_id"]
    contact = demo.contacts.get((lead["contact_id"] or "").removeprefix("crm:"), {})
    key = company_key(lead["company"] or contact.get("company"))
    return ("company", key) if key else ("person", lead["person_id"])
