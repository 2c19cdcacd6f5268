"""Profiles the columns of one loaded table, in DuckDB: distinct values first, so that each is looked at once."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import duckdb

from orchestration.lib.mapping.sql import cleaned, literals, name
from orchestration.lib.profile.kinds import FEW, Found, Values, classify, null_condition
from orchestration.lib.profile.model import ColumnProfile, Kind, NumberStyle
from orchestration.lib.profile.personal import mask, scrub
from orchestration.lib.profile.vocabulary import Vocabulary

_SOME = 400  # values looked at to find out what a proof on all is worth
_SHOWN = 3
_LONGEST_SHOWN = 40
# Spellings of nothing: the first always, the others only where the rest of the column is of a definite kind.
_NULLS = ("null", "(null)", "<null>", "\\n", "n/a", "#n/a", "nan", "none", "nil", "undefined", "nat", "#null!")
_SOFT_NULLS = (
    "-",
    "--",
    "---",
    "—",
    "——",
    "/",
    "\\",
    ".",
    "?",
    "na",
    "无",
    "空",
    "暂无",
    "未填写",
    "0000-00-00",
    "0000-00-00 00:00:00",
)
_DEFINITE = {"integer", "decimal", "date", "timestamp", "email", "phone", "url", "tax_id", "udi", "boolean"}
_INTEGERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"}


def profile_columns(
    connection: duckdb.DuckDBPyConnection, table: str, columns: tuple[str, ...], vocabulary: Vocabulary
) -> tuple[ColumnProfile, ...]:
    """Profile every column of ``table``."""
    types = {row[0]: str(row[1]) for row in connection.execute(f"describe {table}").fetchall()}
    (rows,) = connection.execute(f"select count(*) from {table}").fetchall()[0]
    return tuple(
        _profile(connection, table, one, native=types[one], rows=int(rows), vocabulary=vocabulary) for one in columns
    )


def _profile(
    connection: duckdb.DuckDBPyConnection, table: str, column: str, *, native: str, rows: int, vocabulary: Vocabulary
) -> ColumnProfile:
    text = cleaned(f"cast({name(column)} as varchar)", [])
    connection.execute(
        f"create or replace temp table all_values as select v, count(*) as n from (select {text} as v from {table}) "
        "where v is not null group by v"
    )
    present = [
        row[0]
        for row in connection.execute(
            f"select v from all_values where lower(v) in ({literals(_NULLS + _SOFT_NULLS)}) order by v"
        ).fetchall()
    ]
    hard = [one for one in present if one.lower() in _NULLS]
    nulls = present
    values = _values(connection, present)
    found = _native(native, connection) if values.filled else None
    if values.filled and found is None:
        found = classify(values, column, vocabulary)
    if nulls != hard and (found is None or found.kind not in _DEFINITE):
        nulls = hard
        values = _values(connection, hard)
        found = classify(values, column, vocabulary) if values.filled else None
    found = found or Found("empty")
    return _described(column, native, rows, values, found=found, nulls=tuple(nulls))


def _values(connection: duckdb.DuckDBPyConnection, nulls: list[str]) -> Values:
    """The values without the spellings of nothing."""
    connection.execute(
        f"create or replace temp table some_values as select * from all_values where not {null_condition(nulls)}"
    )
    distinct, filled = connection.execute("select count(*), coalesce(sum(n), 0) from some_values").fetchall()[0]
    rows = connection.execute(f"select v from some_values order by hash(v) limit {_SOME}").fetchall()
    return Values(connection, "some_values", tuple(row[0] for row in rows), int(distinct), int(filled))


def _native(native: str, connection: duckdb.DuckDBPyConnection) -> Found | None:
    """What the source itself says about a column that is not text."""
    kind: Kind | None = None
    if native in _INTEGERS:
        kind = "integer"
    elif native in {"FLOAT", "DOUBLE"} or native.startswith("DECIMAL"):
        kind = "decimal"
    elif native == "DATE":
        return Found("date")
    elif native.startswith("TIMESTAMP"):
        return Found("timestamp")
    elif native == "BOOLEAN":
        return Found("boolean")
    if kind is None:
        return None
    least, most, decimals = connection.execute(
        "select min(try_cast(v as decimal(38,12))), max(try_cast(v as decimal(38,12))), "
        "max(length(rtrim(split_part(v, '.', 2), '0'))) from some_values"
    ).fetchall()[0]
    if kind == "decimal" and not decimals:
        kind = "integer"  # pandas stores whole numbers with gaps as floats
    return Found(kind, number=NumberStyle(decimals=int(decimals or 0), minimum=_short(least), maximum=_short(most)))


def _described(
    column: str, native: str, rows: int, values: Values, *, found: Found, nulls: tuple[str, ...]
) -> ColumnProfile:
    connection = values.connection
    shortest, longest = connection.execute("select min(length(v)), max(length(v)) from some_values").fetchall()[0]
    listed: list[Any] = []
    if values.distinct <= FEW and found.personal is None:
        listed = connection.execute("select v, n from some_values order by n desc, v").fetchall()
    shown = connection.execute(f"select v from some_values order by n desc, hash(v) limit {_SHOWN}").fetchall()
    misfits: list[Any] = []
    if found.misfit is not None and found.fits < 1:
        misfits = connection.execute(
            f"select v from some_values where {found.misfit} order by n desc, v limit {_SHOWN}"
        ).fetchall()
    return ColumnProfile(
        name=column,
        native=native,
        rows=rows,
        filled=values.filled,
        distinct=values.distinct,
        min_length=int(shortest or 0),
        max_length=int(longest or 0),
        kind=found.kind,
        fits=found.fits,
        formats=found.formats,
        ambiguous=found.ambiguous,
        number=found.number,
        nulls=nulls,
        values=tuple((scrub(value), int(count)) for value, count in listed),
        personal=found.personal,
        samples=tuple(_shown(row[0], found) for row in shown),
        misfits=tuple(_shown(row[0], found) for row in misfits),
        notes=found.notes,
    )


def _shown(value: str, found: Found) -> str:
    if found.personal is not None:
        return mask(value, found.personal)
    text = scrub(value)
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"


def _short(value: Decimal | None) -> Decimal | None:
    if value is None:
        return None
    return value.quantize(Decimal(1)) if value == value.to_integral_value() else value.normalize()
