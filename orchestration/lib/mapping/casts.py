"""SQL that turns one input into one contract type: exact, only by declared formats, never silently lossy."""

from __future__ import annotations

from orchestration.lib.contract import Column
from orchestration.lib.mapping.cast_dates import cast_date, cast_timestamp, declared_formats
from orchestration.lib.mapping.cast_model import FLOATS, Cast, Clock
from orchestration.lib.mapping.cast_numbers import cast_number
from orchestration.lib.mapping.model import ColumnRule, Format
from orchestration.lib.mapping.sql import literals

__all__ = ["Cast", "Clock", "cast_column", "declared_formats"]

_TRUE = ("true", "yes", "y", "t", "1", "是")
_FALSE = ("false", "no", "n", "f", "0", "否")
# Every whole number up to here has its own DOUBLE, so an id that was stored as one is still itself.
_EXACT_DOUBLE = 2**53


def cast_column(
    column: Column, rule: ColumnRule, sql_type: str, form: Format, clock: Clock, *, x: str, p: str, v: str
) -> Cast:
    """How the input ``x`` of ``sql_type`` becomes ``column``; a value that cannot be converted becomes NULL."""
    kind = column.type
    if kind in {"key", "ref", "text", "currency"}:
        text = _text(kind, sql_type, x)
        return Cast(text, f"upper({p})" if kind == "currency" else p)
    if kind == "boolean":
        return _boolean(sql_type, x, p)
    if kind == "date":
        return cast_date(declared_formats(rule, column, form), sql_type, clock, x)
    if kind == "timestamp":
        return cast_timestamp(declared_formats(rule, column, form), sql_type, clock, x)
    return cast_number(column, rule, sql_type, form, x=x, p=p, v=v)


def _text(kind: str, sql_type: str, x: str) -> str:
    if sql_type == "VARCHAR":
        return x
    if sql_type in FLOATS and kind in {"key", "ref"}:
        # pandas stores whole-number ids with gaps as floats; 123.0 must still meet 123
        whole = f"{x} = trunc({x}) AND abs({x}) <= {_EXACT_DOUBLE}"
        return f"CASE WHEN {whole} THEN CAST(CAST({x} AS BIGINT) AS VARCHAR) ELSE CAST({x} AS VARCHAR) END"
    return f"CAST({x} AS VARCHAR)"


def _boolean(sql_type: str, x: str, p: str) -> Cast:
    if sql_type == "BOOLEAN":
        return Cast(x, p)
    words = f"CASE WHEN {p} IN ({literals(_TRUE)}) THEN true WHEN {p} IN ({literals(_FALSE)}) THEN false END"
    return Cast(f"lower(CAST({x} AS VARCHAR))", words)
