"""The token of a passed gate: issued for exactly these tables, suites and settings, and asked for again before use.

The SQL is that of ``dbt_project/macros/gates/gate_sql.sql``; the dbt pre-hook ``require_gate`` renders the same macros.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb

from orchestration.lib import warehouse
from orchestration.lib.errors import ConfigurationError, GateRefusedError, nearest
from orchestration.lib.workspace import (
    DBT_PROJECT_DIR,
    EXPECTATIONS_DIR,
    SETTINGS_FILE,
    WORKSPACE_VARIABLE,
    Workspace,
)

GATE_ORDER = ("canonical", "staging", "loops", "attribution", "metrics")
EXPECTATIONS_VARIABLE = "TRILOOP_EXPECTATIONS_DIR"
GATE_SQL_FILE = DBT_PROJECT_DIR / "macros" / "gates" / "gate_sql.sql"

Table = tuple[str, str]
"""Schema and name of a table."""

_STORE = """
create schema if not exists gate;
create table if not exists gate.token (
    gate varchar, build_id varchar, fingerprint varchar, policy_hash varchar, passed_at timestamp);
create table if not exists gate.token_table (
    gate varchar, schema_name varchar, table_name varchar,
    row_count bigint, columns_hash varchar, content_hash varchar);
create table if not exists gate.verification (invocation_id varchar, gate varchar, signature varchar);
create table if not exists gate.result (
    gate varchar, check_id varchar, build_id varchar, status varchar, severity varchar, family varchar, owner varchar,
    table_name varchar, violations bigint, max_violations bigint, reason_en varchar, reason_zh varchar,
    examples varchar, evaluated_at timestamp);
alter table gate.result add column if not exists fix_en varchar;
alter table gate.result add column if not exists fix_zh varchar;
"""


@lru_cache(maxsize=1)
def _macros() -> Any:
    """The SQL macros as Python functions; dbt's own Jinja is the same template language."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(undefined=StrictUndefined, autoescape=False)
    return environment.from_string(GATE_SQL_FILE.read_text(encoding="utf-8")).module


def _check_name(gate: str) -> None:
    if gate not in GATE_ORDER:
        raise ConfigurationError(f"there is no gate '{gate}'", hint=nearest(gate, GATE_ORDER))


def later_gates(gate: str) -> tuple[str, ...]:
    """The gates below this one, whose verdicts rest on it."""
    _check_name(gate)
    return GATE_ORDER[GATE_ORDER.index(gate) + 1 :]


def ensure_store(connection: duckdb.DuckDBPyConnection) -> None:
    """Make schema ``gate`` and its tables if they are not there."""
    connection.execute(_STORE)


def tables_in(connection: duckdb.DuckDBPyConnection, schemas: Sequence[str]) -> list[Table]:
    """Tables and views of the schemas, sorted; not what dbt left half-built."""
    if not schemas:
        return []
    rows = connection.execute(_macros().duckdb__gate_existing_sql(list(schemas))).fetchall()
    return [(str(schema), str(table)) for schema, table in rows]


def identity_of(connection: duckdb.DuckDBPyConnection, schemas: Sequence[str]) -> list[tuple[Any, ...]]:
    """A cheap mark of the tables' state: it changes when one is rebuilt, appears, vanishes, or changes in size."""
    rows = connection.execute(
        "select schema_name, table_name, table_oid, estimated_size, column_count from duckdb_tables() "
        "where database_name = current_database() and list_contains(?, schema_name) order by all",
        [list(schemas)],
    ).fetchall()
    return [tuple(row) for row in rows]


def workspace_of(connection: duckdb.DuckDBPyConnection) -> Path:
    """The workspace whose warehouse this is; of a file elsewhere ``$TRILOOP_WORKSPACE``, else the current folder."""
    row = connection.execute("select path from duckdb_databases() where database_name = current_database()").fetchone()
    path = Path(row[0]) if row and row[0] else None
    if path is not None and path.parent.name == ".triloop":
        return path.parent.parent
    return Path(os.environ.get(WORKSPACE_VARIABLE) or ".")


def expectations_dir() -> Path:
    """The folder of the suites; ``$TRILOOP_EXPECTATIONS_DIR`` names another."""
    return Path(os.environ.get(EXPECTATIONS_VARIABLE) or EXPECTATIONS_DIR)


def policy_hash(connection: duckdb.DuckDBPyConnection, gate: str) -> str:
    """SHA-256 over the suites and the workspace's settings as they are on disk now.

    Raises:
        GateRefusedError: one of them is not there.
    """
    suites, settings = expectations_dir(), workspace_of(connection) / SETTINGS_FILE
    found = connection.execute(_macros().duckdb__gate_policy_files_sql(str(suites), str(settings))).fetchone()
    for count, place in zip(found or (0, 0), (suites, settings), strict=True):
        if not count:
            raise _refusal(gate, "policy_unreadable", str(place))
    row = connection.execute(_macros().duckdb__gate_policy_sql(str(suites), str(settings))).fetchone()
    return str(row[0]) if row else ""


def revoke(connection: duckdb.DuckDBPyConnection, gate: str) -> None:
    """Delete the token of a gate and of every gate below it, with what was verified against them."""
    for name in (gate, *later_gates(gate)):
        for table in ("token", "token_table", "verification"):
            connection.execute(f"delete from gate.{table} where gate = ?", [name])


def issue(connection: duckdb.DuckDBPyConnection, gate: str, build_id: str, schemas: Sequence[str], policy: str) -> None:
    """Write the token of a gate that passed for every table of ``schemas`` as it is in this transaction."""
    _check_name(gate)
    tables = tables_in(connection, schemas)
    connection.execute(
        f"insert into gate.token_table select {_macros().gate_literal(gate)}, schema_name, table_name, row_count, "
        f"columns_hash, content_hash from ({_macros().duckdb__gate_fingerprint_sql(tables)})"
    )
    stored = f"(select * from gate.token_table where gate = {_macros().gate_literal(gate)}) as stored"
    row = connection.execute(_macros().duckdb__gate_summary_sql(stored)).fetchone()
    connection.execute(
        "insert into gate.token values (?, ?, ?, ?, ?)",
        [gate, build_id, row[0] if row else "", policy, datetime.now(UTC).replace(tzinfo=None)],
    )


def require_gate(connection: duckdb.DuckDBPyConnection, gate: str) -> None:
    """Refuse unless the gate passed for exactly the tables, suites and settings as they are now.

    Raises:
        GateRefusedError: not evaluated, failed, broken, or passed for something else; names gate, table and fix.
    """
    _check_name(gate)
    macros = _macros()
    store = {table for _schema, table in tables_in(connection, ["gate"])}
    if not {"token", "token_table", "verification", "result"} <= store:
        raise _refusal(gate, "not_evaluated")
    token = connection.execute(macros.gate_token_sql(gate)).fetchone()
    if token is None:
        verdict = connection.execute(macros.gate_verdict_sql(gate)).fetchall()
        if verdict:
            raise _refusal(gate, str(verdict[0][0]), _listed([check for _status, check in verdict]))
        raise _refusal(gate, "not_evaluated")
    tables: list[Table] = connection.execute(macros.gate_token_tables_sql(gate)).fetchall()
    existing = tables_in(connection, sorted({schema for schema, _table in tables}))
    for code, gone in (("missing", set(tables) - set(existing)), ("appeared", set(existing) - set(tables))):
        if gone:
            raise _refusal(gate, code, ".".join(min(gone)))
    differing = connection.execute(macros.duckdb__gate_differences_sql(gate, tables)).fetchone()
    if differing is not None:
        raise _refusal(gate, "changed" if differing[0] else "token", differing[0])
    if policy_hash(connection, gate) != token[0]:
        raise _refusal(gate, "policy")


def require_gate_passed(workspace: Workspace, gate: str) -> None:
    """``require_gate`` on the workspace's warehouse.

    Raises:
        GateRefusedError: see ``require_gate``.
    """
    if not workspace.warehouse_file.is_file():
        raise _refusal(gate, "not_evaluated")
    with warehouse.connect(workspace, read_only=True) as connection:
        require_gate(connection, gate)


def _refusal(gate: str, code: str, subject: str = "") -> GateRefusedError:
    return GateRefusedError(
        _macros().gate_refusal(gate, code, subject).strip(), hint=_macros().gate_refusal_fix(code).strip()
    )


def _listed(names: list[str]) -> str:
    more = f" … ({len(names)})" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more
