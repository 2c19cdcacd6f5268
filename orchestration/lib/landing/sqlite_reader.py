"""SQLite tables and queries, exact: what was declared NUMERIC or DECIMAL, dates too, comes as SQLite's own text.

dlt's reader failed on real files of this kind, and DuckDB's is an extension that must be downloaded. So the rows are
fetched in blocks with Python's own driver and handed to DuckDB as Arrow.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from orchestration.lib.errors import DataError, nearest
from orchestration.lib.landing.columns import Collector
from orchestration.lib.landing.header import check_header
from orchestration.lib.landing.model import ROW
from orchestration.lib.landing.scratch import Scratch, quoted
from orchestration.lib.landing.source_files import file_state

_AT_ONCE = 50_000
_WAL = b"\x02"  # bytes 18 and 19 of the header tell the journal mode
_READING = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
_UNKNOWN_TABLE = re.compile(r"no such table: (?:main\.)?(.+)")
_NUMBERS = {"INTEGER": ("integer", pa.int64()), "REAL": ("real", pa.float64())}


def database_state(path: Path) -> str:
    """Like ``file_state``, of the database and of what is not yet written into it."""
    return f"{file_state(path)}|{file_state(_wal(path))}"


def read_table(scratch: Scratch, path: Path, *, table_name: str, shown: str, table: str) -> tuple[str, ...]:
    """Load a table or view into the temporary ``table``: ``_row`` and every column.

    Integer and real columns come as BIGINT and DOUBLE when all their values are such, every other as exact text; a
    BLOB column as hexadecimal text. ``_row`` counts from 1 in the order of the primary key, else of the rowid, else of
    all columns.

    Returns:
        The columns, in order.

    Raises:
        DataError: no such table, the database is locked or damaged, or a text is not valid UTF-8.
    """
    with _reading(scratch, path, what=f"table '{table_name}' of {shown}", shown=shown) as db:
        return _load(db, scratch.connection, table_name, shown, table)


def read_query(scratch: Scratch, path: Path, *, query: str, shown: str, table: str) -> tuple[str, ...]:
    """Load what a SELECT gives into the temporary ``table``: ``_row`` and every column.

    A result column of SQLite has no type of its own: one of integers alone comes as BIGINT, any other as exact text
    (floating point in the shortest writing that reads back as the same number, bytes as hexadecimal). ``_row`` counts
    from 1 in the order of all columns.

    Returns:
        The columns, in order.

    Raises:
        DataError: as for a table, or the query is not one SELECT.
    """
    with _reading(scratch, path, what=f"the query of {shown}", shown=shown) as db:
        db.set_authorizer(_only_reading)
        cursor = db.execute(query)
        if cursor.description is None:
            raise DataError(
                f"the query of {shown} gives no rows", file=shown, hint="a query is one SELECT (or WITH, or VALUES)"
            )
        columns = check_header([one[0] for one in cursor.description], f"the query of {shown}")
        collector = Collector(scratch.connection, columns, text_floats=True)
        while rows := cursor.fetchmany(_AT_ONCE):
            collector.add_rows(rows)
    collector.finish(table, row=ROW, by_value=True)
    return columns


def _only_reading(action: int, *_: str | None) -> int:
    return sqlite3.SQLITE_OK if action in _READING else sqlite3.SQLITE_DENY


@contextmanager
def _reading(scratch: Scratch, path: Path, *, what: str, shown: str) -> Iterator[sqlite3.Connection]:
    """One state of the database for all reads, and its errors in words a user can act on."""
    state = database_state(path)
    # Nothing pending in the write-ahead log: the file is whole, and must be opened so that SQLite makes none beside it.
    frozen = _is_wal(path) and not (_wal(path).is_file() and _wal(path).stat().st_size)
    try:
        with closing(_open(scratch, path, frozen=frozen)) as db:
            db.execute("begin")
            known = [row[0] for row in db.execute("select name from sqlite_master where type in ('table', 'view')")]
            try:
                yield db
            except sqlite3.Error as error:
                raise _unreadable(error, known, what=what, shown=shown) from None
    except sqlite3.Error as error:
        raise _unreadable(error, [], what=what, shown=shown) from None
    if frozen and database_state(path) != state:
        raise DataError(
            f"{shown} changed while it was being read", file=shown, hint="run again when nothing writes to it"
        )


def _unreadable(error: sqlite3.Error, known: list[str], *, what: str, shown: str) -> DataError:
    text = str(error).partition(" with text")[0]  # what follows is a value, perhaps a personal one
    if unknown := _UNKNOWN_TABLE.search(text):
        hint = nearest(unknown[1], known)
    elif "not authorized" in text or "one statement" in text:
        hint = "a query is one SELECT over the tables of this database; it may change nothing and attach nothing"
    elif "syntax error" in text or "no such column" in text or "no such function" in text:
        hint = "correct the query in the mapping; try it with the sqlite3 command first"
    elif "locked" in text:
        hint = "another program is writing; run again when it is done"
    else:
        hint = "check the file with sqlite3's 'pragma integrity_check'; a text column must hold UTF-8"
    return DataError(f"{what} cannot be read: {text}", file=shown, hint=hint)


def rowset_hash(connection: duckdb.DuckDBPyConnection, table: str, columns: tuple[str, ...]) -> str:
    """SHA-256 of a set of rows: the same for the same names, types and rows, in whatever order they are stored."""
    types = {row[0]: row[1] for row in connection.execute(f"describe {table}").fetchall()}
    header = "\n".join(f"{len(name)}:{name} {types[name]}" for name in columns)
    # Length before text keeps ('a','bc') and ('ab','c') apart; NULL and '' differ.
    texts = [f"cast({quoted(name)} as varchar)" for name in columns]
    one_row = " || ".join(f"coalesce(length({text}) || ':' || {text}, '-')" for text in texts)
    # Bucketed, so that no single text grows with the table.
    (digest,) = connection.execute(
        f"with hashed as (select sha256({one_row}) as h from {table}), "
        "buckets as (select left(h, 3) as b, sha256(string_agg(h, '' order by h)) as h from hashed group by 1) "
        "select sha256(? || coalesce(string_agg(b || h, '' order by b), '')) from buckets",
        [header],
    ).fetchone() or ("",)
    return str(digest)


def _open(scratch: Scratch, path: Path, *, frozen: bool) -> sqlite3.Connection:
    address = f"{path.as_uri()}?mode=ro"
    if frozen or not _is_wal(path):
        return sqlite3.connect(address + ("&immutable=1" if frozen else ""), uri=True, timeout=15, isolation_level=None)
    # With a log pending, read a snapshot of our own: a long read would keep the writer from emptying its log.
    copy = scratch.folder / "snapshot.sqlite"
    os.close(os.open(copy, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
    with closing(sqlite3.connect(address, uri=True, timeout=15)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    return sqlite3.connect(copy, timeout=15, isolation_level=None)


def _is_wal(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(20)[18:20] == _WAL * 2


def _wal(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def _load(
    db: sqlite3.Connection, connection: duckdb.DuckDBPyConnection, table_name: str, shown: str, table: str
) -> tuple[str, ...]:
    known = {
        row[0]: row[1] for row in db.execute("select name, type from sqlite_master where type in ('table', 'view')")
    }
    if table_name not in known:
        raise DataError(f"{shown} has no table '{table_name}'", file=shown, hint=nearest(table_name, known))
    described = db.execute(f"pragma table_info({quoted(table_name)})").fetchall()
    columns = check_header([row[1] for row in described], f"{shown}#{table_name}")
    picked, types = [], []
    for name, declared in ((row[1], row[2]) for row in described):
        sql, arrow_type = _column(db, table_name, name, declared)
        picked.append(sql)
        types.append(arrow_type)
    key = [row[1] for row in sorted(described, key=lambda row: row[5]) if row[5]]
    order = ", ".join(quoted(name) for name in key) or ("rowid" if known[table_name] == "table" else "")
    order = order or ", ".join(str(number + 1) for number in range(len(columns)))
    schema = pa.schema([(ROW, pa.int64()), *zip(columns, types, strict=True)])
    cursor = db.execute(f"select {', '.join(picked)} from {quoted(table_name)} order by {order}")
    connection.register("fetched", schema.empty_table())
    connection.execute(f"create temp table {table} as select * from fetched")
    for batch in _batches(cursor, schema):
        connection.register("fetched", batch)
        connection.execute(f"insert into {table} select * from fetched")
    connection.unregister("fetched")
    return columns


def _column(db: sqlite3.Connection, table_name: str, name: str, declared: str) -> tuple[str, Any]:
    """How to select a column, and the Arrow type it comes in."""
    column, affinity = quoted(name), _affinity(declared)
    if affinity in _NUMBERS:
        wanted, arrow_type = _NUMBERS[affinity]
        (others,) = db.execute(
            f"select exists (select 1 from {quoted(table_name)} where typeof({column}) not in ('null', ?))", (wanted,)
        ).fetchone()
        if not others:
            return column, arrow_type
    if affinity == "BLOB":
        return f"case typeof({column}) when 'blob' then hex({column}) else cast({column} as text) end", pa.string()
    return f"cast({column} as text)", pa.string()


def _affinity(declared: str) -> str:
    """SQLite's own rules (datatype3.html, 3.1)."""
    text = declared.upper()
    if "INT" in text:
        return "INTEGER"
    if any(part in text for part in ("CHAR", "CLOB", "TEXT")):
        return "TEXT"
    if not text or "BLOB" in text:
        return "BLOB"
    return "REAL" if any(part in text for part in ("REAL", "FLOA", "DOUB")) else "NUMERIC"


def _batches(cursor: sqlite3.Cursor, schema: Any) -> Iterator[Any]:
    count = 0
    while rows := cursor.fetchmany(_AT_ONCE):
        numbers = range(count + 1, count + 1 + len(rows))
        arrays = [pa.array(numbers, pa.int64())]
        arrays += [
            pa.array(values, one.type) for values, one in zip(zip(*rows, strict=True), list(schema)[1:], strict=True)
        ]
        count += len(rows)
        yield pa.Table.from_arrays(arrays, schema=schema)
