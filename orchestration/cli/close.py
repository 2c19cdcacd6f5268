"""``triloop close`` and ``triloop reopen``: what was reported of a month stands, until somebody opens it again."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from orchestration.cli.output import JsonOption, LangOption, WorkspaceOption, print_json, print_table
from orchestration.cli.text import choose_language, say
from orchestration.lib.errors import ConfigurationError
from orchestration.lib.workspace import Workspace

MonthArgument = Annotated[str | None, typer.Argument(metavar="MONTH", help="the month, YYYY-MM")]


def close(
    month: MonthArgument = None,
    *,
    show: Annotated[bool, typer.Option("--list", help="what is closed")] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Close a month and all open ones before it: its credits and weights stand as reported / 关账."""
    from orchestration.lib.closing.store import close_month, closings

    opened, language = Workspace.open(workspace), choose_language(lang)
    if show:
        found = [asdict(closing) for closing in closings(opened)]
        if as_json:
            print_json(found)
        elif found:
            names = ("month", "closed_from", "closed_to", "closed_at", "closed_by", "snapshot")
            print_table(
                [say(f"close.{name}", language) for name in names],
                [[_day(row[name]) for name in names] for row in found],
            )
        else:
            typer.echo(say("close.none", language))
        return
    if month is None:
        raise ConfigurationError("which month is to be closed?", hint="triloop close 2025-11, or triloop close --list")
    from orchestration.defs.who_why import account
    from orchestration.lib.gate_token import require_gate_passed

    with opened.writer_lock("close"):
        require_gate_passed(opened, "attribution")
        closing = close_month(opened, month, user=account())
    if as_json:
        print_json(asdict(closing))
        return
    typer.echo(
        say("close.done", language).format(
            first=_day(closing.closed_from),
            last=closing.closed_to,
            credits=f"{closing.rows['closed_credit']:,}",
            weights=f"{closing.rows['closed_weight']:,}",
        )
    )


def _day(text: str) -> str:
    """The first close begins before anything."""
    return "…" if text.startswith("0001-") else text


def reopen(
    month: MonthArgument = None,
    *,
    reason: Annotated[str, typer.Option("--reason", help="why it must change; kept with your name")] = "",
    workspace: WorkspaceOption = None,
    lang: LangOption = None,
) -> None:
    """Open a closed month again, with all that were closed after it / 反关账."""
    from orchestration.defs.who_why import account
    from orchestration.lib.closing.store import reopen_month

    opened, language = Workspace.open(workspace), choose_language(lang)
    if month is None:
        raise ConfigurationError("which month is to be opened again?", hint="triloop reopen 2025-11 --reason '…'")
    with opened.writer_lock("reopen"):
        taken = reopen_month(opened, month, reason=reason, user=account())
    typer.echo(say("close.reopened", language).format(months=", ".join(closing.month for closing in taken)))
