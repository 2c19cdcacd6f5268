"""The tables of the schema ``canonical`` that are not entities, and the SQL that makes every table."""

from __future__ import annotations

from collections.abc import Iterable

import duckdb

from orchestration.lib.canonical.released import release_columns
from orchestration.lib.contract import Entity
from orchestration.lib.mapping.sql import literals, name

SCHEMA = "canonical"
_UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
_FEED = {"source_system": "VARCHAR", "source_object": "VARCHAR", "entity": "VARCHAR"}

# Tables whose rows belong to one entity: they stay when the entity's inputs did not change.
PER_ENTITY_TABLES: dict[str, dict[str, str]] = {
    "quarantine": {
        "quarantine_id": "VARCHAR",
        **_FEED,
        "source_file": "VARCHAR",
        "source_row": "BIGINT",
        "source_sha256": "VARCHAR",
        "ingest_id": "VARCHAR",
        "rule_id": "VARCHAR",
        "column_name": "VARCHAR",
        "raw_value": "VARCHAR",
        "raw_row": "VARCHAR",
        "reason_en": "VARCHAR",
        "reason_zh": "VARCHAR",
        "feed": "VARCHAR",
        "rule_ids": "VARCHAR",
        "release_id": "BIGINT",
    },
    "release": release_columns(_FEED),
    "row_account": {
        **_FEED,
        "source_file": "VARCHAR",
        "source_sha256": "VARCHAR",
        "rows_in": "BIGINT",
        "loaded": "BIGINT",
        "quarantined": "BIGINT",
        "merged": "BIGINT",
        "filtered": "BIGINT",
        "unchanged": "BIGINT",
        "filter_reasons": "VARCHAR",
    },
    "utm_unmatched": {**_FEED, **dict.fromkeys(_UTM, "VARCHAR"), "row_count": "BIGINT"},
    "build_state": {"entity": "VARCHAR", "inputs": "VARCHAR", "outputs": "VARCHAR"},
}
OTHER_TABLES: dict[str, dict[str, str]] = {
    "entity_presence": {"entity": "VARCHAR", "is_mapped": "BOOLEAN", "row_count": "BIGINT"},
    "source_volume": {
        "source_system": "VARCHAR",
        "source_object": "VARCHAR",
        "source_file": "VARCHAR",
        "content": "VARCHAR",
        "row_count": "BIGINT",
        "previous_row_count": "BIGINT",
        "median_row_count": "BIGINT",
        "observations": "BIGINT",
        "acknowledged": "VARCHAR",
    },
    "schema_change": {
        "source_system": "VARCHAR",
        "source_object": "VARCHAR",
        "source_file": "VARCHAR",
        "content": "VARCHAR",
        "column_name": "VARCHAR",
        "change": "VARCHAR",
        "acknowledged": "VARCHAR",
    },
    "retyped_column": {
        "source_system": "VARCHAR",
        "source_object": "VARCHAR",
        "source_file": "VARCHAR",
        "content": "VARCHAR",
        "column_name": "VARCHAR",
        "rule_id": "VARCHAR",
        "unreadable": "BIGINT",
        "row_count": "BIGINT",
        "proposal_en": "VARCHAR",
        "proposal_zh": "VARCHAR",
        "acknowledged": "VARCHAR",
    },
    "source_freshness": {
        "source_system": "VARCHAR",
        "source_object": "VARCHAR",
        "batches": "BIGINT",
        "last_seen_at": "TIMESTAMP",
        "content": "VARCHAR",
        "days_with_news": "BIGINT",
        "usual_gap_days": "BIGINT",
        "longest_gap_days": "BIGINT",
        "acknowledged": "VARCHAR",
        "expected_hours": "BIGINT",
    },
}


def table(entity_or_table: str) -> str:
    """The qualified name of a table of the schema."""
    return f"{SCHEMA}.{name(entity_or_table)}"


def ddl(table_name: str, columns: dict[str, str]) -> str:
    """Make an empty table, in place of one of that name."""
    fields = ", ".join(f"{name(column)} {sql_type}" for column, sql_type in columns.items())
    return f"CREATE OR REPLACE TABLE {table(table_name)} ({fields})"


def existing_layouts(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, str]]:
    """Table → column → type, for the tables that the schema has now."""
    rows = connection.execute(
        "SELECT table_name, column_name, data_type FROM duckdb_columns() "
        f"WHERE schema_name = '{SCHEMA}' AND database_name = current_database() ORDER BY table_name, column_index"
    ).fetchall()
    layouts: dict[str, dict[str, str]] = {}
    for table_name, column, sql_type in rows:
        layouts.setdefault(table_name, {})[column] = sql_type
    return layouts


def reset(connection: duckdb.DuckDBPyConnection, entities: Iterable[Entity], keep: Iterable[str]) -> None:
    """Empty every table, except the rows and tables of the entities in ``keep``; drop tables that nobody knows."""
    kept = set(keep)
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
    known = {entity.name: entity.sql_columns for entity in entities}
    for stray in existing_layouts(connection).keys() - known.keys() - PER_ENTITY_TABLES.keys() - OTHER_TABLES.keys():
        connection.execute(f"DROP TABLE {table(stray)}")
    for entity_name, columns in known.items():
        if entity_name not in kept:
            connection.execute(ddl(entity_name, columns))
    for table_name, columns in OTHER_TABLES.items():
        connection.execute(ddl(table_name, columns))
    for table_name, columns in PER_ENTITY_TABLES.items():
        if kept:
            connection.execute(
                f"CREATE OR REPLACE TABLE {table(table_name)} AS "
                f"SELECT * FROM {table(table_name)} WHERE entity IN ({literals(sorted(kept))})"
            )
        else:
            connection.execute(ddl(table_name, columns))
