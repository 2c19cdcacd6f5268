"""The documents that a row adds up without naming them: the lines of an order, a distributor's month."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from orchestration.lib.publish.reader import Snapshot
from orchestration.lib.trace.behind_production import (
    QUALITY_COHORT,
    SUPPLY_DEMAND,
    WORK_CENTRE,
    WORK_CENTRE_DEMAND,
    Parts,
)

Pair = tuple[str, str]
"""Entity and id of a document."""

_OF_ITS_ORDER = "join order_facts as o on o.order_id = d.order_id and o.distributor_id = ?"
# tables needed → documents of one distributor in one month, as entity and id
_DISTRIBUTOR_MONTH: tuple[tuple[tuple[str, ...], str], ...] = (
    (
        ("order_facts",),
        "select 'sales_order' as entity, order_id as id from order_facts "
        "where distributor_id = ? and date_trunc('month', ordered_on) = ? and not is_excluded",
    ),
    (
        ("invoice_line_facts",),
        "select case when is_header_only then 'invoice' else 'invoice_line' end, "
        "case when is_header_only then invoice_id else invoice_line_id end from invoice_line_facts "
        "where distributor_id = ? and date_trunc('month', invoiced_on) = ? and not is_excluded",
    ),
    (
        ("order_cost_facts", "order_facts"),
        f"select d.document_kind, d.document_id from order_cost_facts as d {_OF_ITS_ORDER} "
        "where date_trunc('month', d.incurred_on) = ? and d.kind <> 'other' and not d.is_excluded",
    ),
    (
        ("payment_line_facts", "order_facts"),
        f"select 'payment_allocation', d.allocation_id from payment_line_facts as d {_OF_ITS_ORDER} "
        "where date_trunc('month', d.paid_on) = ? and not d.is_excluded",
    ),
    (("sell_out_facts",), "select 'sell_out', sell_out_id from sell_out_facts where distributor_id = ? and month = ?"),
)

# of one distributor and product in one month: what it was sent under its own account, sent back and reported sold
_TO_ITS_ACCOUNT = (
    "join order_facts as o on o.order_id = d.order_id "
    "join dim_distributor as b on b.account_id = o.account_id and b.distributor_id = ? "
    "where d.product_id is not distinct from ? and not d.is_excluded and date_trunc('month', {day}) = ?"
)
_NEVER_TELLS_DELIVERY = (
    "(select count(s.delivered_on) = 0 from shipment_line_facts as s "
    "where s.source_system is not distinct from d.source_system)"
)
_DISTRIBUTOR_STOCK: tuple[tuple[tuple[str, ...], str], ...] = (
    (
        ("shipment_line_facts", "order_facts", "dim_distributor"),
        "select 'shipment_line' as entity, d.shipment_line_id as id from shipment_line_facts as d "
        + _TO_ITS_ACCOUNT.format(day=f"case when {_NEVER_TELLS_DELIVERY} then d.shipped_on else d.delivered_on end"),
    ),
    (
        ("return_facts", "order_facts", "dim_distributor"),
        "select 'sales_return' as entity, d.return_id as id from return_facts as d "
        + _TO_ITS_ACCOUNT.format(day="d.returned_on"),
    ),
    (
        ("sell_out_facts",),
        "select 'sell_out' as entity, sell_out_id as id from sell_out_facts "
        "where distributor_id = ? and product_id is not distinct from ? and month = ?",
    ),
)

_BOOK_LINES = (
    "select 'ledger_balance' as entity, balance_id as id from ledger_balance_facts "
    "where account = ? and month = ? order by all"
)
# account of the books → table needed and our own documents of a month; a balance is made of all months before, too many
_OWN_DOCUMENTS = {
    "marketing_expense": (
        "marketing_spend_facts",
        "select 'marketing_spend' as entity, spend_id as id from marketing_spend_facts "
        "where date_trunc('month', spent_on) = ? order by all",
    ),
    "revenue": (
        "invoice_line_facts",
        "select distinct 'invoice' as entity, invoice_id as id from invoice_line_facts "
        "where date_trunc('month', invoiced_on) = ? and exclusion_reason is distinct from 'test' order by all",
    ),
}


def documents_behind(snapshot: Snapshot, table: str, rows: Sequence[Mapping[str, Any]]) -> list[list[Pair]]:
    """For each row of ``table`` the documents it adds up beside those its ids name; fewer where the snapshot's role
    does not have their table."""
    find = _BEHIND.get(table)
    return find(snapshot, rows) if find else [[] for _ in rows]


def _orders(snapshot: Snapshot, rows: Sequence[Mapping[str, Any]]) -> list[list[Pair]]:
    # the money of an order stands on its lines; the order's own row may be only the first of them
    return _lines(snapshot, rows, "order_line_facts", "order_id", ("sales_order_line", "order_line_id"))


def _quotes(snapshot: Snapshot, rows: Sequence[Mapping[str, Any]]) -> list[list[Pair]]:
    return _lines(snapshot, rows, "quote_line_facts", "quote_id", ("quote_line", "quote_line_id"))


def _lines(
    snapshot: Snapshot, rows: Sequence[Mapping[str, Any]], table: str, key: str, line: tuple[str, str]
) -> list[list[Pair]]:
    entity, line_key = line
    found: dict[str, list[Pair]] = {}
    if snapshot.has(table):
        for row in snapshot.rows(
            f"select {key} as id, {line_key} as line_id from {table} where {key} in (select unnest(?)) order by all",
            [[str(row[key]) for row in rows]],
        ):
            found.setdefault(row["id"], []).append((entity, row["line_id"]))
    return [found.get(str(row[key]), []) for row in rows]


def _books(snapshot: Snapshot, rows: Sequence[Mapping[str, Any]]) -> list[list[Pair]]:
    # an account's month may be the sum of several lines of the books; beside them what they are held against
    found = []
    for row in rows:
        documents = []
        if snapshot.has("ledger_balance_facts"):
            documents += snapshot.rows(_BOOK_LINES, [row["account"], row["month"]])
        table, query = _OWN_DOCUMENTS.get(row["account"], ("", ""))
        if table and snapshot.has(table):
            documents += snapshot.rows(query, [row["month"]])
        found.append([(one["entity"], one["id"]) for one in documents])
    return found


def _repeat_purchases(_snapshot: Snapshot, rows: Sequence[Mapping[str, Any]]) -> list[list[Pair]]:
    # the orders that made the customer a customer, and a customer again
    return [
        [("sales_order", row[name]) for name in ("first_order_id", "repeat_order_id") if row[name] is not None]
        for row in rows
    ]


def _united(parts: Parts, snapshot: Snapshot, rows: Sequence[Mapping[str, Any]]) -> list[list[Pair]]:
    """What all queries find whose tables there are; each is asked with the row's keys."""
    keys = parts.keys
    queries = [query for tables, query in parts.queries if all(snapshot.has(table) for table in tables)]
    if not queries:
        return [[] for _ in rows]
    every = " union ".join(queries)
    found = []
    for row in rows:
        values = [row[key] for key in keys] * len(queries)
        documents = snapshot.rows(f"select entity, id from ({every}) order by all", values)
        found.append([(one["entity"], one["id"]) for one in documents if one["id"] is not None])
    return found


_BEHIND: dict[str, Callable[[Snapshot, Sequence[Mapping[str, Any]]], list[list[Pair]]]] = {
    "order_facts": _orders,
    "quote_facts": _quotes,
    "ledger_tie_out": _books,
    "repeat_purchase_facts": _repeat_purchases,
    "distributor_month": partial(_united, Parts(("distributor_id", "month"), _DISTRIBUTOR_MONTH)),
    # the stock itself is made of all months before, too many; the documents are those of the row's own month
    "distributor_stock_month": partial(_united, Parts(("distributor_id", "product_id", "month"), _DISTRIBUTOR_STOCK)),
    "supply_demand_month": partial(_united, SUPPLY_DEMAND),
    "quality_cohort": partial(_united, QUALITY_COHORT),
    "work_centre_month": partial(_united, WORK_CENTRE),
    "work_centre_demand_month": partial(_united, WORK_CENTRE_DEMAND),
}
