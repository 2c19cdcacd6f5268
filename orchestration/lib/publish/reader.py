"""Reading a snapshot: an in-memory DuckDB whose views are the snapshot's Parquet files, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from orchestration.lib.errors import ConfigurationError, DataError, nearest
from orchestration.lib.publish.content import file_sha256, quote, text_literal
from orchestration.lib.publish.manifest import DEFINITIONS_FILE, Manifest, read_manifest
from orchestration.lib.publish.pointer import resolve_id, snapshot_ids
from orchestration.lib.publish.roles import ROLES_DIR
from orchestration.lib.publish.tables import TABLES_BY_NAME
from orchestration.lib.workspace import Workspace


@dataclass(frozen=True)
class Snapshot:
    """An open snapshot. ``connection`` sees only its tables, cannot write, and cannot be reconfigured."""

    manifest: Manifest
    folder: Path
    table_dir: Path
    definitions: Any
    connection: duckdb.DuckDBPyConnection

    @property
    def snapshot_id(self) -> str:
        return self.manifest.snapshot_id

    def has(self, table: str) -> bool:
        return table in self.manifest.tables

    def require(self, table: str) -> None:
        """Raise unless the snapshot (or the role's part of it) holds ``table``.

        Raises:
            ConfigurationError: it does not; the text says why and names the nearest.
        """
        if self.has(table):
            return
        if table in self.manifest.absent:
            why = self.manifest.absent[table]
            raise ConfigurationError(f"snapshot {self.snapshot_id} has no table '{table}': {why}")
        if table in TABLES_BY_NAME:
            raise ConfigurationError(f"table '{table}' is not among those this reader may see in {self.snapshot_id}")
        raise ConfigurationError(f"there is no published table '{table}'", hint=nearest(table, self.manifest.tables))

    def columns(self, table: str) -> dict[str, str]:
        self.require(table)
        return self.manifest.tables[table].columns

    def rows(self, sql: str, parameters: list[Any] | None = None) -> list[dict[str, Any]]:
        """Rows of a query as dictionaries; decimals stay ``Decimal``."""
        cursor = self.connection.execute(sql, parameters or [])
        names = [column[0] for column in cursor.description or []]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@contextmanager
def open_snapshot(
    workspace: Workspace, snapshot_id: str | None = None, *, role: str | None = None, verify: bool = False
) -> Iterator[Snapshot]:
    """Open a published snapshot for reading.

    Args:
        snapshot_id: an id or its beginning; None is the current one.
        role: see only that role's tables.
        verify: read every file and compare it with the manifest first.

    Raises:
        DataError: nothing is published, or the snapshot is damaged.
        ConfigurationError: no such snapshot or role.
    """
    published = workspace.published_dir
    found = resolve_id(published, snapshot_id)
    folder = published / found
    try:
        manifest = read_manifest(folder)
    except DataError as error:
        raise DataError(error.message, file=error.file, hint=_way_back(published, found)) from error
    table_dir = folder / "tables"
    definitions_file = folder / DEFINITIONS_FILE
    if role is not None:
        if role not in manifest.roles:
            raise ConfigurationError(f"there is no role '{role}'", hint=nearest(role, manifest.roles))
        table_dir = folder / ROLES_DIR / role
        manifest = read_manifest(table_dir)
        definitions_file = table_dir / DEFINITIONS_FILE
    bad = damaged_tables(table_dir, manifest) if verify else _absent_files(table_dir, manifest)
    if bad:
        raise damage(published, found, bad)
    connection = duckdb.connect(":memory:")
    try:
        _prepare(connection, table_dir, manifest, published, found)
        yield Snapshot(manifest, folder, table_dir, _definitions(definitions_file), connection)
    finally:
        connection.close()


def damaged_tables(table_dir: Path, manifest: Manifest) -> list[str]:
    """Tables whose file is missing or whose bytes differ from the manifest."""
    missing = _absent_files(table_dir, manifest)
    return missing + [
        table
        for table, entry in manifest.tables.items()
        if table not in missing and file_sha256(table_dir / f"{table}.parquet") != entry.sha256
    ]


def damage(published: Path, snapshot_id: str, tables: list[str]) -> DataError:
    """The error for a damaged snapshot: which tables, and how to go on."""
    return DataError(
        f"snapshot {snapshot_id} is damaged: {', '.join(sorted(tables))} "
        f"{'is' if len(tables) == 1 else 'are'} not as the manifest says",
        file=published / snapshot_id,
        hint=_way_back(published, snapshot_id),
    )


def previous_good(published: Path, snapshot_id: str) -> str | None:
    """The latest older snapshot that is whole."""
    for name in snapshot_ids(published):
        if name >= snapshot_id:
            continue
        try:
            if not damaged_tables(published / name / "tables", read_manifest(published / name)):
                return name
        except DataError:
            continue  # that one is damaged too: look further back
    return None


def _way_back(published: Path, snapshot_id: str) -> str:
    before = previous_good(published, snapshot_id)
    again = "publish anew with: triloop run"
    return f"the last good snapshot before it is {before} (--snapshot {before}); {again}" if before else again


def _absent_files(table_dir: Path, manifest: Manifest) -> list[str]:
    return [table for table in manifest.tables if not (table_dir / f"{table}.parquet").is_file()]


def _definitions(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError("the metric definitions of the snapshot cannot be read", file=path) from error


def _prepare(
    connection: duckdb.DuckDBPyConnection, table_dir: Path, manifest: Manifest, published: Path, snapshot_id: str
) -> None:
    connection.execute("set TimeZone = 'UTC'")
    for table in manifest.tables:
        path = text_literal(str(table_dir / f"{table}.parquet"))
        try:
            connection.execute(f"create view {quote(table)} as select * from read_parquet({path})")
        except duckdb.Error as error:
            raise damage(published, snapshot_id, [table]) from error
    # From here on the connection can read these files and nothing else, and nobody can undo that.
    connection.execute(f"set allowed_directories = [{text_literal(str(table_dir))}]")
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")
