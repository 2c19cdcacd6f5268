"""What a snapshot is made of: the warehouse's tables, its gates, its business date and its landed inputs."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

import duckdb

from orchestration.lib.publish.manifest import GateEntry, InputEntry
from orchestration.lib.publish.sources import DERIVED, Relations
from orchestration.lib.workspace import Workspace


def relations_of(connection: duckdb.DuckDBPyConnection) -> Relations:
    """Every table and view of the warehouse with its columns."""
    found: dict[str, dict[str, str]] = {}
    for schema, table, column, sql_type in connection.execute(
        "select schema_name, table_name, column_name, data_type from duckdb_columns() where not internal "
        "order by schema_name, table_name, column_index"
    ).fetchall():
        found.setdefault(f"{schema}.{table}", {})[column] = sql_type
    return found


def gate_entries(connection: duckdb.DuckDBPyConnection, relations: Relations) -> list[GateEntry]:
    """How each gate ended when it was last evaluated."""
    query = DERIVED["gate_result"](relations, {})
    if query is None:
        return []
    counts: dict[str, dict[str, int]] = {}
    for gate, status, count in connection.execute(
        f"select gate, status, count(*) from ({query}) group by all order by all"
    ).fetchall():
        counts.setdefault(gate, {})[status] = count
    return [GateEntry(gate=gate, status=gate_status(checks), checks=checks) for gate, checks in counts.items()]


def gate_status(checks: Mapping[str, int]) -> str:
    """One status for a gate from its checks' statuses: the worst counts."""
    return next(
        (status for status in ("not_evaluated", "failed", "warned", "passed") if checks.get(status)), "not_applicable"
    )


def as_of(connection: duckdb.DuckDBPyConnection, relations: Relations) -> str | None:
    """The business date up to which events count."""
    columns = relations.get("intermediate.int_as_of", {})
    name = next((name for name in ("as_of", "as_of_on") if name in columns), None)
    if name is None:
        return None
    row = connection.execute(f"select max({name})::date::varchar from intermediate.int_as_of").fetchone()
    return row[0] if row else None


def inputs(workspace: Workspace) -> list[InputEntry]:
    """Every landed batch, from the ledger."""
    if not workspace.ledger_file.is_file():
        return []
    with sqlite3.connect(f"file:{workspace.ledger_file}?mode=ro", uri=True) as ledger:
        rows = ledger.execute(
            "select ingest_id, source_system, source_object, source_file, sha256, row_count from batch "
            "where is_current = 1 order by 1"
        ).fetchall()
    names = ("ingest_id", "source_system", "source_object", "source_file", "sha256", "row_count")
    return [InputEntry.model_validate(dict(zip(names, row, strict=True))) for row in rows]
