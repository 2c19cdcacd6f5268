"""The sensor that starts a run when files have come, and says which."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import dagster as dg

from orchestration.defs.who_why import WHO_TAG, WHY_TAG
from orchestration.lib.landing import matched_files
from orchestration.lib.mapping import load_mappings
from orchestration.lib.settings import load_settings
from orchestration.lib.workspace import Workspace

INBOX_SENSOR = "inbox_sensor"
_NAMED = 5  # files that the reason names; the others are counted

Files = dict[str, list[int]]  # path relative to the workspace → size and time


def inbox_sensor(root: Path, job_name: str) -> dg.SensorDefinition:
    """The sensor of the workspace at ``root``; it starts the job ``job_name``."""

    @dg.sensor(
        name=INBOX_SENSOR,
        job_name=job_name,
        minimum_interval_seconds=30,
        description=(
            "Starts a full run when files of a mapped source are new or changed and have stopped growing "
            "/ 收件箱有新增或变化且已写完的文件时启动全量运行"
        ),
    )
    def sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        seen, started = _read(context.cursor)
        now = _files_of(Workspace.open(root))
        # A file counts only when two looks in a row saw the same size and time: then its writer is done.
        stable = now == seen
        if not now or not stable or now == started:
            reason = "no files" if not now else "files still change" if not stable else "nothing new"
            context.update_cursor(_write(now, started))
            return dg.SkipReason(f"{reason} ({len(now)} files seen)")
        signature = hashlib.sha256(json.dumps(now, sort_keys=True).encode()).hexdigest()
        tags = {WHO_TAG: f"sensor {INBOX_SENSOR}", WHY_TAG: what_changed(started, now)}
        return dg.SensorResult(
            run_requests=[dg.RunRequest(run_key=signature, tags=tags)],
            cursor=_write(now, now),
        )

    return sensor


def what_changed(before: Mapping[str, list[int]], now: Mapping[str, list[int]]) -> str:
    """Which files are new, changed or gone, the first few by name.

    >>> what_changed({"a.csv": [1, 1]}, {"a.csv": [2, 2], "b.csv": [1, 1]})
    'inbox: 2 files new or changed: a.csv, b.csv'
    """
    parts = []
    for what, names in (
        ("new or changed", sorted(name for name in now if now[name] != before.get(name))),
        ("gone", sorted(before.keys() - now.keys())),
    ):
        if names:
            more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
            shown = ", ".join(names[:_NAMED])
            parts.append(f"{len(names)} file{'s' if len(names) > 1 else ''} {what}: {shown}{more}")
    return "inbox: " + "; ".join(parts)


def _files_of(workspace: Workspace) -> Files:
    found: Files = {}
    for mapping in load_mappings(workspace, load_settings(workspace)):
        if mapping.connection.is_server:
            continue  # a server has no file to look at
        for obj in mapping.objects.values():
            for path in matched_files(workspace, mapping, obj):
                inside = path.is_relative_to(workspace.root)
                name = str(path.relative_to(workspace.root)) if inside else str(path)
                found[name] = [path.stat().st_size, path.stat().st_mtime_ns]
    return found


def _write(seen: Files, started: Files) -> str:
    """The cursor; what the last run was started for is left out while it is what was seen, which is nearly always."""
    return json.dumps({"files": seen} if seen == started else {"files": seen, "started": started}, ensure_ascii=False)


def _read(cursor: str | None) -> tuple[Files, Files]:
    """The files seen at the last look, and those of the last run; a cursor of another shape is as good as none."""
    kept = json.loads(cursor) if cursor else {}
    seen = kept.get("files", {})
    started = kept.get("started", seen)
    return seen, started if isinstance(started, dict) else {}
