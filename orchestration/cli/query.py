"""``triloop query``: one SELECT over a published snapshot, with no way to write or to look elsewhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orchestration.cli.output import (
    Format,
    FormatOption,
    JsonOption,
    LangOption,
    RoleOption,
    SnapshotOption,
    WorkspaceOption,
    print_csv,
    print_json,
    print_table,
)
from orchestration.cli.text import choose_language, say
from orchestration.lib.errors import ConfigurationError, DataError, nearest
from orchestration.lib.workspace import Workspace

if TYPE_CHECKING:
    import duckdb

    from orchestration.lib.publish.reader import Snapshot


def query(
    sql: Annotated[str, typer.Argument(help="one SELECT; 'show tables' lists what there is")],
    *,
    workspace: WorkspaceOption = None,
    snapshot: SnapshotOption = None,
    role: RoleOption = None,
    format: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Ask a published snapshot in SQL; it can only be read / 用 SQL 只读查询已发布快照."""
    language = choose_language(lang)
    opened = Workspace.open(workspace)
    from orchestration.lib.publish import open_snapshot

    with open_snapshot(opened, snapshot, role=role) as found:
        columns, rows = select(found, sql)
    if as_json or format is Format.JSON:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    elif format is Format.CSV:
        print_csv(columns, [dict(zip(columns, row, strict=True)) for row in rows])
    else:
        numbers = [
            i for i in range(len(columns)) if any(isinstance(row[i], int | float) or _money(row[i]) for row in rows)
        ]
        print_table(columns, rows, right=numbers)
        if not rows:
            typer.echo(say("no_rows", language))


def _money(value: Any) -> bool:
    from decimal import Decimal

    return isinstance(value, Decimal)


def select(snapshot: Snapshot, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Run one SELECT; columns that share a name get a number, so that none is lost.

    Raises:
        ConfigurationError: not one SELECT, a name that is not there, or other faulty SQL; says what is near.
        DataError: the snapshot's file cannot be read.
    """
    import duckdb

    try:
        statements = duckdb.extract_statements(sql)
    except duckdb.Error as error:
        raise ConfigurationError(_readable(error), hint="check the SQL near that place") from error
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise ConfigurationError(
            "only one SELECT can be asked of a snapshot" if statements else "there is no SQL to run",
            hint="snapshots are read-only; write one SELECT (or WITH … SELECT, SHOW TABLES, DESCRIBE t, SUMMARIZE t)",
        )
    try:
        cursor = snapshot.connection.execute(statements[0])
        names = [str(column[0]) for column in cursor.description or []]
        rows = cursor.fetchall()
    except duckdb.Error as error:
        raise _explained(error, snapshot) from error
    return [name if names.index(name) == i else f"{name}_{i + 1}" for i, name in enumerate(names)], rows


def _explained(error: duckdb.Error, snapshot: Snapshot) -> ConfigurationError | DataError:
    import duckdb

    text = str(error)
    if isinstance(error, duckdb.IOException):
        return DataError(_readable(error), hint="see: triloop snapshots, then ask another with --snapshot")
    needs_extension = re.search(r"required extension '(\w+)|exists in the (\w+) extension", text)
    if needs_extension:
        name = next(filter(None, needs_extension.groups()))
        return ConfigurationError(
            f"a query sees the snapshot's tables and nothing else: this would need DuckDB's extension '{name}'",
            hint="'show tables' lists the tables; to use extensions, open the Parquet files below "
            ".triloop/published/ with a tool of your own",
        )
    if isinstance(error, duckdb.PermissionException):
        return ConfigurationError(
            "a query sees the snapshot's tables and nothing else: " + _readable(error), hint="'show tables' lists them"
        )
    if isinstance(error, duckdb.CatalogException):
        return ConfigurationError(_readable(error), hint=_near_table(text, snapshot))
    return ConfigurationError(_readable(error), hint="'describe TABLE' lists a table's columns")


def _readable(error: Exception) -> str:
    """DuckDB's complaint without its class name and its drawing of the place."""
    text = str(error).split("\n\nLINE ")[0].strip()
    text = re.sub(r"^[A-Z][A-Za-z ]*Error: ", "", text)
    # DuckDB's own guess at a missing table names its internal catalogues, which only confuses.
    return re.sub(r"\nDid you mean \"[^\"]*\"\?", "", text).replace("\n", "; ")[:600]


def _near_table(text: str, snapshot: Snapshot) -> str:
    from orchestration.lib.publish.tables import TABLES_BY_NAME

    missing = re.search(r"Table with name (\S+) does not exist", text)
    if not missing:
        return "see the DuckDB documentation for functions"
    name = missing.group(1).strip('"')
    if name in snapshot.manifest.absent:
        return f"snapshot {snapshot.snapshot_id} has no {name}: {snapshot.manifest.absent[name]}"
    if name in TABLES_BY_NAME:
        return f"this role may not see {name}; 'show tables' lists what it may"
    return nearest(name, snapshot.manifest.tables)
