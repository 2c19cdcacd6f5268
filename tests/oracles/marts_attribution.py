"""Postings, credits and the cost ledger, worked out from the demo's raw files after attribution.md."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pandas as pd

from tests.oracles.demo_documents import Documents
from tests.oracles.demo_rows import Row, erp, frame
from tests.oracles.exact import BILLION, rounded, shares
from tests.oracles.marts_books import month_of
from tests.oracles.marts_finance import invoice_line_facts, order_cost_facts, payment_line_facts
from tests.oracles.marts_journey import journeys_of, slots_of
from tests.oracles.marts_market import marketing_spend_facts

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


def cost_allocation(documents: Documents) -> pd.DataFrame:
    """Each cost on the first day of its service, else when it was spent; what names nobody is shared by direct cost."""
    direct, overhead = [], []
    weights: dict[date, dict[tuple[str, bool], Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for cost in marketing_spend_facts(documents.demo).to_dict("records"):
        is_media = cost["cost_type"] == "media"
        # media of longer service would be spread over its days
        assert not (is_media and cost["service_from"]), "media of the demo come by the day"
        on = cost["service_from"] or cost["spent_on"]
        row = {
            "cost_allocation_id": f"{cost['spend_id']}:{month_of(on)}",
            **{name: cost[name] for name in ("spend_id", "campaign_id", "channel_id", "cost_type", "stage")},
            "allocated_on": on,
            "month": month_of(on),
            "amount": cost["amount_functional"],
            "basis": "direct",
            "driver": None,
            "reason": None,
            "is_media": is_media,
            "is_acquisition": cost["objective"] != "retention",
        }
        if cost["campaign_id"] or cost["channel_id"] != "unknown":
            direct.append(row)
            weights[row["month"]][row["channel_id"], row["is_acquisition"]] += row["amount"]
        else:
            overhead.append(row)
    return frame([*direct, *(part for row in overhead for part in _shared(row, weights[row["month"]]))])


def _shared(row: Row, weights: dict[tuple[str, bool], Decimal]) -> list[Row]:
    """An overhead cost by channel, retention before acquisition; as it is where nothing says whose it could be."""
    bearers = sorted(bearer for bearer, weight in weights.items() if weight > 0)
    if not bearers:
        return [{**row, "basis": "unallocated", "reason": "no_campaign_or_channel"}]
    parts = shares(row["amount"], [weights[bearer] for bearer in bearers])
    return [
        {
            **row,
            "cost_allocation_id": f"{row['cost_allocation_id']}:{channel}:{'acquisition' if wins else 'retention'}",
            "channel_id": channel,
            "amount": part,
            "basis": "shared",
            "driver": "direct_cost",
            "is_acquisition": wins,
        }
        for (channel, wins), part in zip(bearers, parts, strict=True)
    ]
