"""The closings of a workspace: one folder each under ``.triloop/closed``, written once and never changed."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from orchestration.lib import warehouse
from orchestration.lib.closing.tables import CONTENT, TABLES
from orchestration.lib.errors import ConfigurationError, DataError
from orchestration.lib.publish.pointer import current_id, fsync_path, write_durably
from orchestration.lib.workspace import Workspace

FILE = "close.json"
#: before anything a company could have posted
BEGINNING = date(1, 1, 1)
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


@dataclass(frozen=True)
class Closing:
    """One close: ``closed_from`` to ``closed_to`` are the days that became closed by it, both inclusive.

    Attributes:
        month: the last month it closed, ``YYYY-MM``.
        snapshot: the published snapshot that readers saw at that time.
        rows: rows kept by table.
        sha256: of each file.
    """

    month: str
    closed_from: str
    closed_to: str
    closed_at: str
    closed_by: str
    snapshot: str
    rows: dict[str, int]
    sha256: dict[str, str]


def folder_of(workspace: Workspace) -> Path:
    """Where closings are kept."""
    return workspace.state_dir / "closed"


def closings(workspace: Workspace) -> list[Closing]:
    """Closings in force, the oldest first.

    Raises:
        DataError: a file of a closing is missing or is not what it was when the month was closed.
    """
    found = []
    for path in sorted(folder_of(workspace).glob(f"????-??/{FILE}")):
        closing = Closing(**json.loads(path.read_text(encoding="utf-8")))
        for name, expected in closing.sha256.items():
            file = path.parent / name
            actual = _sha256(file) if file.is_file() else "missing"
            if actual != expected:
                raise DataError(
                    f"{file} is not what it was when {closing.month} was closed ({actual[:12]}, not {expected[:12]})",
                    hint="put it back from a backup of the workspace; what was reported must not change",
                )
        found.append(closing)
    return found


def folders(workspace: Workspace) -> list[Path]:
    """The folder of each closing in force, the oldest first; its files are checked."""
    return [folder_of(workspace) / closing.month for closing in closings(workspace)]


def close_month(workspace: Workspace, month: str, *, user: str) -> Closing:
    """Keep what is reported of ``month`` and of every open month before it, and freeze the weights of their orders.

    The caller holds the writer lock.

    Args:
        month: ``YYYY-MM``; it must be over at the as-of date.

    Raises:
        ConfigurationError: the month is not one, not over, or closed already.
        DataError: the last run did not come through the gate of attribution, or was not published.
    """
    until = last_day_of(month)
    known = closings(workspace)
    since = date.fromisoformat(known[-1].closed_to) if known else BEGINNING
    if until <= since:
        raise ConfigurationError(
            f"{month} is closed already, by {_by(known, until)}",
            hint=f"triloop reopen {month} --reason '…' opens it again",
        )
    snapshot = current_id(workspace.published_dir)
    if snapshot is None:
        raise DataError("nothing was published yet, so there is nothing to close", hint="triloop run")
    target = folder_of(workspace) / month
    temporary = target.with_name(f".tmp-{month}")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    with warehouse.connect(workspace, read_only=True) as database:
        _refuse_open_month(database, month, until)
        closed_at = datetime.now(UTC).replace(tzinfo=None)
        contents = {
            "closed_period": "select $since + 1 as closed_from, $until as closed_to, $closed_at as closed_at, "
            "$closed_by as closed_by",
            **CONTENT,
        }
        rows = {}
        for table, query in contents.items():
            columns = ", ".join(f"cast({name} as {kind}) as {name}" for name, kind in TABLES[table].items())
            values: dict[str, Any] = {"since": since, "until": until}
            if table == "closed_period":
                values |= {"closed_at": closed_at, "closed_by": user}
            file = str(temporary / f"{table}.parquet").replace("'", "''")
            database.execute(
                f"copy (select {columns} from ({query}) order by all) to '{file}' (format parquet)", values
            )
            rows[table] = database.execute(f"select count(*) from read_parquet('{file}')").fetchall()[0][0]
    hashes = {f"{table}.parquet": _sha256(temporary / f"{table}.parquet") for table in contents}
    closing = Closing(
        month,
        (since + timedelta(days=1)).isoformat(),
        until.isoformat(),
        closed_at.isoformat(timespec="seconds"),
        user,
        snapshot,
        rows,
        hashes,
    )
    write_durably(temporary / FILE, json.dumps(asdict(closing), indent=2, ensure_ascii=False) + "\n")
    for file_name in hashes:
        fsync_path(temporary / file_name)
    os.replace(temporary, target)
    fsync_path(target.parent)
    return closing


def reopen_month(workspace: Workspace, month: str, *, reason: str, user: str) -> list[Closing]:
    """Take back the close of ``month`` and of all that were closed after it; they are kept beside, with the reason.

    The caller holds the writer lock.

    Raises:
        ConfigurationError: the month is not closed, or no reason is given.
    """
    if not reason.strip():
        raise ConfigurationError("a closed month is reopened for a reason", hint="add --reason 'why it must change'")
    until = last_day_of(month)
    taken = [closing for closing in closings(workspace) if date.fromisoformat(closing.closed_to) >= until]
    if not taken:
        raise ConfigurationError(f"{month} is not closed", hint="triloop close --list shows what is")
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    aside = folder_of(workspace) / "reopened"
    for closing in reversed(taken):
        kept = aside / f"{closing.month}-{stamp}"
        kept.parent.mkdir(parents=True, exist_ok=True)
        note = {"reopened_at": stamp, "reopened_by": user, "reason": reason.strip()}
        write_durably(
            folder_of(workspace) / closing.month / "reopened.json",
            json.dumps(note, indent=2, ensure_ascii=False) + "\n",
        )
        os.replace(folder_of(workspace) / closing.month, kept)
    fsync_path(folder_of(workspace))
    return taken


def last_day_of(month: str) -> date:
    """Last day of ``YYYY-MM``.

    Raises:
        ConfigurationError: it is no month.
    """
    if not _MONTH.fullmatch(month):
        raise ConfigurationError(f"'{month}' is not a month", hint="write it as YYYY-MM, such as 2025-11")
    year, number = int(month[:4]), int(month[5:])
    return date(year + number // 12, number % 12 + 1, 1) - timedelta(days=1)


def _refuse_open_month(database: Any, month: str, until: date) -> None:
    tables = {
        row[0]
        for row in database.execute(
            "select table_name from information_schema.tables where table_schema = 'attribution'"
        ).fetchall()
    }
    if "attribution_credit" not in tables:
        raise DataError("attribution was not built yet, so there is nothing to close", hint="triloop run")
    [(as_of,)] = database.execute("select as_of_on from intermediate.int_as_of").fetchall()
    if as_of is None or until > as_of:
        raise ConfigurationError(
            f"{month} is not over: the data go to {as_of}", hint="close a month whose last day has come, or set as_of"
        )


def _by(known: list[Closing], until: date) -> str:
    first = next(closing for closing in known if date.fromisoformat(closing.closed_to) >= until)
    return f"{first.closed_by} on {first.closed_at}"


def _sha256(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
