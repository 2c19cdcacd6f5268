"""``triloop quarantine``: the rows that were held back - look at them, let them in, take that back, hand them out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orchestration.cli.output import JsonOption, LangOption, WorkspaceOption, print_json, print_table
from orchestration.cli.quarantine_text import tell
from orchestration.cli.text import choose_language
from orchestration.lib.errors import ConfigurationError, nearest
from orchestration.lib.workspace import Workspace

if TYPE_CHECKING:
    from orchestration.lib.landing.releases import Release
    from orchestration.lib.quarantine.rows import Held

MOST_SHOWN = 50

app = typer.Typer(
    name="quarantine",
    help="Rows that were held back: list, show, release, revoke, export / 被隔离的行：列出、查看、解除、撤销、导出",
    add_completion=False,
    rich_markup_mode=None,
    no_args_is_help=True,
)
SourceOption = Annotated[str | None, typer.Option("--source", help="a source, or source.object")]
EntityOption = Annotated[str | None, typer.Option("--entity", help="an entity of the contract")]
RuleOption = Annotated[str | None, typer.Option("--rule", help="a rule (cast:amount) or a kind of rule (cast)")]
FileOption = Annotated[str | None, typer.Option("--file", help="a file by path, name or pattern")]
ReasonOption = Annotated[str, typer.Option("--reason", help="why; kept in the ledger with your account")]
RowArgument = Annotated[str | None, typer.Argument(help="the row's id or its beginning")]


@app.command("list")
def list_rows(  # noqa: PLR0917  # typer hands options over by name
    workspace: WorkspaceOption = None,
    source: SourceOption = None,
    entity: EntityOption = None,
    rule: RuleOption = None,
    file: FileOption = None,
    limit: Annotated[int, typer.Option("--limit", help="rows to show; 0 shows all")] = MOST_SHOWN,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Rows in quarantine with counts per rule / 列出隔离行及各规则计数."""
    from orchestration.lib.quarantine.rows import Filters, held_rows, masked

    language = choose_language(lang)
    opened = Workspace.open(workspace)
    rows = held_rows(opened, Filters(source, entity, rule, file))
    counts = Counter((row.rule_id, row.state) for row in rows)
    shown = rows if limit <= 0 else rows[:limit]
    if as_json:
        print_json(
            {
                "total": len(rows),
                "rules": [
                    {"rule": name, "state": state, "rows": number} for (name, state), number in counts.most_common()
                ],
                "rows": [_plain(row) for row in shown],
            }
        )
        return
    if not rows:
        typer.echo(tell("none", language))
        return
    print_table(
        [tell(key, language) for key in ("rule", "state", "rows")],
        [[name, tell(state, language), number] for (name, state), number in counts.most_common()],
        right=(2,),
    )
    typer.echo("")
    print_table(
        [tell(key, language) for key in ("id", "file", "row", "rule", "state", "value", "reason")],
        [
            [
                row.quarantine_id[:8],
                row.source_file,
                row.source_row,
                row.rule_id,
                tell(row.state, language),
                _clipped(masked(row.raw_value)),
                row.reason(language),
            ]
            for row in shown
        ],
        right=(2,),
    )
    if len(shown) < len(rows):
        typer.echo(tell("more", language, more=len(rows) - len(shown)))


@app.command("show")
def show(
    row_id: Annotated[str, typer.Argument(metavar="ID", help="the row's id or its beginning")],
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """One row as it landed, why it is held back, how to mend it / 查看一行的原始内容、原因与处理办法."""
    from orchestration.lib.quarantine.show import tell_row

    language = choose_language(lang)
    told = tell_row(Workspace.open(workspace), row_id)
    if as_json:
        print_json(told)
        return
    typer.echo(f"{told['quarantine_id']}  {tell(told['state'], language)}")
    typer.echo(f"{told['source']} → {told['feed']}: {told['file']} {tell('row', language)} {told['row']}")
    typer.echo(f"sha256 {told['sha256']}")
    if told["rules"]:
        typer.echo(f"{tell('rule', language)}: {', '.join(told['rules'])}")
        typer.echo(f"{tell('reason', language)}: {told['reason'][language]}")
        typer.echo(f"{tell('fix', language)}: {told['fix'][language]}")
    typer.echo("")
    print_table([tell("column", language), tell("value", language)], list(told["raw_row"].items()))
    if told["releases"]:
        typer.echo("")
        print_table(
            [tell(key, language) for key in ("when", "who", "reason", "waived", "changed", "revoked")],
            [
                [
                    one["released_at"][:19].replace("T", " "),
                    one["user"],
                    one["reason"],
                    ", ".join(one["waived"]),
                    ", ".join(f"{column}={value or ''}" for column, value in one["changes"].items()),
                    f"{one['revoked_by']}: {one['revoked_because']}" if one["revoked_at"] else None,
                ]
                for one in told["releases"]
            ],
        )


@app.command("release")
def release(  # noqa: PLR0917  # typer hands options over by name
    row_id: RowArgument = None,
    reason: ReasonOption = "",
    workspace: WorkspaceOption = None,
    rule: RuleOption = None,
    file: FileOption = None,
    changes: Annotated[
        list[str] | None, typer.Option("--set", help="COLUMN=VALUE: the raw value to read instead; repeatable")
    ] = None,
    accept: Annotated[
        bool, typer.Option("--accept", help="waive what needs no invented value (rounding, empty, one of two rows)")
    ] = False,
    keep_first: Annotated[
        bool, typer.Option("--keep-first", help="with --accept, of two rows of one id: the other one stands")
    ] = False,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Let a row in at the next run, corrected or accepted / 更正或接受后，于下次运行重新入库."""
    from orchestration.defs.who_why import account
    from orchestration.lib.quarantine.release import parse_changes, release_rows
    from orchestration.lib.quarantine.rows import PENDING, STILL_BAD

    language = choose_language(lang)
    opened = Workspace.open(workspace)
    told = parse_changes(changes or [])
    with opened.writer_lock("quarantine release"):
        rows = _chosen(opened, row_id, rule, file)
        again = [row for row in rows if row.state in (PENDING, STILL_BAD)]
        made = release_rows(
            opened, rows, changes=told, accept=accept, keep_first=keep_first, reason=reason, user=account()
        )
    if as_json:
        print_json({"released": [one.quarantine_id for one in made], "replaced": [row.quarantine_id for row in again]})
        return
    typer.echo(tell("done", language, rows=len(made)))
    if again:
        typer.echo(tell("again", language, rows=len(again)))


@app.command("revoke")
def revoke(  # noqa: PLR0917  # typer hands options over by name
    row_id: RowArgument = None,
    reason: ReasonOption = "",
    workspace: WorkspaceOption = None,
    rule: RuleOption = None,
    file: FileOption = None,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Take a release back: the next run judges the row as it landed / 撤销解除，下次运行按原始内容重新判断."""
    from orchestration.defs.who_why import account
    from orchestration.lib.quarantine.release import revoke_releases

    language = choose_language(lang)
    opened = Workspace.open(workspace)
    with opened.writer_lock("quarantine revoke"):
        releases = _released(opened, row_id, rule, file)
        revoke_releases(opened, releases, reason=reason, user=account())
    if as_json:
        print_json({"revoked": [one.quarantine_id for one in releases]})
        return
    typer.echo(tell("revoked_done", language, rows=len(releases)))


@app.command("export")
def export(  # noqa: PLR0917  # typer hands options over by name
    out: Annotated[Path, typer.Option("--out", "-o", help="the file to write")],
    form: Annotated[str | None, typer.Option("--format", help="csv, xlsx or jsonl (default: by the name)")] = None,
    workspace: WorkspaceOption = None,
    source: SourceOption = None,
    entity: EntityOption = None,
    rule: RuleOption = None,
    file: FileOption = None,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Write quarantine to a file without personal data / 导出隔离行，不含个人数据."""
    from orchestration.lib.quarantine.export import FORMATS, export_rows, write_export
    from orchestration.lib.quarantine.rows import Filters, held_rows

    language = choose_language(lang)
    kind = form or out.suffix.lstrip(".").lower()
    if kind not in FORMATS:
        raise ConfigurationError(f"'{kind}' is no export format", hint=nearest(kind, FORMATS))
    opened = Workspace.open(workspace)
    records = export_rows(opened, held_rows(opened, Filters(source, entity, rule, file)))
    write_export(records, kind, out)
    if as_json:
        print_json({"file": str(out), "rows": len(records)})
        return
    typer.echo(tell("exported", language, rows=len(records), file=out))


def _chosen(workspace: Workspace, row_id: str | None, rule: str | None, file: str | None) -> Sequence[Held]:
    """The rows that a command is about: one by its id, or all of a rule (and file)."""
    from orchestration.lib.errors import DataError
    from orchestration.lib.quarantine.rows import Filters, held_rows, one_row, unknown_row

    _check_choice(row_id, rule)
    if row_id is not None:
        found = one_row(held_rows(workspace), row_id)
        if found is None:
            raise unknown_row(row_id)
        return [found]
    rows = held_rows(workspace, Filters(rule=rule, file=file))
    if not rows:
        raise DataError("no row in quarantine fits", hint="triloop quarantine list shows those there are")
    return rows


def _released(workspace: Workspace, row_id: str | None, rule: str | None, file: str | None) -> Sequence[Release]:
    from orchestration.lib.errors import DataError
    from orchestration.lib.landing.releases import Releases
    from orchestration.lib.quarantine.rows import file_fits

    _check_choice(row_id, rule)
    releases = [
        one
        for one in Releases(workspace).active()
        if (row_id is None or one.quarantine_id.startswith(row_id))
        and (rule is None or any(rule in (each, each.partition(":")[0]) for each in one.rules))
        and (file is None or file_fits(one.source_file, file))
    ]
    if not releases:
        raise DataError("no release fits", hint="triloop quarantine show ID tells the releases of a row")
    if row_id is not None and len(releases) > 1:
        raise ConfigurationError(f"'{row_id}' fits {len(releases)} released rows", hint="give more of the id")
    return releases


def _check_choice(row_id: str | None, rule: str | None) -> None:
    if (row_id is None) == (rule is None):
        raise ConfigurationError(
            "which rows? name one by its id, or all of a rule", hint="triloop quarantine release ID | --rule R --file F"
        )


def _plain(row: Held) -> dict[str, Any]:
    from orchestration.lib.quarantine.rows import masked

    return {
        "quarantine_id": row.quarantine_id,
        "source": f"{row.source_system}.{row.source_object}",
        "entity": row.entity,
        "feed": row.feed,
        "file": row.source_file,
        "row": row.source_row,
        "sha256": row.sha256,
        "rules": list(row.rules),
        "column": row.column,
        "value": masked(row.raw_value),
        "state": row.state,
        "reason": {"en": row.reason_en, "zh": row.reason_zh},
    }


def _clipped(text: str | None, most: int = 40) -> str | None:
    return text if text is None or len(text) <= most else text[: most - 1] + "…"
