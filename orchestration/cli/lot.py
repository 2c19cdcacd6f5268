"""``triloop lot``: a lot on one page, from its production order to who has it, and back from a ticket."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orchestration.cli.lot_text import tell
from orchestration.cli.output import (
    JsonOption,
    LangOption,
    RoleOption,
    SnapshotOption,
    WorkspaceOption,
    print_json,
    print_table,
    shown,
)
from orchestration.cli.text import choose_language, member
from orchestration.lib.errors import ConfigurationError
from orchestration.lib.workspace import Workspace

if TYPE_CHECKING:
    from orchestration.lib.trace.lot import LotTrace

# section → its columns, and which of them are numbers; what they are called stands in lot_text.py
SECTIONS: dict[str, tuple[str, ...]] = {
    "production": (
        "production_order_id", "product_id", "planned_finish_on", "started_on", "finished_on", "quantity_planned",
        "quantity_finished", "quantity_scrapped",
    ),
    "inspections": (
        "inspected_on", "kind", "step", "quantity_inspected", "quantity_first_pass", "quantity_reworked",
        "quantity_rejected", "defect_code", "inspection_id",
    ),
    "holders": (
        "account", "order_line_id", "first_shipped_on", "quantity_shipped", "quantity_out_least", "quantity_out_most",
        "serial_count", "first_udi_pi", "ticket_count",
    ),
    "tickets": (
        "ticket_id", "kind", "opened_on", "closed_on", "serial_no", "account", "order_id", "traced_by",
        "origin_campaign_id", "net_cost",
    ),
    "returns": ("return_id", "returned_on", "order_line_id", "quantity", "reason"),
    "origins": ("channel", "campaign", "account_count", "quantity_shipped", "quantity_out_most", "ticket_count"),
}  # fmt: skip
ORIGIN = ("channel", "campaign", "origin_campaign_id")
NUMBERS = ("_count", "cost")


def lot(
    lot_no: Annotated[str | None, typer.Argument(help="the lot number / 批号")] = None,
    *,
    ticket: Annotated[str | None, typer.Option("--ticket", help="the lot of this service ticket")] = None,
    workspace: WorkspaceOption = None,
    snapshot: SnapshotOption = None,
    role: RoleOption = None,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Follow a lot in both directions / 双向追溯一个批次."""
    language = choose_language(lang)
    if (lot_no is None) == (ticket is None):
        raise ConfigurationError(
            "name either a lot or a ticket", hint="triloop lot LOT_NO, or triloop lot --ticket TICKET_ID"
        )
    opened = Workspace.open(workspace)
    from orchestration.lib.publish import open_snapshot
    from orchestration.lib.trace.lot import lot_of_ticket, trace_lot

    with open_snapshot(opened, snapshot, role=role) as found:
        asked = None
        if ticket is not None:
            found.require("lot_origin")
            asked = lot_of_ticket(found, ticket)
        traced = trace_lot(found, str(asked["lot_no"] if asked else lot_no), asked)
    if as_json:
        print_json(asdict(traced) | {"out_least": traced.out_least, "out_most": traced.out_most})
    else:
        print_lot(traced, language)


def print_lot(traced: LotTrace, lang: str) -> None:
    """The page of one lot."""
    products = ", ".join(dict.fromkeys(shown(row["product"]) for row in traced.lots)) or shown(None)
    typer.echo(tell("title", lang, lot=shown(traced.lot_no), products=products))
    if traced.ticket is not None:
        _ticket(traced.ticket, lang)
    accounts = len({row["account_id"] for row in traced.holders})
    out = shown(traced.out_most)
    if traced.out_least != traced.out_most:
        out = f"{shown(traced.out_least)} … {out}"
    shipped = sum((row["quantity_shipped"] for row in traced.holders), Decimal(0))
    typer.echo(tell("summary", lang, shipped=shown(shipped), accounts=accounts, out=out))
    for section, columns in SECTIONS.items():
        _section(section, columns, getattr(traced, section), lang)
    if traced.out_least != traced.out_most:
        typer.echo(f"\n{tell('between', lang)}")


def _ticket(ticket: dict[str, Any], lang: str) -> None:
    typer.echo(
        tell(
            "from_ticket",
            lang,
            ticket=shown(ticket["ticket_id"]),
            kind=shown(ticket["kind"]),
            day=shown(ticket["opened_on"]),
            order=shown(ticket["order_id"]),
            campaign=member(ticket["origin_campaign_id"], lang),
        )
    )


def _section(section: str, columns: Sequence[str], rows: list[dict[str, Any]], lang: str) -> None:
    typer.echo(f"\n{tell(section, lang)} ({len(rows)})")
    if not rows:
        return
    kept = [name for name in columns if any(row[name] is not None for row in rows)]
    numbers = [place for place, name in enumerate(kept) if name.startswith("quantity") or name.endswith(NUMBERS)]
    body = [[member(row[name], lang) if name in ORIGIN else row[name] for name in kept] for row in rows]
    print_table([tell(name, lang) for name in kept], body, right=numbers)
