"""Tables and queries of any database that SQLAlchemy has an address for, in types that lose nothing.

The rows stream from one read-only transaction, in blocks, into DuckDB. The driver's own values are taken and no result
type of SQLAlchemy: those would read JSON numbers as floating point.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import duckdb

from orchestration.lib.errors import DataError, nearest
from orchestration.lib.landing.columns import Collector
from orchestration.lib.landing.header import check_header
from orchestration.lib.landing.model import ROW
from orchestration.lib.landing.scratch import Scratch, quoted
from orchestration.lib.landing.sql_connection import database_error, reading, too_slow

if TYPE_CHECKING:
    from sqlalchemy import Connection, CursorResult

    from orchestration.lib.mapping.model import SourceMapping, SourceObject

_AT_ONCE = 20_000
_WIDEST = 38  # digits of a DECIMAL


def sql_name(mapping: SourceMapping, obj: SourceObject) -> str:
    """What a person finds the rows under: the source and its table; never a host, for it ends in published lineage."""
    table = obj.table or obj.name
    schema = mapping.connection.schema
    return f"{mapping.source}#{schema}.{table}" if schema and obj.table else f"{mapping.source}#{table}"


def read_sql(
    scratch: Scratch, mapping: SourceMapping, obj: SourceObject, *, table: str, since: str | None = None
) -> tuple[str, ...]:
    """Load a table, view or query into the temporary ``table``: ``_row`` and every column.

    From PostgreSQL, ``numeric(p, s)`` of up to 38 digits comes as such, dates and times too; ``numeric`` without a
    size, JSON, UUIDs, intervals and lists as PostgreSQL's own text. From other databases, decimals come as exact text.
    Bytes are hexadecimal. ``_row`` counts from 1 in the order of all columns.

    Of an object with a cursor that compares keys, the keys of all rows, of the same state of the database, come into
    ``<table>_keys``.

    Args:
        since: only rows whose cursor is at least this, or empty; None: all.

    Returns:
        The columns, in order.

    Raises:
        ConfigurationError: the connection is not set up.
        DataError: the database cannot be reached, or has no such table or column.
    """
    from sqlalchemy.exc import SQLAlchemyError

    shown = sql_name(mapping, obj)
    with reading(mapping, minutes=scratch.limits.max_reading_minutes) as connection:
        try:
            statement = obj.query if obj.query is not None else _select(connection, mapping, obj)
            if obj.cursor is not None:
                statement = _changed(connection, statement, obj.cursor.column, since)
            ordered = None if obj.cursor is None else obj.cursor.column
            columns, targets = _collect(scratch, connection, statement, f"{table}_whole", shown, refuse_bytes=ordered)
            scratch.limits.require_columns(len(columns), shown)
            if obj.cursor is not None and obj.cursor.compare_keys:
                keys = _keys(connection, mapping, obj)
                _collect(scratch, connection, keys, f"{table}_keys", shown)
        except SQLAlchemyError as error:
            what = f"the query of {shown}" if obj.query is not None else f"table {shown}"
            hint = "try the statement with the database's own client, as the same user"
            raise database_error(mapping, error, what=what, hint=hint) from None
    _retype(scratch.connection, f"{table}_whole", columns, targets, into=table)
    return columns


def _collect(
    scratch: Scratch,
    connection: Connection,
    statement: str,
    into: str,
    shown: str,
    *,
    refuse_bytes: str | None = None,
) -> tuple[tuple[str, ...], dict[str, str]]:
    """Bring what a statement gives into the table ``into``; its columns, and the types that some of them have.

    Args:
        refuse_bytes: a column that may not hold bytes.
    """
    until = time.monotonic() + scratch.limits.max_reading_minutes * 60
    result = connection.execution_options(stream_results=True, yield_per=_AT_ONCE, no_parameters=True).exec_driver_sql(
        statement
    )
    if not result.returns_rows:
        raise DataError(f"the query of {shown} gives no rows", hint="a query is one SELECT")
    columns = check_header(list(result.keys()), shown)
    targets = _targets(result)
    collector = Collector(scratch.connection, columns)
    place = columns.index(refuse_bytes) if refuse_bytes in columns else None
    for rows in result.partitions():
        if place is not None and any(isinstance(row[place], bytes | bytearray | memoryview) for row in rows):
            raise DataError(
                f"the cursor column '{refuse_bytes}' of {shown} holds bytes, which have no order here",
                hint="read it as a number, with a query: SELECT *, CAST(version AS bigint) AS version_no FROM ... "
                "(rowversion of SQL Server)",
            )
        collector.add_rows(rows)
        if time.monotonic() > until:
            raise too_slow(shown, scratch.limits.max_reading_minutes)
    collector.finish(into, row=ROW, by_value=True)
    return columns, targets


def _changed(connection: Connection, statement: str, column: str, since: str | None) -> str:
    """The rows of a statement that may have changed since a point of the cursor; a row without one may always have."""
    if since is None:
        return statement
    place = connection.dialect.identifier_preparer.quote(column)
    # written by us from a time or number that came out of this column, so there is nothing in it to escape
    point = f"'{since}'"
    if connection.dialect.name == "mssql" and ":" in since:
        # its datetime takes no microseconds, and reads days before months in some languages; earlier is never wrong
        kind = "datetimeoffset(0)" if "+" in since else "datetime2(0)"
        day, _, clock = since.partition(" ")
        point = f"CAST('{day}T{clock[:8]}{'+00:00' if '+' in since else ''}' AS {kind})"
    return f"SELECT * FROM ({statement}) triloop_rows WHERE {place} >= {point} OR {place} IS NULL"


def _keys(connection: Connection, mapping: SourceMapping, obj: SourceObject) -> str:
    quote = connection.dialect.identifier_preparer.quote
    statement = obj.query if obj.query is not None else _select(connection, mapping, obj)
    return f"SELECT {', '.join(quote(one) for one in obj.key)} FROM ({statement}) triloop_rows"


def require_table(connection: Connection, mapping: SourceMapping, obj: SourceObject) -> None:
    """Raise unless the table of an object is there.

    Raises:
        DataError: there is no such schema or table; names the nearest.
    """
    from sqlalchemy import inspect

    schema, name = mapping.connection.schema, obj.table or ""
    inspector = inspect(connection)
    if schema is not None and schema not in inspector.get_schema_names():
        raise DataError(
            f"the database of source '{mapping.source}' has no schema '{schema}'",
            file=mapping.file,
            hint=nearest(schema, inspector.get_schema_names()),
        )
    if not inspector.has_table(name, schema=schema):
        known = inspector.get_table_names(schema=schema) + inspector.get_view_names(schema=schema)
        raise DataError(
            f"the database of source '{mapping.source}' has no table '{name}'",
            file=mapping.file,
            line=obj.line,
            hint=nearest(name, known) if known else "its schema holds no table that this user may see",
        )


def _select(connection: Connection, mapping: SourceMapping, obj: SourceObject) -> str:
    require_table(connection, mapping, obj)
    schema, name = mapping.connection.schema, obj.table or ""
    quote = connection.dialect.identifier_preparer.quote
    place = quote(name) if schema is None else f"{quote(schema)}.{quote(name)}"
    return f"SELECT * FROM {place}"


def _targets(result: CursorResult[Any]) -> dict[str, str]:
    """Column → DuckDB type, for those that PostgreSQL's driver hands over as text though DuckDB has their type."""
    from psycopg import Column, postgres

    targets: dict[str, str] = {}
    for one in result.cursor.description if result.cursor is not None else ():
        if not isinstance(one, Column):
            return {}
        info = postgres.types.get(one.type_code)
        name = info.name if info is not None else ""
        if name == "numeric" and one.precision is not None:
            scale = one.scale or 0
            if one.precision <= _WIDEST and 0 <= scale <= one.precision:
                targets[one.name] = f"DECIMAL({one.precision},{scale})"
        elif name in {"date", "timestamp", "timestamptz"}:
            targets[one.name] = name
    return targets


def _retype(
    connection: duckdb.DuckDBPyConnection, source: str, columns: tuple[str, ...], targets: dict[str, str], *, into: str
) -> None:
    """Make ``into``; a column keeps its text when a value of it (NaN, a day before Christ) is none of the type."""
    typed = dict(targets)
    for name, target in targets.items():
        lost = (
            f"select 1 from {source} where {quoted(name)} is not null and try_cast({quoted(name)} as {target}) is null"
        )
        if connection.execute(f"select exists ({lost})").fetchone() != (False,):
            del typed[name]
    picked = ", ".join(
        f"cast({quoted(name)} as {typed[name]}) as {quoted(name)}" if name in typed else quoted(name)
        for name in columns
    )
    connection.execute(f"create temp view {into} as select {ROW}, {picked} from {source}")
