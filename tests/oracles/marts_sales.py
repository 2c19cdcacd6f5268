"""What sales did, worked out from the demo's raw files: interactions, quotes, the history of stages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from functools import cached_property

import pandas as pd

from tests.oracles.demo import Demo
from tests.oracles.demo_rows import Row, crm, erp, frame, lineage, utc
from tests.oracles.exact import total


def interaction_facts(demo: Demo) -> pd.DataFrame:
    """Every interaction, with the surviving lead it names, else that of its opportunity."""
    rows = []
    for row in demo.rows.crm("interactions"):
        deal = demo.opportunities.get(row["opp_id"])
        lead = demo.survivor(row["lead_id"]) or demo.survivor(deal and deal["lead_id"])
        since = deal or demo.leads.get(lead)
        on = row["happened_at"].date()
        rows.append(
            {
                "interaction_id": crm(row["activity_id"]),
                "kind": row["kind"],
                "occurred_at": utc(row["happened_at"]),
                "occurred_on": on,
                "lead_id": crm(lead),
                "opportunity_id": crm(row["opp_id"]) if deal else None,
                "account_id": demo.account(row["customer_code"])
                or demo.account(deal and deal["customer_code"])
                or demo.lead_account(lead),
                "customer_id": erp(row["customer_code"]),
                "salesperson_id": crm(row["owner"]),
                "outcome": row["outcome"],
                "days_since_created": since and (on - since["created_at"].date()).days,
                **lineage(row),
            }
        )
    return frame(rows)


class Quotes:
    """Quotes and what their lines, versions and orders say of them. The demo's quotes have no number of their own."""

    def __init__(self, demo: Demo) -> None:
        self.demo = demo
        self.heads = {row["quote_id"]: row for row in demo.rows.crm("quotes")}
        self.ordered = {row["报价单号"] for row in demo.counted_orders}
        self.lines: dict[str, list[Row]] = defaultdict(list)
        for line in demo.rows.crm("quote_lines"):
            head = self.heads.get(line["quote_id"])
            if head:
                assert line["net_amount"] is not None, "every line of the demo states its amount"
                value = {"net_amount_functional": line["net_amount"]}
                valued = demo.rows.valued(head["currency"], head["quoted_at"].date(), **value)
                self.lines[line["quote_id"]].append(line | valued)

    @cached_property
    def latest(self) -> set[str]:
        """The last version of each opportunity's quotes, and quotes that stand alone."""
        groups: dict[str, list[Row]] = defaultdict(list)
        for number, row in self.heads.items():
            groups[row["opp_id"] or f"alone {number}"].append(row)
        return {max(group, key=_version)["quote_id"] for group in groups.values()}

    def shared(self, head: Row) -> Row:
        """What a quote and its lines have in common."""
        deal = self.demo.opportunities.get(head["opp_id"])
        account = self.demo.account(head["customer_code"]) or self.demo.account(deal and deal["customer_code"])
        return {
            "quote_id": crm(head["quote_id"]),
            "opportunity_id": crm(head["opp_id"]) if deal else None,
            "customer_id": erp(head["customer_code"]),
            "account_id": account,
            "quoted_on": head["quoted_at"].date(),
            "currency": head["currency"],
            "is_latest_version": head["quote_id"] in self.latest,
            "is_ordered": head["quote_id"] in self.ordered,
        }


def _version(row: Row) -> tuple[int, datetime, str]:
    return (-1 if row["version"] is None else row["version"], row["quoted_at"], row["quote_id"])


def quote_facts(demo: Demo) -> pd.DataFrame:
    """Quotes, one row per version."""
    quotes = Quotes(demo)
    rows = []
    for number, head in quotes.heads.items():
        lines = quotes.lines[number]
        on = head["quoted_at"].date()
        summed = total(line["net_amount"] for line in lines) if lines else None
        amount = head["net_amount"] if head["net_amount"] is not None else summed
        deal = demo.opportunities.get(head["opp_id"])
        rows.append(
            {
                **quotes.shared(head),
                "quote_no": None,
                "salesperson_id": crm(head["owner"]),
                "quoted_at": utc(head["quoted_at"]),
                **{name: head[name] for name in ("valid_until", "version", "status", "discount")},
                "amount": amount,
                "is_amount_stated": head["net_amount"] is not None,
                "line_count": len(lines),
                "line_amount": summed,
                **demo.rows.valued(head["currency"], on, amount_functional=amount),
                "line_amount_functional": total(line["net_amount_functional"] for line in lines) if lines else None,
                "days_to_quote": deal and (on - deal["created_at"].date()).days,
                **lineage(head),
            }
        )
    return frame(rows)


def quote_line_facts(demo: Demo) -> pd.DataFrame:
    """Lines of the quotes that can be read."""
    quotes = Quotes(demo)
    return frame(
        [
            {
                **quotes.shared(quotes.heads[number]),
                "quote_line_id": f"{crm(number)}-{line['line']}",
                "line_no": line["line"],
                "product_id": erp(line["product"]),
                "quantity": line["qty"],
                **{name: line[name] for name in ("unit_price", "discount", "net_amount")},
                "is_amount_stated": True,
                **{name: line[name] for name in ("rate", "rate_id", "has_rate", "net_amount_functional")},
                **lineage(line),
            }
            for number, lines in quotes.lines.items()
            for line in lines
        ]
    )


def stage_event_facts(demo: Demo) -> pd.DataFrame:
    """The history of each surviving lead and each opportunity."""
    histories: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in demo.rows.crm("stage_history"):
        own = row["object_id"]
        subject = (demo.survivor(own) or own) if row["object"] == "lead" else own
        histories[row["object"], subject].append(row)
    return frame(
        [told for (kind, subject), events in histories.items() for told in _history(demo, kind, subject, events)]
    )


def _history(demo: Demo, kind: str, subject: str, events: list[Row]) -> Iterable[Row]:
    ordered = sorted(
        events, key=lambda row: (row["entered_at"], row["source_file"], row["source_row"], row["event_id"])
    )
    entries = _entries(ordered)
    account, reason = _subject(demo, kind, subject)
    seen: set[str] = set()
    for number, row in enumerate(ordered, start=1):
        place = entries.index(row) if row in entries else None
        following = entries[place + 1] if place is not None and place + 1 < len(entries) else None
        on = row["entered_at"].date()
        yield {
            "stage_event_id": crm(row["event_id"]),
            "subject_kind": kind,
            "subject_id": crm(subject),
            "account_id": account,
            "stage": row["stage"],
            "entered_at": utc(row["entered_at"]),
            "entered_on": on,
            "left_at": utc(following and following["entered_at"]),
            "next_stage": following and following["stage"],
            "days_in_stage": following and (following["entered_at"].date() - on).days,
            "sequence": number,
            "is_entry": place is not None,
            "is_first_entry": row["stage"] not in seen,
            "is_valid": reason is None,
            "exclusion_reason": reason,
            **lineage(row),
        }
        seen.add(row["stage"])


def _entries(ordered: list[Row]) -> list[Row]:
    """Events that begin a stay: neither what another row of the lead said before, nor the stage it is in."""
    told: list[Row] = []
    for place, row in enumerate(ordered):
        before = [other for other in ordered[:place] if other["stage"] == row["stage"]]
        by_itself = any(other["object_id"] == row["object_id"] for other in before)
        if by_itself or not before:
            told.append(row)
    return [row for place, row in enumerate(told) if place == 0 or told[place - 1]["stage"] != row["stage"]]


def _subject(demo: Demo, kind: str, subject: str) -> tuple[str | None, str | None]:
    """Account, and why its history does not count."""
    if kind == "lead" and subject in demo.leads:
        status = demo.leads[subject]["status"]
        return demo.lead_account(subject), status if status in {"test", "invalid"} else None
    if kind == "opportunity" and subject in demo.opportunities:
        return demo.account(demo.opportunities[subject]["customer_code"]), None
    return None, "unknown_subject"
