"""Opening the working database, and facts about its tables."""

from __future__ import annotations

from typing import cast

import duckdb

from orchestration.lib.errors import DataError, WorkspaceBusyError
from orchestration.lib.workspace import Workspace


def connect(workspace: Workspace, *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """A connection to the working database; the caller closes it.

    Raises:
        DataError: it does not exist yet (only when ``read_only``), or is damaged.
        WorkspaceBusyError: another process has it open.
    """
    if read_only and not workspace.warehouse_file.is_file():
        raise DataError(f"{workspace.root} has no data yet", hint=f"run: triloop run --workspace {workspace.root}")
    try:
        return duckdb.connect(str(workspace.warehouse_file), read_only=read_only)
    except duckdb.IOException as error:
        if "not a valid DuckDB database" in str(error):
            raise DataError(
                "the working database is damaged",
                file=workspace.warehouse_file,
                hint="move it away; 'triloop run' builds it anew from what has landed",
            ) from error
        if "lock" not in str(error).lower():
            raise
        raise WorkspaceBusyError(
            "another process has the working database open: " + str(error).splitlines()[0],
            hint="close it, or wait for the run to end; readers should use 'triloop query', which reads snapshots",
        ) from error


def relation_columns(workspace: Workspace) -> dict[str, dict[str, str]]:
    """``schema.table`` → column name → SQL type, in column order."""
    found: dict[str, dict[str, str]] = {}
    with connect(workspace, read_only=True) as connection:
        for schema, table, column, sql_type in connection.execute(
            "select schema_name, table_name, column_name, data_type from duckdb_columns() "
            "where not internal order by schema_name, table_name, column_index"
        ).fetchall():
            found.setdefault(f"{schema}.{table}", {})[column] = sql_type
    return found


def row_counts(workspace: Workspace) -> dict[str, int]:
    """``schema.table`` → exact number of rows, in one query."""
    with connect(workspace, read_only=True) as connection:
        tables = connection.execute(
            "select schema_name, table_name from duckdb_tables() where not internal order by all"
        ).fetchall()
        if not tables:
            return {}
        # One branch a table: as scalar subqueries of one row they are joined, and planning that took 0.3 s.
        parts = [
            f'select {number}, count(*) from "{schema}"."{table}"' for number, (schema, table) in enumerate(tables)
        ]
        counts = dict(cast(list[tuple[int, int]], connection.execute(" union all ".join(parts)).fetchall()))
    return {f"{schema}.{table}": counts[number] for number, (schema, table) in enumerate(tables)}
