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
_LONGEST_LISTED = 120  # characters of a value that an enumeration may have
# Spellings of nothing: the first always, the others only where the rest of the column is of a definite kind.
_NULLS = (
    *("null", "NULL", "Null", "(null)", "(NULL)", "<null>", "<NULL>", "\\N", "#NULL!", "undefined"),
    *("n/a", "N/A", "#N/A", "nan", "NaN", "NAN", "NaT", "None"),
)
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
    "NA",
    "na",
    "none",
    "NONE",
    "nil",
    "无",
    "空",
    "暂无",
    "未填写",
    "0000-00-00",
    "0000-00-00 00:00:00",
)
_ALL_NULLS = _NULLS + _SOFT_NULLS
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
    at_hand = connection.execute(f"select v, n from all_values order by n desc, v limit {_SOME + 1}").fetchall()
    whole = len(at_hand) <= _SOME
    if whole:
        present = sorted(row[0] for row in at_hand if row[0] in _ALL_NULLS)
    else:
        asked = f"select v from all_values where v in ({literals(_ALL_NULLS)}) order by v"
        present = [row[0] for row in connection.execute(asked).fetchall()]
    hard = [one for one in present if one in _NULLS]
    nulls = present
    values = _values(connection, present, at_hand if whole else None)
    found = _native(native, values) if values.filled else None
    if values.filled and found is None:
        found = classify(values, column, vocabulary)
    if nulls != hard and (found is None or found.kind not in _DEFINITE):
        nulls = hard
        values = _values(connection, hard, at_hand if whole else None)
        found = classify(values, column, vocabulary) if values.filled else None
    found = found or Found("empty")
    return _described(column, native, rows, values, found=found, nulls=tuple(nulls))


def _values(connection: duckdb.DuckDBPyConnection, nulls: list[str], at_hand: list[tuple[str, int]] | None) -> Values:
    """The values without the spellings of nothing; when all of them are at hand, nothing is asked of the database."""
    table = f"(select * from all_values where not {null_condition(nulls)})" if nulls else "all_values"
    if at_hand is not None:
        kept = tuple((value, count) for value, count in at_hand if value not in nulls)
        lengths = [len(value) for value, _ in kept]
        return Values(
            connection,
            table,
            some=tuple(value for value, _ in kept),
            distinct=len(kept),
            filled=sum(count for _, count in kept),
            lengths=(min(lengths, default=0), max(lengths, default=0)),
            listed=kept,
        )
    distinct, filled, shortest, longest = connection.execute(
        f"select count(*), coalesce(sum(n), 0), min(length(v)), max(length(v)) from {table}"
    ).fetchall()[0]
    rows = connection.execute(f"select v from {table} order by hash(v) limit {_SOME}").fetchall()
    some = tuple(row[0] for row in rows)
    return Values(connection, table, some, int(distinct), int(filled), (int(shortest or 0), int(longest or 0)))


def _native(native: str, values: Values) -> Found | None:
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
    least, most, decimals = values.connection.execute(
        "select min(try_cast(v as decimal(38,12))), max(try_cast(v as decimal(38,12))), "
        f"max(length(rtrim(split_part(v, '.', 2), '0'))) from {values.table}"
    ).fetchall()[0]
    if kind == "decimal" and not decimals:
        kind = "integer"  # pandas stores whole numbers with gaps as floats
    return Found(kind, number=NumberStyle(decimals=int(decimals or 0), minimum=_short(least), maximum=_short(most)))


def _described(
    column: str, native: str, rows: int, values: Values, *, found: Found, nulls: tuple[str, ...]
) -> ColumnProfile:
    shortest, longest = values.lengths
    listed = values.listed
    if values.distinct > FEW or found.personal is not None or longest > _LONGEST_LISTED:
        listed = ()
    shown = [value for value, _ in values.listed[:_SHOWN]] or list(values.some[:_SHOWN])
    misfits: list[Any] = []
    if found.misfit is not None and found.fits < 1:
        misfits = values.connection.execute(
            f"select v from {values.table} where {found.misfit} order by n desc, v limit {_SHOWN}"
        ).fetchall()
    return ColumnProfile(
        name=column,
        native=native,
        rows=rows,
        filled=values.filled,
        distinct=values.distinct,
        min_length=shortest,
        max_length=longest,
        kind=found.kind,
        fits=found.fits,
        formats=found.formats,
        ambiguous=found.ambiguous,
        number=found.number,
        nulls=nulls,
        values=tuple((scrub(value), int(count)) for value, count in listed),
        personal=found.personal,
        samples=tuple(_shown(value, found) for value in shown),
        misfits=tuple(_shown(row[0], found) for row in misfits),
        notes=found.notes,
    )


def _shown(value: str, found: Found) -> str:
    if found.personal is not None:
        return mask(value, found.personal)
    text = scrub(value[: 5 * _LONGEST_SHOWN])
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"


def _short(value: Decimal | None) -> Decimal | None:
    if value is None:
        return None
    return value.quantize(Decimal(1)) if value == value.to_integral_value() else value.normalize()
