"""A hand-made company for the metrics: facts as the marts hold them, few enough to work out every cell by hand.

As of 2024-06-30; fiscal year from April unless a test says otherwise.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import yaml

from orchestration.lib.contract import load_contract
from orchestration.lib.lifetime import TABLES as LIFETIME
from orchestration.lib.workspace import DBT_PROJECT_DIR
from tests.unit.scratch_project import ScratchProject, columns


def upstream() -> dict[str, dict[str, str]]:
    """Every table below the metrics floor with the columns of its contract, so that a new mart needs no word here."""
    found = {
        "canonical.entity_presence": columns("entity is_mapped:boolean row_count:bigint"),
        "intermediate.int_as_of": columns("as_of_on:date"),
        "intermediate.int_closing_month": columns("month:date closing_on:date"),
        **{f"lifetime.{table}": dict(types) for table, (_, types) in LIFETIME.items()},
    }
    for file in sorted((DBT_PROJECT_DIR / "models" / "marts").glob("*/*.yml")):
        schema = "attribution" if file.parent.name == "attribution" else "marts"
        for model in yaml.safe_load(file.read_text(encoding="utf-8")).get("models") or []:
            found[f"{schema}.{model['name']}"] = {one["name"]: one["data_type"] for one in model["columns"]}
    return found


DATA_DRIVEN = "_data_driven__sources.yml"


def channel_effect() -> dict[str, str]:
    """The columns of the table that Python makes, of which no test here has a row."""
    file = DBT_PROJECT_DIR / "models" / "marts" / "attribution" / DATA_DRIVEN
    [table] = yaml.safe_load(file.read_text(encoding="utf-8"))["sources"][0]["tables"]
    return {one["name"]: one["data_type"] for one in table["columns"]}


AD = {"channel_id": "ad", "campaign_id": "k1"}
FROM_AD = {"origin_channel_id": "ad", "origin_campaign_id": "k1"}
FROM_SHOW = {"origin_channel_id": "show", "origin_campaign_id": "k2"}
FROM_NOWHERE = {"origin_channel_id": "unknown", "origin_campaign_id": "unknown"}


def cost(key: str, on: str, amount: str, **more: Any) -> dict[str, Any]:
    return {
        "cost_allocation_id": f"{key}:{on}", "spend_id": key, "allocated_on": on, "amount": amount, "basis": "direct",
        "is_media": False, "is_acquisition": True, **more,
    }  # fmt: skip


def credit(key: str, on: str, measure: str, amount: str, channel: str | None, **more: Any) -> dict[str, Any]:
    campaign = {"ad": "k1", "show": "k2"}.get(channel or "")
    return {
        "order_id": "o1", "posting_id": key, "posted_on": on, "measure": measure, "amount": amount,
        "channel_id": channel,
        "campaign_id": campaign, "touch_id": channel and f"t_{channel}", "is_default_model": True, "version": 1, **more,
    }  # fmt: skip


def owed(account: str, month: str, sales: str, *ages: str) -> dict[str, Any]:
    """What an account owes at the end of a month, not due and then by days overdue."""
    due, *late = [*ages, *["0"] * (5 - len(ages))]
    return {
        "account_id": account, "customer_segment": "clinic", "customer_region": "unknown", "month": month,
        "open_amount": sum(int(amount) for amount in (due, *late)), "not_due": due,
        **{f"overdue_{place}": amount for place, amount in enumerate(late, start=1)},
        "overdue_amount": sum(map(int, late)), "advance_amount": "0", "credit_sales": sales, "bad_debt": "0",
    }  # fmt: skip


ROWS: dict[str, list[dict[str, Any]]] = {
    "intermediate.int_closing_month": [
        {"month": "2024-02-01", "closing_on": "2024-02-29"},
        {"month": "2024-03-01", "closing_on": "2024-03-31"},
        {"month": "2024-04-01", "closing_on": "2024-04-30"},
        {"month": "2024-05-01", "closing_on": "2024-05-31"},
        {"month": "2024-06-01", "closing_on": "2024-06-30"},
    ],
    "marts.receivable_month": [
        owed("a1", "2024-02-01", "290", "200"),
        # nothing of a1 in March: sales and balance are 0 then, and the count back of April goes through it
        owed("a1", "2024-04-01", "60", "60", "100"),
        owed("a2", "2024-05-01", "-20", "-20"),
        owed("a1", "2024-06-01", "0", "0", "0", "0", "0", "500"),
    ],
    "intermediate.int_as_of": [{"as_of_on": "2024-06-30"}],
    "marts.dim_channel": [{"channel_id": key, "name": key.title()} for key in ("ad", "show", "unknown")],
    "marts.dim_campaign": [
        {"campaign_id": "k1", "channel_id": "ad", "name": "Ad", "objective": "acquisition"},
        {"campaign_id": "k2", "channel_id": "show", "name": "Show", "objective": "acquisition"},
        {"campaign_id": "k3", "channel_id": "ad", "name": "Care", "objective": "retention"},
    ],
    "marts.dim_product": [{"product_id": "p1", "family": "pumps"}, {"product_id": "p2", "family": None}],
    "attribution.cost_allocation": [
        cost("s1", "2024-01-10", "100.00", **AD, is_media=True),
        cost("s1", "2024-02-01", "50.01", **AD, is_media=True),
        cost("s2", "2024-02-20", "300.00", channel_id="show", campaign_id="k2"),
        cost("s3", "2024-02-21", "40.00", channel_id="ad", campaign_id="k3", is_acquisition=False),
        cost("s4", "2024-02-22", "7.00", channel_id="unknown", basis="unallocated"),
        cost("s5", "2024-07-01", "999.00", **AD),  # after the as-of date
    ],
    "marts.lead_facts": [
        {"lead_id": "l1", "created_on": "2024-01-05", **FROM_AD, "salesperson_id": "anna", "is_valid": True,
         "is_opportunity_within_window": True},
        {"lead_id": "l2", "created_on": "2024-01-31", **FROM_AD, "is_valid": True,
         "is_opportunity_within_window": False},
        {"lead_id": "l3", "created_on": "2024-02-01", **FROM_SHOW, "is_valid": True,
         "is_opportunity_within_window": True},
        {"lead_id": "l4", "created_on": "2024-02-02", **FROM_NOWHERE, "is_valid": True,
         "is_opportunity_within_window": False},
        {"lead_id": "l5", "created_on": "2024-02-02", **FROM_SHOW, "is_valid": False,
         "is_opportunity_within_window": False},
        {"lead_id": "l6", "created_on": "2024-06-15", **FROM_AD, "is_valid": True,
         "is_opportunity_within_window": False},
    ],
    "marts.opportunity_facts": [
        {"opportunity_id": "q1", "created_on": "2024-01-20", "closed_on": "2024-03-01", **FROM_AD, "is_won": True,
         "is_lost": False, "is_order_within_window": True, "amount_functional": "1000.00"},
        {"opportunity_id": "q2", "created_on": "2024-01-21", "closed_on": "2024-03-02", **FROM_AD, "is_won": False,
         "is_lost": True, "is_order_within_window": False, "amount_functional": "500.00"},
        {"opportunity_id": "q3", "created_on": "2024-02-10", **FROM_SHOW, "is_won": False, "is_lost": False,
         "is_order_within_window": False, "amount_functional": "250.00"},
    ],
    "marts.order_facts": [
        {"order_id": "o1", "ordered_on": "2024-03-31", **FROM_AD, "account_id": "a1", "is_excluded": False,
         "net_booked": "1000.00", "contribution_booked": "400.00"},
        {"order_id": "o2", "ordered_on": "2024-04-01", **FROM_SHOW, "account_id": "a2", "is_excluded": False,
         "net_booked": "500.00", "contribution_booked": "100.00"},
        {"order_id": "o3", "ordered_on": "2024-04-02", **FROM_SHOW, "account_id": "a2", "is_excluded": True,
         "net_booked": "70.00"},
    ],
    "marts.order_line_facts": [
        {"order_line_id": "o1-1", "ordered_on": "2024-03-31", **FROM_AD, "product_id": "p1", "is_excluded": False,
         "net_booked": "1000.00", "list_booked": "1250.00"},
        {"order_line_id": "o2-1", "ordered_on": "2024-04-01", **FROM_SHOW, "product_id": "p2", "is_excluded": False,
         "net_booked": "400.00", "list_booked": "400.00"},
        {"order_line_id": "o2-2", "ordered_on": "2024-04-01", **FROM_SHOW, "is_excluded": False,
         "net_booked": "100.00"},
    ],
    "marts.order_line_delivery": [
        {"order_line_id": "o1-1", "promised_on": "2024-04-10", **FROM_AD, "product_id": "p1", "is_due": True,
         "is_on_time": True},
        {"order_line_id": "o2-1", "promised_on": "2024-04-20", **FROM_SHOW, "product_id": "p2", "is_due": True,
         "is_on_time": False},
        {"order_line_id": "o2-2", "promised_on": "2024-05-20", **FROM_SHOW, "is_due": True, "is_on_time": True},
        {"order_line_id": "o4-1", "promised_on": "2024-09-20", **FROM_SHOW, "is_due": False, "is_on_time": False},
    ],
    "marts.invoice_line_facts": [
        {"invoice_line_id": "i1", "invoiced_on": "2024-04-15", **FROM_AD, "product_id": "p1", "is_excluded": False,
         "net_invoiced": "1000.00", "cogs": "600.00", "gross_profit": "400.00"},
        {"invoice_line_id": "i2", "invoiced_on": "2024-05-15", **FROM_AD, "product_id": "p1", "is_excluded": False,
         "net_invoiced": "-100.00", "cogs": "-60.00", "gross_profit": "-40.00"},
        {"invoice_line_id": "i3", "invoiced_on": "2024-05-15", **FROM_SHOW, "is_excluded": False,
         "net_invoiced": "77.00"},
    ],
    "marts.payment_facts": [
        {"allocation_id": "y1", "paid_on": "2024-05-15", **FROM_AD, "account_id": "a1", "is_excluded": False,
         "collection_amount": "300.00", "collection_day_amount": "9000.00"},
        {"allocation_id": "y2", "paid_on": "2024-05-25", **FROM_AD, "account_id": "a1", "is_excluded": False,
         "collection_amount": "100.00", "collection_day_amount": "4000.00"},
    ],
    "attribution.attribution_credit": [
        credit("i1", "2024-04-15", "invoiced", "400.00", "ad"),
        credit("i1", "2024-04-15", "invoiced", "600.00", "show"),
        # April was closed with 100 for the ad and 300 for the show; a touch of the ad came late
        credit("i1", "2024-04-15", "contribution", "100.00", "ad"),
        credit("i1", "2024-04-15", "contribution", "60.00", "ad", version=2),
        credit("i1", "2024-04-15", "contribution", "300.00", "show"),
        credit("i1", "2024-04-15", "contribution", "-60.00", "show", version=2),
        credit("i9", "2024-05-01", "contribution", "-9.99", None, order_id="o9"),
        credit("i1", "2024-04-15", "contribution", "400.00", "ad", is_default_model=False),
    ],
    "attribution.attribution_restatement": [
        {"posting_id": "i1", "month": "2024-04-01", "model": "position_based", "measure": "contribution",
         "touch_id": f"t_{channel}", "channel_id": channel, "campaign_id": campaign, "reason": "late_touch"}
        for channel, campaign in (("ad", "k1"), ("show", "k2"))
    ],
    "attribution.order_measure": [
        {"order_id": "o1", "posting_id": "i1", "posted_on": "2024-04-15", "measure": "contribution", "amount": "400.00",
         **FROM_AD, "product_id": "p1"},
        {"order_id": "o9", "posting_id": "i9", "posted_on": "2024-05-01", "measure": "contribution", "amount": "-9.99",
         **FROM_NOWHERE},
        {"order_id": "o1", "posting_id": "i1", "posted_on": "2024-04-15", "measure": "invoiced", "amount": "1000.00",
         **FROM_AD, "product_id": "p1"},
    ],
    "attribution.new_customer_weight": [
        {"account_id": "a1", "converted_on": "2024-03-31", "is_default_model": True, **AD, "weight": "0.333333333"},
        {"account_id": "a1", "converted_on": "2024-03-31", "is_default_model": True, "channel_id": "show",
         "campaign_id": "k2", "weight": "0.666666667"},
        {"account_id": "a2", "converted_on": "2024-04-01", "is_default_model": True, "weight": "1"},
        {"account_id": "a2", "converted_on": "2024-04-01", "is_default_model": False, **AD, "weight": "1"},
    ],
}  # fmt: skip


def metrics_project(folder: Path, *, unmapped: tuple[str, ...] = (), empty: tuple[str, ...] = ()) -> ScratchProject:
    """The project with its facts loaded; entities in ``unmapped`` and ``empty`` are absent from the sources."""
    case = ScratchProject(
        folder,
        copied=["metrics"],
        upstream=upstream(),
        sources={"attribution.channel_effect": channel_effect()},
        variables={"fiscal_year_start_month": 4, "default_attribution_model": "position_based"},
    )
    sources = Path("marts", "attribution", DATA_DRIVEN)
    shutil.copy(DBT_PROJECT_DIR / "models" / sources, case.project / "models" / sources)
    for table, rows in ROWS.items():
        case.load(table, rows)
    presence = [
        {"entity": entity, "is_mapped": entity not in unmapped, "row_count": 0 if entity in (*unmapped, *empty) else 1}
        for entity in load_contract().entities
    ]
    case.load("canonical.entity_presence", presence)
    return case
