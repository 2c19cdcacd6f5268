"""Postings, credits and the cost ledger, worked out from the demo's raw files after attribution.md."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pandas as pd

from tests.oracles.demo_documents import Documents
from tests.oracles.demo_orders import AS_OF
from tests.oracles.demo_rows import Row, erp, frame
from tests.oracles.exact import BILLION, rounded
from tests.oracles.marts_books import ledger_tie_out
from tests.oracles.marts_costs import Company
from tests.oracles.marts_dims import dim_campaign
from tests.oracles.marts_finance import invoice_line_facts, order_cost_facts, payment_line_facts
from tests.oracles.marts_journey import journeys_of
from tests.oracles.marts_leads import lead_facts
from tests.oracles.marts_market import marketing_spend_facts, touch_facts, work_hours_facts
from tests.oracles.marts_sales import interaction_facts, stage_event_facts
from tests.oracles.marts_weights import slots_of

DEFAULT_MODEL = "position_based"
MODELS = (
    *("first", "last", "last_non_direct", "linear", "position_based", "time_decay"),
    *("u_shaped", "w_shaped", "full_path", "shapley", "markov", "staged", "staged_information"),
)
DOCUMENT = "order_id origin_channel_id origin_campaign_id account_id salesperson_id distributor_id".split()  # noqa: SIM905


def order_measure(documents: Documents) -> pd.DataFrame:
    """Postings of what counts. Contribution is after every cost but ``other``; a posting of 0 is none."""
    return frame(documents.once("postings", _postings))


def _postings(documents: Documents) -> list[Row]:
    of_line = {erp(line["line"]): line for lines in documents.lines.values() for line in lines}
    found: list[Row] = []

    def post(order: str | None, line: str | None, kind: str, document: str, on: date, **amounts: Decimal) -> None:
        head = documents.origin(order and order.removeprefix("erp:"))
        if head["is_excluded"]:
            return
        known = of_line.get(line or "")
        shared = {
            **{name: head[name] for name in DOCUMENT},
            "order_line_id": line,
            "product_id": erp(known["产品编码"]) if known else None,
            "posting_id": f"{kind}:{document}",
            "posted_on": on,
            "document_kind": kind,
            "document_id": document,
        }
        found.extend({**shared, "measure": name, "amount": amount} for name, amount in amounts.items() if amount)

    for number, order in documents.orders.items():
        for line in documents.lines.get(number, []):
            rate, _ = documents.demo.rows.rate(order["currency"], order["ordered_on"])
            here = erp(line["line"])
            booked = rounded(line["不含税金额"] * rate)
            post(order["order_id"], here, "order_line", str(here), order["ordered_on"], booked=booked)
    for row in invoice_line_facts(documents).to_dict("records"):
        post(
            *(row["order_id"], row["order_line_id"], "invoice_line", row["invoice_line_id"], row["invoiced_on"]),
            invoiced=row["net_invoiced"],
            cogs=row["cogs"],
            gross_profit=row["gross_profit"],
            contribution=row["gross_profit"],
        )
    for row in order_cost_facts(documents).to_dict("records"):
        amounts = {} if row["kind"] == "other" else {"contribution": -row["amount"]}
        if row["kind"] == "after_sales":
            amounts["after_sales"] = row["amount"]
        place = (row["order_id"], row["order_line_id"], "order_cost", row["cost_line_id"], row["incurred_on"])
        post(*place, **amounts)
    for row in payment_line_facts(documents).to_dict("records"):
        place = (row["order_id"], row["order_line_id"], "payment_line", row["payment_line_id"], row["paid_on"])
        post(*place, collected=row["collected"])
    return found


def _due(cents: int, cumulative: int) -> int:
    """What is due of an amount to the touches up to one, half away from zero."""
    sign = -1 if cents < 0 else 1
    return sign * ((2 * abs(cents) * cumulative + BILLION) // (2 * BILLION))


def attribution_credit(documents: Documents, models: Sequence[str] = MODELS) -> pd.DataFrame:
    """What is due of a line's postings so far less what was due before, by day and posting; credits of 0 are none."""
    orders, slots = journeys_of(documents).orders, slots_of(documents)
    by_line: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for row in documents.once("postings", _postings):
        by_line[row["order_id"], row["order_line_id"], row["measure"]].append(row)
    rows: list[tuple[Any, ...]] = []
    for (order, _, _), postings in by_line.items():
        known = orders.get(order, {"touches": [], "reason": "no_identity"})
        touches = [tuple(touch[name] for name in TOUCH) for touch in known["touches"]]
        running = 0
        for posting in sorted(postings, key=lambda row: (row["posted_on"], row["posting_id"])):
            before, running = running, running + int(posting["amount"] * 100)
            head = tuple(posting[name] for name in POSTING)
            if not touches:
                rows += [(*head, model, *NOBODY, None, known["reason"], running - before) for model in models]
                continue
            for model in models:
                for index, stage, past, here in slots[order][model]:
                    cents = _due(running, here) - _due(running, past) - _due(before, here) + _due(before, past)
                    if cents:
                        rows.append((*head, model, *touches[index], stage, None, cents))
    found = pd.DataFrame(
        rows, columns=[*POSTING, "model", *TOUCH, "stage", "unattributed_reason", "cents"], dtype=object
    )
    found["amount"] = [Decimal(cents).scaleb(-2) for cents in found.pop("cents")]
    found["version"] = 1
    found["is_default_model"] = found["model"] == DEFAULT_MODEL
    return found


POSTING = ("order_id", "order_line_id", "posting_id", "posted_on", "measure")
TOUCH = ("touch_id", "campaign_id", "channel_id")
NOBODY = (None, None, None)


def new_customer_weight(documents: Documents) -> pd.DataFrame:
    """Weights of each account's first net-positive order by channel and campaign; weights of 0 are none."""
    orders, slots = journeys_of(documents).orders, slots_of(documents)
    rows = []
    for number in documents.demo.attribution.first_orders["order"]:
        order = orders[str(erp(number))]
        whole: dict[str, list[tuple[int, str | None, int, int]]] = {model: [(0, None, 0, BILLION)] for model in MODELS}
        for model, slotted in slots.get(order["order_id"], whole).items():
            parts: dict[tuple[str | None, str | None], int] = defaultdict(int)
            for index, _, past, here in slotted:
                touch = order["touches"][index] if order["touches"] else {}
                parts[touch.get("channel_id"), touch.get("campaign_id")] += here - past
            rows += [
                {
                    "account_id": order["account_id"],
                    "order_id": order["order_id"],
                    "converted_on": order["converted_at"].date(),
                    "model": model,
                    "is_default_model": model == DEFAULT_MODEL,
                    "channel_id": channel,
                    "campaign_id": campaign,
                    "weight": Decimal(part) / BILLION,
                }
                for (channel, campaign), part in parts.items()
            ]
    return frame(rows)


def company_of(documents: Documents) -> Company:
    """What the cost ledger of the demo is made of."""
    return documents.once("company", _company)


def _company(documents: Documents) -> Company:
    demo = documents.demo
    campaigns = {str(row["campaign_id"]): row for row in dim_campaign(demo).to_dict("records")}
    return Company(
        as_of=AS_OF,
        spend=marketing_spend_facts(demo).to_dict("records"),
        campaigns=campaigns,
        touches=touch_facts(demo).to_dict("records"),
        leads=lead_facts(demo).to_dict("records"),
        hours=work_hours_facts(demo).to_dict("records"),
        interactions=interaction_facts(demo).to_dict("records"),
        entries=[
            row
            for row in stage_event_facts(demo).to_dict("records")
            if row["is_entry"] and row["is_valid"] and row["account_id"]
        ],
        books=[
            row
            for row in ledger_tie_out(documents).to_dict("records")
            if row["account"] == "marketing_expense" and row["is_closed"]
        ],
    )


def cost_allocation(documents: Documents) -> pd.DataFrame:
    """The view that the figures of the demo read."""
    return frame(documents.once("cost_allocation", lambda known: company_of(known).shared("event"))).drop(
        columns="is_exhibition"
    )


def cost_ledger(documents: Documents) -> pd.DataFrame:
    """Every view by product and stage, with sales time and what the books have beyond."""
    return frame(company_of(documents).ledger())
