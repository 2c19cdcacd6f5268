"""Rows in quarantine as they are now, with what the ledger knows of their release."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import Any

import duckdb

from orchestration.lib.errors import ConfigurationError, DataError
from orchestration.lib.landing.ledger import Ledger
from orchestration.lib.landing.model import ROW
from orchestration.lib.landing.releases import Release, Releases
from orchestration.lib.mapping.sql import literal
from orchestration.lib.vault.tokens import TOKEN
from orchestration.lib.warehouse import connect
from orchestration.lib.workspace import Workspace

HELD, PENDING, STILL_BAD = "held", "released", "still_bad"
_COLUMNS = (
    "quarantine_id, source_system, source_object, entity, source_file, source_row, source_sha256, ingest_id, rule_id, "
    "column_name, raw_value, reason_en, reason_zh, feed, rule_ids, release_id"
)
_FIELDS = (
    *("quarantine_id", "source_system", "source_object", "entity", "source_file", "source_row", "sha256", "ingest_id"),
    *("rule_id", "column", "raw_value", "reason_en", "reason_zh", "feed"),
)
_SHORTEST = 4


@dataclass(frozen=True)
class Held:
    """One row in quarantine. Personal values stand in it as tokens.

    Attributes:
        rules: everything that is wrong with it; ``rule_id`` is the first.
        state: ``held``; ``released``: a release waits for the next run; ``still_bad``: it was released, and what was
            changed did not make it good.
    """

    quarantine_id: str
    source_system: str
    source_object: str
    entity: str
    source_file: str
    source_row: int
    sha256: str
    ingest_id: str
    rule_id: str
    column: str | None
    raw_value: str | None
    reason_en: str
    reason_zh: str
    feed: str
    rules: tuple[str, ...]
    state: str

    def reason(self, language: str) -> str:
        """Why, in ``en`` or ``zh``."""
        return self.reason_zh if language == "zh" else self.reason_en


@dataclass(frozen=True)
class Filters:
    """Which rows; None asks nothing. ``rule`` may be a kind (``cast``), ``file`` a name, a path or a pattern."""

    source: str | None = None
    entity: str | None = None
    rule: str | None = None
    file: str | None = None

    def fits(self, row: Held) -> bool:
        """Whether a row is among them."""
        return (
            self.source in (None, row.source_system, f"{row.source_system}.{row.source_object}")
            and self.entity in (None, row.entity)
            and (self.rule is None or any(self.rule in (one, one.partition(":")[0]) for one in row.rules))
            and (self.file is None or file_fits(row.source_file, self.file))
        )


def file_fits(source_file: str, asked: str) -> bool:
    """Whether a file is the one asked for: by path, by name, or by pattern."""
    name = source_file.rpartition("/")[2]
    return asked in (source_file, name) or fnmatch(source_file, asked) or fnmatch(name, asked)


def held_rows(workspace: Workspace, filters: Filters | None = None) -> list[Held]:
    """The rows in quarantine, in the order of file and row.

    Raises:
        DataError: nothing has run yet.
    """
    active = {one.quarantine_id: one for one in Releases(workspace).active()}
    wanted = filters or Filters()
    with connect(workspace, read_only=True) as connection:
        try:
            found = connection.execute(
                f"SELECT {_COLUMNS} FROM canonical.quarantine ORDER BY source_file, source_row, entity, feed"
            ).fetchall()
        except (duckdb.CatalogException, duckdb.BinderException) as error:
            raise DataError(
                "nothing has been taken in by this version yet", hint=f"run: triloop run --workspace {workspace.root}"
            ) from error
    rows = [_held(row, active.get(row[0])) for row in found]
    return [row for row in rows if wanted.fits(row)]


def _held(row: Sequence[Any], release: Release | None) -> Held:
    state = HELD if release is None else STILL_BAD if row[15] == release.release_id else PENDING
    return Held(**dict(zip(_FIELDS, row, strict=False)), rules=tuple(row[14].split(",")), state=state)


def one_row(rows: Sequence[Held], asked: str) -> Held | None:
    """The row whose id is, or begins with, ``asked``.

    Raises:
        ConfigurationError: too short to tell, or several begin so.
    """
    if not re.fullmatch(f"[0-9a-f]{{{_SHORTEST},32}}", asked):
        raise ConfigurationError(
            f"'{asked}' is no quarantine id: it has {_SHORTEST} to 32 of 0-9 and a-f", hint="triloop quarantine list"
        )
    fits = [row for row in rows if row.quarantine_id.startswith(asked)]
    if len(fits) > 1:
        raise ConfigurationError(f"'{asked}' fits {len(fits)} rows", hint="give more of the id")
    return fits[0] if fits else None


def unknown_row(asked: str) -> DataError:
    """The error for an id that no row has."""
    return DataError(f"there is no row {asked} in quarantine", hint="triloop quarantine list shows those there are")


def landed_row(workspace: Workspace, source: str, source_object: str, sha256: str, row: int) -> dict[str, str | None]:
    """A row as it landed: raw column → text, personal values as tokens.

    Raises:
        DataError: the landed copy is not there.
    """
    batch = Ledger(workspace).find(source, source_object, sha256)
    if batch is None or not batch.landed_path.is_file():
        raise DataError(f"the landed copy of {source}.{source_object} {sha256[:12]} is gone")
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        cursor = connection.execute(
            f"SELECT COLUMNS(*)::VARCHAR FROM read_parquet({literal(str(batch.landed_path))}, "
            f"hive_partitioning = false) WHERE {ROW} = ?",
            [row],
        )
        names = [column[0] for column in cursor.description or []]
        found = cursor.fetchone()
    if found is None:
        raise DataError(f"{batch.source_file} has no row {row}", file=batch.landed_path)
    return {name: value for name, value in zip(names, found, strict=True) if name != ROW}


def masked(text: str | None) -> str | None:
    """A text with its personal tokens hidden: ``[phone]``."""
    return None if text is None else TOKEN.sub(lambda token: f"[{token.group(1)}]", text)


def raw_rows(workspace: Workspace, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Id → raw row as the last build saw it."""
    with connect(workspace, read_only=True) as connection:
        found = connection.execute(
            "SELECT quarantine_id, raw_row FROM canonical.quarantine SEMI JOIN (SELECT unnest(?) AS quarantine_id) "
            "USING (quarantine_id)",
            [list(ids)],
        ).fetchall()
    return {quarantine_id: json.loads(raw) for quarantine_id, raw in found}
