"""Journeys, weights, credits and the cost ledger, worked out from the demo's raw files after attribution.md."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from itertools import pairwise

import pandas as pd

from tests.oracles.demo_attribution import LOOKBACK, LOOKBACK_DEFAULT
from tests.oracles.demo_documents import Documents
from tests.oracles.demo_rows import EIGHT_HOURS, Row, crm, erp, frame, utc
from tests.oracles.exact import BILLION, CUMULATIVE, rounded, shares
from tests.oracles.marts_books import month_of
from tests.oracles.marts_finance import invoice_line_facts, order_cost_facts, payment_line_facts
from tests.oracles.marts_market import marketing_spend_facts, touch_facts

DEFAULT_MODEL = "position_based"
DOCUMENT = "order_id origin_channel_id origin_campaign_id account_id salesperson_id distributor_id".split()  # noqa: SIM905


class Journeys:
    """The touches of each order that counts: those that share its credit, or the latest that its window shut out."""

    def __init__(self, documents: Documents) -> None:
        self.documents = documents
        groups = {crm(row["channel_code"]): row["group"] for row in documents.demo.rows.crm("channels")}
        self.touches: dict[str, list[Row]] = defaultdict(list)
        for row in touch_facts(documents.demo).to_dict("records"):
            if row["account_id"]:
                days = LOOKBACK.get(groups.get(row["channel_id"], ""), LOOKBACK_DEFAULT)
                local = {name: row[name] + EIGHT_HOURS for name in ("touched_at", "effective_at")}
                self.touches[row["account_id"]].append({**row, **local, "lookback": timedelta(days=days)})

    @cached_property
    def orders(self) -> dict[str, Row]:
        """Order → its own row with ``touches`` in order, ``shut_out`` (the latest, or None) and ``reason``."""
        by_account: dict[str | None, list[Row]] = defaultdict(list)
        for order in self.documents.orders.values():
            if not order["is_excluded"]:
                by_account[order["account_id"]].append(order)
        found = {}
        for orders in by_account.values():
            moments = sorted({order["converted_at"] for order in orders})
            before = {later: earlier for earlier, later in pairwise(moments)}
            for order in orders:
                found[order["order_id"]] = {**order, **self._journey(order, before.get(order["converted_at"]))}
        return found

    def _journey(self, order: Row, previous: datetime | None) -> Row:
        at = order["converted_at"]
        past = [row for row in self.touches[order["account_id"]] if self._by(row, at)]
        past.sort(key=lambda row: (min(row["effective_at"], at), row["precision"] != "exact", row["touch_id"]))
        recent = [row for row in past if min(row["effective_at"], at) >= at - row["lookback"]]
        spent = [row for row in recent if previous and self._by(row, previous)]
        used_up = {row["touch_id"] for row in spent}
        chosen = [row for row in recent if row["touch_id"] not in used_up]
        if chosen or not past:
            return {"touches": chosen, "shut_out": None, "reason": None if chosen else "no_touch"}
        # as the decision log has it: a touch too old for either order is out of the window, no order has used it up
        return {
            "touches": [],
            "shut_out": (spent or past)[-1],
            "reason": "before_reset" if spent else "out_of_window",
        }

    @staticmethod
    def _by(touch: Row, moment: datetime) -> bool:
        """Whether a touch happened by a moment; one without a time, by its day."""
        if touch["precision"] == "date":
            return bool(touch["touched_on"] <= moment.date())
        return bool(touch["touched_at"] <= moment)


def journeys_of(documents: Documents) -> Journeys:
    """The journeys of these documents, made once."""
    return documents.once("journeys", Journeys)


def journey_touch(documents: Documents) -> pd.DataFrame:
    """Touches by order; where none counts the latest that is shut out."""
    rows = []
    for order in journeys_of(documents).orders.values():
        count = len(order["touches"])
        listed: list[tuple[int | None, Row]] = list(enumerate(order["touches"], start=1))
        if order["shut_out"]:
            listed.append((None, order["shut_out"]))
        for place, touch in listed:
            rows.append(
                {
                    "order_id": order["order_id"],
                    "account_id": order["account_id"],
                    "touch_id": touch["touch_id"],
                    "touch_position": place,
                    "touch_count": count,
                    "channel_id": touch["channel_id"],
                    "campaign_id": touch["campaign_id"],
                    "touched_at": utc(touch["touched_at"]),
                    "converted_at": utc(order["converted_at"]),
                    "is_in_journey": place is not None,
                    "exclusion_reason": order["reason"],
                }
            )
    return frame(rows)


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


def _due(cents: int, cumulative: Sequence[int]) -> list[int]:
    """Credits of an amount: round(A·W_k) - round(A·W_{k-1}), half away from zero."""
    sign = -1 if cents < 0 else 1
    reached = [0, *(sign * ((2 * abs(cents) * weight + BILLION) // (2 * BILLION)) for weight in cumulative)]
    return [here - past for past, here in pairwise(reached)]


def attribution_credit(documents: Documents) -> pd.DataFrame:
    """What is due of a line's postings so far less what was due before, by day and posting; credits of 0 are none."""
    orders = journeys_of(documents).orders
    by_line: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for row in order_measure(documents).to_dict("records"):
        by_line[row["order_id"], row["order_line_id"], row["measure"]].append(row)
    rows = []
    for (order, _, _), postings in by_line.items():
        known = orders.get(order, {"touches": [], "reason": "no_identity"})
        touches = known["touches"] or [{"touch_id": None, "campaign_id": None, "channel_id": None}]
        for model, weigh in CUMULATIVE.items():
            cumulative = weigh(len(touches))
            running, before = 0, [0] * len(touches)
            for posting in sorted(postings, key=lambda row: (row["posted_on"], row["posting_id"])):
                running += int(posting["amount"] * 100)
                due = _due(running, cumulative)
                rows += [
                    _credit(posting, model, touch, known["reason"], now - past)
                    for touch, now, past in zip(touches, due, before, strict=True)
                    if now != past
                ]
                before = due
    return frame(rows)


POSTING = ("order_id", "order_line_id", "posting_id", "posted_on", "measure")


def _credit(posting: Row, model: str, touch: Row, reason: str | None, cents: int) -> Row:
    return {
        **{name: posting[name] for name in POSTING},
        "version": 1,
        "model": model,
        "is_default_model": model == DEFAULT_MODEL,
        **{name: touch[name] for name in ("touch_id", "campaign_id", "channel_id")},
        "stage": None,
        "unattributed_reason": reason,
        "amount": Decimal(cents).scaleb(-2),
    }


def new_customer_weight(documents: Documents) -> pd.DataFrame:
    """Weights of each account's first net-positive order by channel and campaign; weights of 0 are none."""
    orders = journeys_of(documents).orders
    rows = []
    for number in documents.demo.attribution.first_orders["order"]:
        order = orders[str(erp(number))]
        touches = order["touches"] or [{"channel_id": None, "campaign_id": None}]
        for model, weigh in CUMULATIVE.items():
            cumulative = weigh(len(touches))
            parts: dict[tuple[str | None, str | None], int] = defaultdict(int)
            for touch, past, here in zip(touches, [0, *cumulative], cumulative, strict=False):
                parts[touch["channel_id"], touch["campaign_id"]] += here - past
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
                if part
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
