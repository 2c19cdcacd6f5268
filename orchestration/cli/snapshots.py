"""``triloop snapshots``: what was published when, and whether it can be relied on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from orchestration.cli.output import JsonOption, LangOption, WorkspaceOption, print_json, print_table
from orchestration.cli.text import choose_language, say
from orchestration.lib.errors import DataError
from orchestration.lib.workspace import Workspace


def snapshots(
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
    verify: Annotated[bool, typer.Option("--verify", help="read every file and compare it with its manifest")] = False,
    lang: LangOption = None,
) -> None:
    """List published snapshots, newest first; the current one is marked / 列出已发布快照，标出当前快照."""
    language = choose_language(lang)
    opened = Workspace.open(workspace)
    rows = listing(opened, verify=verify, now=datetime.now(UTC))
    if as_json:
        print_json(rows)
    elif not rows:
        typer.echo(say("none_published", language))
    else:
        headers = [
            "",
            *(say(key, language) for key in ("snapshot", "created", "age", "tables", "rows", "gates", "code")),
        ]
        print_table(
            headers,
            [
                [
                    "→" if row["is_current"] else "",
                    row["snapshot_id"],
                    row["created_at"][:19].replace("T", " "),
                    age(timedelta(seconds=row["age_seconds"])),
                    row["tables"],
                    row["rows"],
                    say("damaged", language) + ": " + row["damage"] if row["damage"] else gates(row["gates"], language),
                    row["code_version"],
                ]
                for row in rows
            ],
            right=(3, 4, 5),
        )
    damaged = [row["snapshot_id"] for row in rows if row["damage"]]
    if damaged:
        raise DataError(
            f"damaged: {', '.join(damaged)}",
            hint="readers can use another with --snapshot; 'triloop run' publishes anew",
        )


def listing(workspace: Workspace, *, verify: bool, now: datetime) -> list[dict[str, Any]]:
    """One row per snapshot, newest first."""
    from orchestration.lib.publish.manifest import read_manifest
    from orchestration.lib.publish.pointer import created_at, current_id, snapshot_ids
    from orchestration.lib.publish.reader import damaged_tables

    published = workspace.published_dir
    current = current_id(published)
    rows = []
    for name in snapshot_ids(published):
        made = created_at(name)
        row: dict[str, Any] = {
            "snapshot_id": name,
            "is_current": name == current,
            "created_at": made.isoformat(),
            "age_seconds": max(int((now - made).total_seconds()), 0),
            "tables": None,
            "rows": None,
            "gates": {},
            "code_version": None,
            "damage": None,
        }
        try:
            manifest = read_manifest(published / name)
            bad = damaged_tables(published / name / "tables", manifest) if verify else []
            row |= {
                "tables": len(manifest.tables),
                "rows": manifest.rows,
                "gates": {entry.gate: entry.status for entry in manifest.gates},
                "code_version": manifest.code_version,
                "damage": ", ".join(bad) or None,
            }
        except DataError as error:
            row["damage"] = error.message
        rows.append(row)
    return rows


def gates(statuses: dict[str, str], lang: str) -> str:
    """``5 passed, 1 warned``."""
    counts = {status: list(statuses.values()).count(status) for status in dict.fromkeys(statuses.values())}
    return ", ".join(f"{count} {say(status, lang)}" for status, count in counts.items()) or "–"


def age(span: timedelta) -> str:
    """A span in its largest unit: 40 s, 5 min, 3 h, 12 d."""
    seconds = int(span.total_seconds())
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
