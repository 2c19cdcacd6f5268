"""The CRM's side of the export, and the advertising platforms'."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pyarrow as pa

from orchestration.examples.demo.export_touches import touch_files
from orchestration.examples.demo.fields import Factory, moment_text, money_text
from orchestration.examples.demo.writers import Content, Parquet

REPEATED_IN = "202404"
"""The month whose media file brings the last row of the month before once more."""
ISO_DAY = "%Y-%m-%d"


def crm_files(factory: Factory) -> Iterator[tuple[str, Content]]:
    """The CRM's CSV files, English headers, all text; one at a time."""
    for make in (_market, _people, _leads, _opportunities, _quotes, _history):
        for name, frame in make(factory).items():
            yield f"crm/{name}.csv", frame
    yield from touch_files(factory)


def _market(factory: Factory) -> dict[str, pd.DataFrame]:
    session = factory["session"]
    campaign = factory["campaign"].rename(columns={"campaign": "campaign_id", "parent": "parent_campaign"})
    return {
        "channels": factory["channel"].rename(columns={"channel": "channel_code"}),
        "campaigns": campaign,
        "sessions": pd.DataFrame(
            {
                "session_id": session["session"],
                "campaign": session["campaign"],
                "title": session["name"],
                "starts_at": moment_text(session["starts"]),
                "ends_at": moment_text(session["ends"]),
                "venue": session["venue"],
                "visitors": session["visitors"],
            }
        ),
    }


def _people(factory: Factory) -> dict[str, pd.DataFrame]:
    seller = factory["salesperson"]
    return {
        "salespeople": pd.DataFrame(
            {
                "sales_id": seller["sales"],
                "name": seller["name"],
                "team": seller["team"],
                "region": seller["region"],
                "joined": moment_text(seller["active_from"], ISO_DAY),
                "left": moment_text(seller["active_to"], ISO_DAY),
            }
        ),
        "contacts": factory["contact"].rename(columns={"contact": "contact_id", "customer": "customer_code"}),
    }


def _leads(factory: Factory) -> dict[str, pd.DataFrame]:
    lead = factory["lead"]
    call = (np.arange(len(lead)) % 9 == 0) & (lead["phone"] != "").to_numpy()
    return {
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
                "segment": lead["segment"],
                "interest": lead["interest"],
                "score": lead["score"].astype(str),
                "status": lead["status"],
                "owner": lead["owner"],
                "customer_code": lead["customer"],
                "mql_at": moment_text(lead["mql"]),
                "sql_at": moment_text(lead["sql"]),
                "landing_page": lead["landing_page"],
                "remark": np.where(call, "请致电 " + lead["phone"] + " 后再寄样册", ""),
            }
        )
    }


def _opportunities(factory: Factory) -> dict[str, pd.DataFrame]:
    opportunity = factory["opportunity"]
    return {
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
                "expected_close": moment_text(opportunity["expected"], ISO_DAY),
                "closed_at": np.where(opportunity["result"] == "", "", moment_text(opportunity["closed"])),
                "loss_reason": opportunity["reason"],
                "owner": opportunity["owner"],
                "distributor": opportunity["agent"],
            }
        )
    }


def _quotes(factory: Factory) -> dict[str, pd.DataFrame]:
    quote, line = factory["quote"], factory["quote_line"]
    return {
        "quotes": pd.DataFrame(
            {
                "quote_id": quote["quote"],
                "opp_id": quote["opportunity"],
                "customer_code": quote["customer"],
                "owner": quote["sales"],
                "version": quote["version"].astype(str),
                "quoted_at": moment_text(quote["quoted"]),
                "valid_until": moment_text(quote["valid_until"], ISO_DAY),
                "status": quote["status"],
                "net_amount": money_text(quote["net"]),
                "currency": quote["currency"],
                "discount": money_text(quote["basis_points"], places=4),
            }
        ),
        "quote_lines": pd.DataFrame(
            {
                "quote_id": line["quote"],
                "line": line["line"],
                "product": line["product"],
                "qty": line["quantity"],
                "list_price": money_text(line["list_price"]),
                "discount": money_text(line["percent"]),
                "unit_price": money_text(line["unit_price"]),
                "net_amount": money_text(line["net"]),
            }
        ),
    }


def _history(factory: Factory) -> dict[str, pd.DataFrame]:
    act, event = factory["interaction"], factory["stage_event"]
    return {
        "interactions": pd.DataFrame(
            {
                "activity_id": act["interaction"],
                "lead_id": act["lead"],
                "opp_id": act["opportunity"],
                "customer_code": act["customer"],
                "kind": act["kind"],
                "happened_at": moment_text(act["at"]),
                "owner": act["sales"],
                "outcome": act["outcome"],
            }
        ),
        "stage_history": pd.DataFrame(
            {
                "event_id": event["stage_event"],
                "object": event["subject_kind"],
                "object_id": event["subject"],
                "stage": event["stage"],
                "entered_at": moment_text(event["at"]),
            }
        ),
    }


def media_files(factory: Factory) -> Iterator[tuple[str, Content]]:
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
