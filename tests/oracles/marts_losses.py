"""Opportunities lost, and what was offered in opportunities, worked out from the demo's raw files."""

from __future__ import annotations

from collections import defaultdict
from functools import cache

import pandas as pd

from tests.oracles.demo import Demo
from tests.oracles.demo_rows import LINEAGE, Row, crm, erp, frame
from tests.oracles.exact import total
from tests.oracles.marts_funnel import CLOSING
from tests.oracles.marts_leads import opportunity_facts
from tests.oracles.marts_sales import Quotes

OF_DEAL = ("origin_channel_id", "salesperson_id", "sales_team", *LINEAGE)


@cache
def loss_facts(demo: Demo) -> pd.DataFrame:
    """Each lost deal with the last open stage that its history names."""
    history: dict[str, list[Row]] = defaultdict(list)
    for row in demo.rows.crm("stage_history"):
        if row["object"] == "opportunity" and row["stage"] not in CLOSING:
            history[row["object_id"]].append(row)
    rows = []
    for deal in opportunity_facts(demo).to_dict("records"):
        if not deal["is_lost"]:
            continue
        own = history[deal["opportunity_id"].removeprefix("crm:")]
        last = max(own, key=lambda row: (row["entered_at"], row["source_row"]))["stage"] if own else None
        rows.append(
            {
                **{name: deal[name] for name in ("opportunity_id", "lead_id", "account_id", "loss_reason")},
                "last_stage_id": f"opportunity:{last}" if last else None,
                **{name: deal[name] for name in ("created_on", "closed_on", "days_to_close", "amount_functional")},
                **{name: deal[name] for name in ("origin_campaign_id", "distributor_id")},
                **{name: deal[name] for name in ("customer_segment", "customer_region", *OF_DEAL)},
            }
        )
    return frame(rows)


@cache
def opportunity_product_facts(demo: Demo) -> pd.DataFrame:
    """Each deal with the products of the last version of its quote; without lines, one row."""
    quotes = Quotes(demo)
    offered: dict[str | None, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for number in quotes.latest:
        for line in quotes.lines[number]:
            offered[crm(quotes.heads[number]["opp_id"])][line["product"]].append(line)
    rows = []
    for deal in opportunity_facts(demo).to_dict("records"):
        for product, lines in (offered[deal["opportunity_id"]] or {None: []}).items():
            rows.append(
                {
                    "opportunity_product_id": f"{deal['opportunity_id']}|{erp(product) or '-'}",
                    "opportunity_id": deal["opportunity_id"],
                    "product_id": erp(product),
                    "quote_count": len({line["quote_id"] for line in lines}),
                    "quantity": total(line["qty"] for line in lines) if lines else None,
                    "net_amount_functional": total(line["net_amount_functional"] for line in lines) if lines else None,
                    **{name: deal[name] for name in ("account_id", "created_on", "closed_on", "is_won", "is_lost")},
                    **{name: deal[name] for name in OF_DEAL},
                }
            )
    return frame(rows)
