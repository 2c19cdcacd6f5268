"""``triloop acknowledge``: a person says that something unusual in a source is right."""

from __future__ import annotations

from typing import Annotated

import typer

from orchestration.cli.output import JsonOption, LangOption, WorkspaceOption, print_json, print_table
from orchestration.cli.text import choose_language, say
from orchestration.lib.errors import ConfigurationError, DataError, nearest
from orchestration.lib.workspace import Workspace

_TABLES = {
    "volume": "source_volume",
    "columns": "schema_change",
    "types": "retyped_column",
    "silence": "source_freshness",
}


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
    """Say that something unusual in a source is right, for exactly what came / 确认来源异常属实."""
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
            hint=f"write KIND:<source>.<object>, as the failed check names it; KIND is one of {', '.join(_TABLES)}",
        )
    if not reason.strip():
        raise ConfigurationError("an acknowledgement needs a reason", hint="add --reason 'why this is right'")
    contents = _contents(opened, kind, place)
    from orchestration.defs.who_why import account

    with opened.writer_lock("acknowledge"):
        user = account()
        for content in contents:
            note(Ledger(opened), kind=kind, subject=place, content=content, reason=reason.strip(), user=user)
    told = ", ".join(content[:12] for content in contents)
    typer.echo(say("acknowledge.done", language).format(subject=subject, content=told, user=user))


def _contents(workspace: Workspace, kind: str, place: str) -> list[str]:
    """The contents that the last build of canonical saw there, and that nobody has acknowledged."""
    from orchestration.lib.warehouse import connect

    with connect(workspace, read_only=True) as connection:
        rows = connection.execute(
            "SELECT DISTINCT source_system || '.' || source_object, content "
            f"FROM canonical.{_TABLES[kind]} WHERE content IS NOT NULL AND acknowledged IS NULL ORDER BY ALL"
        ).fetchall()
    known = [subject for subject, _content in rows]
    if place not in known:
        raise DataError(
            f"there is nothing to acknowledge about the {kind} of '{place}'",
            hint=nearest(place, known) if known else "'triloop ingest' brings what is seen up to date",
        )
    return [content for subject, content in rows if subject == place]


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
