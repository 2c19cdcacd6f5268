"""The CRM's side of the export."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pyarrow as pa

from orchestration.examples.demo.fields import Factory, moment_text, money_text
from orchestration.examples.demo.writers import Parquet

REPEATED_IN = "202404"
"""The month whose media file brings the last row of the month before once more."""


def crm_files(factory: Factory) -> Iterator[tuple[str, pd.DataFrame]]:
    """The CRM's CSV files, English headers, all text."""
    for name, frame in _crm_frames(factory).items():
        yield f"crm/{name}.csv", frame


def media_files(factory: Factory) -> Iterator[tuple[str, Parquet]]:
    """One Parquet file per month, with the platform's own types: date, decimal, integer."""
    media = factory["media"]
    month, before = moment_text(media["day"], "%Y%m").to_numpy(), None
    for key in np.unique(month):
        rows = media[month == key]
        table = pa.table(
            {
                "date": pa.array(rows["day"].to_numpy()).cast(pa.date32()),
                "utm_source": pa.array(rows["utm_source"]),
                "utm_medium": pa.array(rows["utm_medium"]),
                "utm_campaign": pa.array(rows["campaign"]),
                "placement": pa.array(rows["placement"]),
                "impressions": pa.array(rows["impressions"], pa.int64()),
                "clicks": pa.array(rows["clicks"], pa.int64()),
                "cost_net": pa.array(money_text(rows["net"])).cast(pa.decimal128(18, 2)),
                "vat": pa.array(money_text(rows["tax"])).cast(pa.decimal128(18, 2)),
                "currency": pa.array(rows["currency"]),
            }
        )
        name, last = f"ads/media_{key}.parquet", table.slice(table.num_rows - 1, 1)
        if key == REPEATED_IN:  # a late row of the month before is delivered again
            table = pa.concat_tables([table, before])
            factory.planted["repeated_media"] = {name: 1}
        before = last
        yield name, Parquet(table)


def _crm_frames(factory: Factory) -> dict[str, pd.DataFrame]:
    """The CRM's CSV files, English headers, all text."""
    lead, opportunity, web, offline = (
        factory["lead"],
        factory["opportunity"],
        factory["web_touch"],
        factory["offline_touch"],
    )
    event = factory["event_cost"]
    remark = np.where(np.arange(len(lead)) % 9 == 0, "请致电 " + lead["phone"] + " 后再寄样册", "")
    return {
        "channels": factory["channel"].rename(columns={"channel": "channel_code"}),
        "campaigns": factory["campaign"].rename(columns={"campaign": "campaign_id", "parent": "parent_campaign"}),
        "salespeople": factory["salesperson"].rename(columns={"sales": "sales_id"}),
        "contacts": factory["contact"].rename(columns={"contact": "contact_id", "customer": "customer_code"}),
        "leads": pd.DataFrame(
            {
                "lead_id": lead["lead"],
                "contact_id": lead["contact"],
                "created_at": moment_text(lead["created"]),
                "campaign": lead["campaign"],
                "channel": lead["channel"],
                "name": lead["name"],
                "phone": lead["phone"],
                "email": lead["email"],
                "company": lead["company"],
                "region": lead["region"],
                "interest": lead["interest"],
                "score": lead["score"].astype(str),
                "status": lead["status"],
                "owner": lead["owner"],
                "customer_code": lead["customer"],
                "mql_at": moment_text(lead["mql"]),
                "sql_at": moment_text(lead["sql"]),
                "remark": remark,
            }
        ),
        "opportunities": pd.DataFrame(
            {
                "opp_id": opportunity["opportunity"],
                "lead_id": opportunity["lead"],
                "customer_code": opportunity["customer"],
                "created_at": moment_text(opportunity["created"]),
                "stage": opportunity["stage"],
                "result": opportunity["result"],
                "amount": money_text(opportunity["amount"]),
                "currency": opportunity["currency"],
                "expected_close": moment_text(opportunity["expected"], "%Y-%m-%d"),
                "closed_at": np.where(opportunity["result"] == "", "", moment_text(opportunity["closed"])),
                "loss_reason": opportunity["reason"],
                "owner": opportunity["owner"],
            }
        ),
        "touchpoints": pd.DataFrame(
            {
                "touch_id": web["touch"],
                "lead_id": web["lead"],
                "contact_id": web["contact"],
                "touched_at": moment_text(web["touched"]),
                "type": web["kind"],
                "utm_source": web["utm_source"],
                "utm_medium": web["utm_medium"],
                "utm_campaign": web["campaign"].str.lower(),
                "landing_page": web["page"],
            }
        ),
        "offline_touchpoints": pd.DataFrame(
            {
                "touch_id": offline["touch"],
                "lead_id": offline["lead"],
                "touch_date": moment_text(offline["day"], "%Y-%m-%d"),
                "type": offline["kind"],
                "campaign": offline["campaign"],
                "channel": offline["channel"],
                "booth": offline["place"],
            }
        ),
        "event_costs": pd.DataFrame(
            {
                "cost_id": event["cost"],
                "campaign": event["campaign"],
                "channel": event["channel"],
                "type": event["kind"],
                "paid_on": moment_text(event["day"], "%Y-%m-%d"),
                "service_from": event["service_from"],
                "service_to": event["service_to"],
                "net_amount": money_text(event["net"]),
                "vat": money_text(event["tax"]),
                "currency": event["currency"],
            }
        ),
    }
