"""``triloop acknowledge``: a person says that something unusual in a source is right."""

from __future__ import annotations

from typing import Annotated

import typer

from orchestration.cli.output import JsonOption, LangOption, WorkspaceOption, print_json, print_table
from orchestration.cli.text import choose_language, say
from orchestration.lib.errors import ConfigurationError, DataError, nearest
from orchestration.lib.workspace import Workspace

_TABLES = {"volume": "source_volume", "columns": "schema_change"}


def acknowledge(
    subject: Annotated[
        str | None, typer.Argument(help="what is right, such as volume:crm.leads or columns:crm.leads")
    ] = None,
    *,
    reason: Annotated[str, typer.Option("--reason", help="why it is right; kept with your name")] = "",
    show: Annotated[bool, typer.Option("--list", help="what was acknowledged so far")] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Say that an unusual volume or changed columns of a source are right, for exactly what came / 确认异常属实."""
    from orchestration.lib.landing.acknowledgements import acknowledge as note
    from orchestration.lib.landing.ledger import Ledger

    opened = Workspace.open(workspace)
    language = choose_language(lang)
    if show or subject is None:
        _list(opened, language, as_json=as_json)
        return
    kind, _, place = subject.partition(":")
    if kind not in _TABLES or not place:
        raise ConfigurationError(
            f"'{subject}' is nothing that can be acknowledged",
            hint="write volume:<source>.<object> or columns:<source>.<object>, as the failed check names it",
        )
    if not reason.strip():
        raise ConfigurationError("an acknowledgement needs a reason", hint="add --reason 'why this is right'")
    content = _content(opened, kind, place)
    from orchestration.defs.who_why import account

    with opened.writer_lock("acknowledge"):
        user = account()
        note(Ledger(opened), kind=kind, subject=place, content=content, reason=reason.strip(), user=user)
    typer.echo(say("acknowledge.done", language).format(subject=subject, content=content[:12], user=user))


def _content(workspace: Workspace, kind: str, place: str) -> str:
    """The content that the last build of canonical saw there."""
    from orchestration.lib.warehouse import connect

    with connect(workspace, read_only=True) as connection:
        rows = connection.execute(
            "SELECT source_system || '.' || source_object, any_value(content) "
            f"FROM canonical.{_TABLES[kind]} GROUP BY 1"
        ).fetchall()
    known = dict(rows)
    if place not in known:
        raise DataError(
            f"there is nothing to acknowledge about the {kind} of '{place}'",
            hint=nearest(place, known) if known else "no source has changed its columns",
        )
    return str(known[place])


def _list(workspace: Workspace, lang: str, *, as_json: bool) -> None:
    from orchestration.lib.landing.acknowledgements import acknowledgements
    from orchestration.lib.landing.ledger import Ledger

    found = acknowledgements(Ledger(workspace))
    if as_json:
        print_json([vars(one) for one in found])
        return
    print_table(
        [say(f"acknowledge.{key}", lang) for key in ("subject", "content", "reason", "user", "at")],
        [[f"{one.kind}:{one.subject}", one.content[:12], one.reason, one.user, one.acknowledged_at] for one in found],
    )
