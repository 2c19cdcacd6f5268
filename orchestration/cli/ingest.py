"""``triloop ingest``: land and convert, and say what became of every row; no models, no gates, nothing published."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from orchestration.cli.output import JsonOption, LangOption, WorkspaceOption, print_json, print_table
from orchestration.cli.text import choose_language, say
from orchestration.lib.canonical.accounts import FATES
from orchestration.lib.errors import ConfigurationError, ExitCode, nearest
from orchestration.lib.ingest import Ingested
from orchestration.lib.workspace import Workspace


def ingest(
    source: Annotated[str | None, typer.Argument(help="one source only (default: all)")] = None,
    *,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="no progress lines")] = False,
    lang: LangOption = None,
) -> None:
    """Take in what the sources hold and say what became of every row; no run / 只接收数据并逐行交代去向."""
    from orchestration.lib.ingest import ingest as take_in
    from orchestration.lib.mapping import load_mappings
    from orchestration.lib.settings import load_settings

    opened = Workspace.open(workspace)
    settings = load_settings(opened)
    mappings = load_mappings(opened, settings)
    names = [mapping.source for mapping in mappings]
    if not names:
        raise ConfigurationError(
            f"{opened.root} maps no source: there is no file in mappings/",
            hint="'triloop profile FILE --write' proposes a mapping",
        )
    if source is not None and source not in names:
        raise ConfigurationError(f"no mapping describes the source '{source}'", hint=nearest(source, names))

    def show(text: str) -> None:
        if not quiet:
            typer.echo(text, err=True)

    with opened.writer_lock("ingest"):
        done = take_in(opened, settings, mappings, only=source, progress=show)
    language = choose_language(lang)
    if as_json:
        print_json(_told(done))
    else:
        _draw(done, language)
    if done.refused:
        raise typer.Exit(ExitCode.DATA)


def _told(done: Ingested) -> dict[str, Any]:
    return {
        "files": [
            {key: value for key, value in asdict(account).items() if value or key in ("rows_in", *FATES)}
            for account in done.accounts
        ],
        "quarantine": [asdict(one) for one in done.held_back],
        "changed": [asdict(one) for one in done.changed],
        "refused": [
            {
                "source": one.source,
                "object": one.source_object,
                "error": one.error.message,
                "file": None if one.error.file is None else str(one.error.file),
                "line": one.error.line,
                "hint": one.error.hint,
            }
            for one in done.refused
        ],
    }


def _draw(done: Ingested, lang: str) -> None:
    keys = ("rows_in", *FATES)
    print_table(
        [say("source_file", lang), say("picture.entity", lang), *(say(f"picture.{key}", lang) for key in keys)],
        [[one.source_file, one.entity, *(getattr(one, key) for key in keys)] for one in done.accounts],
        right=range(2, 2 + len(keys)),
    )
    if done.held_back:
        typer.echo("\n" + say("ingest.held_back", lang))
        print_table(
            [say(f"ingest.{key}", lang) for key in ("rows", "rule", "first", "reason")],
            [
                [one.rows, one.rule_id, f"{one.source_file}:{one.first_row}", getattr(one, f"reason_{lang}")]
                for one in done.held_back
            ],
            right=[0],
        )
    if done.changed:
        typer.echo("\n" + say("ingest.changed", lang))
        print_table(
            [say(f"ingest.{key}", lang) for key in ("file", "column", "change", "proposal")],
            [
                [one.source_file, one.column, say(f"ingest.{one.change}", lang), getattr(one, f"proposal_{lang}")]
                for one in done.changed
            ],
        )
    if done.refused:
        typer.echo("\n" + say("ingest.refused", lang))
        for one in done.refused:
            typer.echo(f"{one.source}.{one.source_object}: {one.error.render()}")
