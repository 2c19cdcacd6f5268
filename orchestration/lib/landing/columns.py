"""Python values, column by column, on their way into DuckDB: exact, and in one type per column over all batches.

Readers that only get Python values (spreadsheets, query results) hand them over here in blocks. A column whose values
are all of one kind stays of that kind; a mixed one becomes text, in a writing that loses nothing.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Literal

import duckdb
import pyarrow as pa

from orchestration.lib.landing.scratch import quoted

Kind = Literal["empty", "boolean", "integer", "float", "date", "timestamp", "aware", "text"]
ARROW: dict[Kind, Any] = {
    "empty": pa.string(),
    "boolean": pa.bool_(),
    "integer": pa.int64(),
    "float": pa.float64(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
    "aware": pa.timestamp("us", "UTC"),
    "text": pa.string(),
}
_NOTHING = type(None)
_OWN: dict[type, Kind] = {bool: "boolean", int: "integer", float: "float", date: "date", str: "text"}
_ORDER = "__order"
# A DOUBLE in the shortest text that reads back as the same number, without exponent and without '.0'.
_PLAIN_NUMBER = (
    r"""
create or replace temp macro number_exponent(t) as try_cast(regexp_extract(t, 'e[+]?(-?[0-9]+)$', 1) as bigint)
""",
    r"""
create or replace temp macro number_digits(t) as replace(regexp_extract(t, '[0-9.]+'), '.', '')
""",
    r"""
create or replace temp macro number_unfolded(t) as (
    if(starts_with(t, '-'), '-', '') || case
        when number_exponent(t) < 0 then '0.' || repeat('0', -number_exponent(t) - 1) || number_digits(t)
        when number_exponent(t) + 1 >= length(number_digits(t))
            then number_digits(t) || repeat('0', number_exponent(t) + 1 - length(number_digits(t)))
        else left(number_digits(t), number_exponent(t) + 1) || '.' || substr(number_digits(t), number_exponent(t) + 2)
    end)
""",
    r"""
create or replace temp macro plain_number(x) as (
    case
        when x = 0 then '0'
        when contains(cast(x as varchar), 'e') then number_unfolded(cast(x as varchar))
        when ends_with(cast(x as varchar), '.0') then left(cast(x as varchar), -2)
        else cast(x as varchar)
    end)
""",
)


def exact_text(value: Any) -> str | None:
    """One value as text that loses nothing of it; numbers without exponent, bytes as hexadecimal."""
    writer = _WRITERS.get(type(value))
    if writer is not None:
        return writer(value)
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, ensure_ascii=False, default=exact_text)
    return str(value)


def _float_text(value: float) -> str:
    if not math.isfinite(value):
        return str(value)
    text = format(Decimal(repr(value)), "f").removesuffix(".0")
    return "0" if text == "-0" else text


def _time_text(value: datetime) -> str:
    text = value.isoformat(sep=" ")
    return text.rstrip("0") if value.microsecond and value.tzinfo is None else text


def duration_text(value: timedelta) -> str:
    """``hours:minutes:seconds``, with more hours than a day has where it is longer."""
    microseconds = value // timedelta(microseconds=1)
    seconds, fraction = divmod(abs(microseconds), 1_000_000)
    text = f"{'-' if microseconds < 0 else ''}{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return f"{text}.{fraction:06d}" if fraction else text


def _bytes_text(value: bytes | bytearray | memoryview) -> str:
    return bytes(value).hex().upper()


_WRITERS: dict[type, Callable[[Any], str | None]] = {
    _NOTHING: lambda value: None,
    str: lambda value: value,
    bool: lambda value: "true" if value else "false",
    int: str,
    float: _float_text,
    Decimal: lambda value: format(value, "f"),
    bytes: _bytes_text,
    bytearray: _bytes_text,
    memoryview: _bytes_text,
    date: lambda value: value.isoformat(),
    datetime: _time_text,
    time: lambda value: value.isoformat(),
    timedelta: duration_text,
}


def typed_array(values: Sequence[Any]) -> tuple[Kind, Any]:
    """The kind of a column's values and an Arrow array of them."""
    types = set(map(type, values)) - {_NOTHING}
    kind = _kind(types, values)
    if kind == "text" and types != {str}:
        values = [exact_text(value) for value in values]
    try:
        return kind, pa.array(values, ARROW[kind])
    except (OverflowError, pa.ArrowInvalid):
        if kind != "integer":
            raise
        return "text", pa.array([exact_text(value) for value in values], pa.string())


def _kind(types: set[type], values: Sequence[Any]) -> Kind:
    if not types:
        return "empty"
    if types == {datetime}:
        zones = {value.tzinfo is None for value in values if value is not None}
        return "text" if len(zones) > 1 else "timestamp" if zones == {True} else "aware"
    return _OWN.get(next(iter(types)), "text") if len(types) == 1 else "text"


class Collector:
    """Takes blocks of columns and makes one table of them.

    Args:
        text_floats: floating point columns become text (see ``plain_number``) instead of DOUBLE.
        text_only: every column becomes text.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        names: Sequence[str],
        *,
        text_floats: bool = False,
        text_only: bool = False,
    ) -> None:
        self._connection = connection
        self._names = list(names)
        self._text_floats, self._text_only = text_floats, text_only
        self._pieces: list[tuple[Kind, ...]] = []
        self._rows = 0
        for macro in _PLAIN_NUMBER:
            connection.execute(macro)

    def add_rows(self, rows: Sequence[Sequence[Any]]) -> None:
        """Add rows as a database driver gives them."""
        if rows:
            self.add_columns(list(zip(*rows, strict=True)), len(rows))

    def add_columns(self, columns: Sequence[Sequence[Any]], rows: int) -> None:
        """Add a block of rows, given by columns."""
        typed = [typed_array(values) for values in columns]
        kinds = tuple(kind for kind, _ in typed)
        arrays = [pa.array(range(self._rows, self._rows + rows), pa.int64()), *(array for _, array in typed)]
        block = pa.Table.from_arrays(arrays, names=[_ORDER, *(f"c{number}" for number in range(len(typed)))])
        self._rows += rows
        self._connection.register("fetched", block)
        if self._pieces and self._pieces[-1] == kinds:
            self._connection.execute(f"insert into piece_{len(self._pieces) - 1} select * from fetched")
        else:
            self._connection.execute(f"create or replace temp table piece_{len(self._pieces)} as select * from fetched")
            self._pieces.append(kinds)
        self._connection.unregister("fetched")

    def finish(self, table: str, *, row: str, by_value: bool) -> None:
        """Make the temporary ``table``: the number ``row`` and every column.

        Args:
            by_value: number the rows by their values (from 1) instead of in the order they came in (from 0).
        """
        finals = [self._final(number) for number in range(len(self._names))]
        parts = [
            f"select {_ORDER}, {', '.join(_converted(kinds, finals))} from piece_{index}"
            for index, kinds in enumerate(self._pieces)
        ]
        if not parts:
            empty = ", ".join(f"null::varchar as {quoted(name)}" for name in self._names)
            self._connection.execute(f"create temp table {table} as select 0::bigint as {row}, {empty} where false")
            return
        named = ", ".join(f"c{number} as {quoted(name)}" for number, name in enumerate(self._names))
        places = ", ".join(f"c{number}" for number in range(len(self._names)))
        numbered = f"row_number() over (order by {places}, {_ORDER})" if by_value else _ORDER
        self._connection.execute(
            f"create temp table {table} as select {numbered} as {row}, {named} from ({' union all '.join(parts)}) "
            f"order by {row}"
        )
        for index in range(len(self._pieces)):
            self._connection.execute(f"drop table piece_{index}")

    def _final(self, number: int) -> Kind:
        kinds = {piece[number] for piece in self._pieces} - {"empty"}
        kind: Kind = next(iter(kinds)) if len(kinds) == 1 else "text"
        return "text" if self._text_only or (kind == "float" and self._text_floats) else kind


_SQL: dict[Kind, str] = {
    "empty": "varchar",
    "boolean": "boolean",
    "integer": "bigint",
    "float": "double",
    "date": "date",
    "timestamp": "timestamp",
    "aware": "timestamptz",
    "text": "varchar",
}


def _converted(kinds: Sequence[Kind], finals: Sequence[Kind]) -> Iterator[str]:
    for number, (kind, final) in enumerate(zip(kinds, finals, strict=True)):
        column = f"c{number}"
        if final in (kind, "empty"):
            yield column
        elif kind == "float":
            yield f"plain_number({column}) as {column}"
        elif kind == "empty":
            yield f"cast({column} as {_SQL[final]}) as {column}"
        else:
            yield f"cast({column} as varchar) as {column}"
