"""Master data of market and sales, worked out from the demo's raw files."""

from __future__ import annotations

import pandas as pd

from tests.oracles.demo import Demo
from tests.oracles.demo_rows import Row, crm, erp, frame, lineage

UNKNOWN = {"name": "Unknown / 未知", "is_declared": False}


def dim_channel(demo: Demo) -> pd.DataFrame:
    """No document names a channel that the list lacks."""
    rows = [
        {
            "channel_id": crm(row["channel_code"]),
            "name": row["name"],
            "channel_group": row["group"],
            "is_paid": row["paid"],
            "is_declared": True,
            **lineage(row),
        }
        for row in demo.rows.crm("channels")
    ]
    return frame([*rows, {"channel_id": "unknown", "channel_group": "unknown", "is_paid": False} | UNKNOWN])


def dim_campaign(demo: Demo) -> pd.DataFrame:
    """No document names a campaign that the list lacks."""
    rows = [
        {
            "campaign_id": crm(number),
            "name": row["name"],
            "channel_id": demo.channel(None, number),
            "parent_campaign_id": crm(row["parent_campaign"]),
            "starts_on": row["first"],
            "ends_on": row["last"],
            **{name: row[name] for name in ("budget", "currency", "objective", "region", "owner", "booth")},
            "is_declared": True,
            **lineage(row),
        }
        for number, row in demo.campaigns.items()
    ]
    return frame([*rows, {"campaign_id": "unknown", "channel_id": "unknown"} | UNKNOWN])


def dim_salesperson(demo: Demo) -> pd.DataFrame:
    """Everybody whom a document names is on the list."""
    return frame(
        [
            {
                "salesperson_id": crm(row["sales_id"]),
                **{name: row[name] for name in ("name", "team", "region")},
                "active_from": row["joined"],
                "active_to": row["left"],
                "is_declared": True,
                **lineage(row),
            }
            for row in demo.rows.crm("salespeople")
        ]
    )


def dim_contact(demo: Demo) -> pd.DataFrame:
    """The list, and contacts that only a surviving lead or a touch names."""
    listed = demo.rows.crm("contacts")
    rows = [
        {
            "contact_id": crm(row["contact_id"]),
            "account_id": demo.contact_account(row["contact_id"]),
            "customer_id": demo.customer(row["customer_code"]),
            "role": row["role"],
            "company": row["company"],
            **{f"has_{name}": row[name] is not None for name in ("name", "phone", "email")},
            "is_declared": True,
            **lineage(row),
        }
        for row in listed
    ]
    known = {row["contact_id"] for row in listed}
    named = [
        *(row for row in demo.rows.crm("leads") if demo.survivor(row["lead_id"]) == row["lead_id"]),
        *demo.rows.crm("touchpoints"),
        *demo.rows.crm("offline_touchpoints"),
    ]
    assert {row["contact_id"] for row in named} - known <= {None}, "the demo has no contact that is only named"
    return frame(rows)


def dim_distributor(demo: Demo) -> pd.DataFrame:
    """Every distributor that a document names is on the list."""
    listed = demo.rows.erp("distributors", "经销商")
    # each buys under a customer number of its own name
    buyers = {row["客户名称"]: row["客户编码"] for row in demo.rows.erp("customers", "客户")}
    rows: list[Row] = [
        {
            "distributor_id": erp(row["经销商编码"]),
            "name": row["经销商名称"],
            "region": row["区域"],
            "level": row["级别"],
            "parent_id": erp(row["上级"]),
            "contract_from": row["合同开始"],
            "contract_to": row["合同结束"],
            "account_id": demo.account_of[buyers[row["经销商名称"]]],
            "is_declared": True,
            **lineage(row),
        }
        for row in listed
    ]
    named = {
        *(row["经销商"] for row in demo.rows.erp("orders", "订单")),
        *(row["distributor"] for row in demo.rows.crm("opportunities")),
        *(row["所属经销商"] for row in demo.rows.erp("customers", "客户")),
        *(row["经销商编码"] for row in demo.rows.reports),
        *(row["上级"] for row in listed),
    }
    assert named - {row["经销商编码"] for row in listed} <= {None}, "the demo has no distributor that is only named"
    return frame(rows)
