"""A lot in both directions: how it was made and inspected, who has it, what came back, and where these customers came
from; and from a ticket to its lot."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from orchestration.lib.errors import ConfigurationError, nearest
from orchestration.lib.metrics.dimensions import UNKNOWN
from orchestration.lib.publish.reader import Snapshot

Row = dict[str, Any]


@dataclass(frozen=True)
class LotTrace:
    """Everything that is known of a lot number; several products may have been made under one.

    ``ticket`` is the ticket that the search began with. Of ``holders`` (one row per order line) ``out_least`` and
    ``out_most`` are the sums over all of them: a return does not name its lot.
    """

    lot_no: str
    ticket: Row | None
    lots: list[Row]
    production: list[Row]
    inspections: list[Row]
    holders: list[Row]
    tickets: list[Row]
    returns: list[Row]
    origins: list[Row]

    @property
    def out_least(self) -> Decimal:
        return sum((row["quantity_out_least"] for row in self.holders), Decimal(0))

    @property
    def out_most(self) -> Decimal:
        return sum((row["quantity_out_most"] for row in self.holders), Decimal(0))


def lot_of_ticket(snapshot: Snapshot, ticket: str) -> Row:
    """The row of ``lot_origin`` of a ticket, by its id whole (``svc:T1``) or without the source (``T1``).

    Raises:
        ConfigurationError: there is no such ticket (the text names the nearest), several have it, or it names no lot.
    """
    found = snapshot.rows(
        "select * from lot_origin where ticket_id = ? or ends_with(ticket_id, ':' || ?) order by ticket_id",
        [ticket, ticket],
    )
    if not found:
        known = snapshot.rows("select ticket_id from lot_origin")
        raise ConfigurationError(
            f"there is no ticket '{ticket}'", hint=_nearest(ticket, [row["ticket_id"] for row in known])
        )
    if len(found) > 1 and found[0]["ticket_id"] != ticket:
        raise ConfigurationError(
            f"{len(found)} tickets are called '{ticket}'",
            hint="write one with its source: " + ", ".join(row["ticket_id"] for row in found),
        )
    row = next((row for row in found if row["ticket_id"] == ticket), found[0])
    if row["lot_no"] is None:
        raise ConfigurationError(
            f"ticket {row['ticket_id']} names no lot, and no serial number that was shipped for one order line",
            hint=f"see what it does name: triloop trace --document {row['ticket_id']}",
        )
    return row


def trace_lot(snapshot: Snapshot, lot_no: str, ticket: Row | None = None) -> LotTrace:
    """Both directions of a lot.

    Args:
        ticket: the ticket that led here, if one did.

    Raises:
        ConfigurationError: nothing that was made, inspected, shipped or complained about has this number; the text
        names the nearest that has.
    """
    for table in ("lot_facts", "lot_customer", "lot_origin"):
        snapshot.require(table)
    by_lot = "where lot_no = ?"
    lots = snapshot.rows(f"select * from lot_facts {by_lot} order by lot_id", [lot_no])
    holders = snapshot.rows(f"select * from lot_customer {by_lot} order by first_shipped_on, lot_customer_id", [lot_no])
    tickets = snapshot.rows(f"select * from lot_origin {by_lot} order by opened_on, ticket_id", [lot_no])
    if not (lots or holders or tickets):
        known = snapshot.rows(
            "select lot_no from lot_facts union select lot_no from lot_customer union select lot_no from lot_origin"
        )
        raise ConfigurationError(
            f"nothing was made, shipped or complained about under lot '{lot_no}'",
            hint=_nearest(lot_no, [row["lot_no"] for row in known if row["lot_no"] is not None]),
        )
    lines = sorted({row["order_line_id"] for row in holders if row["order_line_id"] is not None})
    named = _Names(snapshot)
    return LotTrace(
        lot_no=lot_no,
        ticket=ticket,
        lots=[row | {"product": named.product(row["product_id"])} for row in lots],
        production=_optional(
            snapshot,
            "production_order_facts",
            f"{by_lot} order by started_on, production_order_id",
            [lot_no],
        ),
        inspections=_optional(snapshot, "inspection_facts", f"{by_lot} order by inspected_on, inspection_id", [lot_no]),
        holders=[row | {"account": named.account(row["account_id"])} for row in holders],
        tickets=[row | {"account": named.account(row["account_id"])} for row in tickets],
        returns=_optional(
            snapshot,
            "return_facts",
            "where list_contains(?, order_line_id) order by returned_on, return_id",
            [lines],
        ),
        origins=_origins(holders, named),
    )


def _optional(snapshot: Snapshot, table: str, condition: str, parameters: list[Any]) -> list[Row]:
    """Rows of a table that a company need not have."""
    return snapshot.rows(f"select * from {table} {condition}", parameters) if snapshot.has(table) else []


def _origins(holders: list[Row], named: _Names) -> list[Row]:
    """Where the customers who have the lot came from: campaign, customers, units still out at most."""
    found: dict[tuple[str, str], list[Row]] = {}
    for row in holders:
        found.setdefault((row["origin_channel_id"], row["origin_campaign_id"]), []).append(row)
    return [
        {
            "origin_channel_id": channel,
            "channel": named.channel(channel),
            "origin_campaign_id": campaign,
            "campaign": named.campaign(campaign),
            "account_count": len({row["account_id"] for row in rows}),
            "quantity_shipped": sum((row["quantity_shipped"] for row in rows), Decimal(0)),
            "quantity_out_most": sum((row["quantity_out_most"] for row in rows), Decimal(0)),
            "ticket_count": sum(row["ticket_count"] for row in rows),
        }
        for (channel, campaign), rows in sorted(found.items())
    ]


class _Names:
    """What ids are called, where this reader may see it; else the id."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def account(self, key: str | None) -> str | None:
        return self._name("customer_facts", "account_id", key)

    def product(self, key: str | None) -> str | None:
        return self._name("dim_product", "product_id", key)

    def channel(self, key: str | None) -> str | None:
        return self._name("dim_channel", "channel_id", key)

    def campaign(self, key: str | None) -> str | None:
        return self._name("dim_campaign", "campaign_id", key)

    def _name(self, table: str, column: str, key: str | None) -> str | None:
        if key in (None, UNKNOWN) or not self._snapshot.has(table) or "name" not in self._snapshot.columns(table):
            return key  # the page says unknown in its reader's language
        rows = self._snapshot.rows(f"select name from {table} where {column} = ?", [key])
        return rows[0]["name"] if rows and rows[0]["name"] else key


def _nearest(name: str, known: list[str]) -> str:
    """By the whole id, or by what stands behind its source."""
    bare = {one.partition(":")[2] or one: one for one in known}
    return nearest(name, [*known, *bare])
