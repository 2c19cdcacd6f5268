"""Hashes of what a table says: blind to row order, threads, file bytes and the run that wrote it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import duckdb

from orchestration.lib.errors import DataError
from orchestration.lib.publish.tables import VOLATILE_COLUMNS

TOKEN_PATTERN = "tok_(name|phone|email|text)_[0-9a-f]{32}"


@dataclass(frozen=True)
class Content:
    """Rows, columns (name, SQL type) and content hash of one relation."""

    rows: int
    columns: tuple[tuple[str, str], ...]
    content_hash: str


def quote(name: str) -> str:
    """An identifier as SQL takes it."""
    return '"' + name.replace('"', '""') + '"'


def text_literal(value: str) -> str:
    """A string as SQL takes it."""
    return "'" + value.replace("'", "''") + "'"


def columns_of(connection: duckdb.DuckDBPyConnection, relation: str) -> tuple[tuple[str, str], ...]:
    """Name and SQL type of each column of ``relation`` (a table name or a query in brackets)."""
    found = connection.execute(f"describe select * from {relation}").fetchall()
    return tuple((str(row[0]), str(row[1])) for row in found)


def content_of(connection: duckdb.DuckDBPyConnection, relation: str) -> Content:
    """Count and hash ``relation`` in one pass.

    Each row becomes a JSON array of its values as text (unambiguous, decimals exact), whose MD5 halves are summed as
    128-bit integers: a sum does not depend on order, and unlike xor it counts doubled rows.
    """
    columns = columns_of(connection, relation)
    covered = [name for name, _ in columns if name not in VOLATILE_COLUMNS]
    row_text = "json_array(" + ", ".join(f"{quote(name)}::varchar" for name in covered) + ")::varchar"
    count, low, high = cast(
        tuple[int, int | None, int | None],
        connection.execute(
            f"select count(*), sum(md5_number_lower(row_text)), sum(md5_number_upper(row_text)) "
            f"from (select {row_text} as row_text from {relation})"
        ).fetchone(),
    )
    shape = "\n".join(f"{name} {sql_type}" for name, sql_type in columns if name not in VOLATILE_COLUMNS)
    digest = hashlib.sha256(f"{shape}\n{count} {low} {high}".encode()).hexdigest()
    return Content(rows=count, columns=columns, content_hash=digest)


def refuse_personal_tokens(connection: duckdb.DuckDBPyConnection, relation: str, table: str) -> None:
    """Published tables go to every reader, so not even the token of a personal value may be in one.

    Raises:
        DataError: a text column holds a vault token; the text names table and column, never the token.
    """
    texts = [name for name, sql_type in columns_of(connection, relation) if "VARCHAR" in sql_type]
    if not texts:
        return
    tests = ", ".join(
        f"coalesce(bool_or(contains({quote(name)}::varchar, 'tok_') "
        f"and regexp_matches({quote(name)}::varchar, {text_literal(TOKEN_PATTERN)})), false)"
        for name in texts
    )
    found = cast(tuple[bool, ...], connection.execute(f"select {tests} from {relation}").fetchone())
    guilty = [name for name, has_token in zip(texts, found, strict=True) if has_token]
    if guilty:
        raise DataError(
            f"table '{table}' would publish personal tokens in column {', '.join(guilty)}",
            hint="leave the column out of the model, or map a column that does not identify a person as the key",
        )


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
