"""Compares a published mart with what an oracle expects: every row, every column, exactly."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

SHOWN = 10

Row = dict[str, Any]


def published_mart(workspace: Path, mart: str) -> pa.Table:
    """A table of the current snapshot, as any outside program reads it."""
    folder = workspace / ".triloop" / "published"
    current = (folder / "CURRENT").read_text(encoding="utf-8").strip()
    return pq.read_table(folder / current / "tables" / f"{mart}.parquet")


def assert_mart(
    workspace: Path,
    mart: str,
    expected: pd.DataFrame,
    keys: Sequence[str],
    not_compared: Mapping[str, str] | None = None,
) -> None:
    """The mart has exactly the expected columns and those in ``not_compared`` (column → reason), and the same rows."""
    published = published_mart(workspace, mart)
    left_out = set(not_compared or {})
    assert set(published.column_names) - set(expected.columns) == left_out, (
        f"{mart}: columns that no oracle works out: {sorted(set(published.column_names) - set(expected.columns))}, "
        f"of them accounted for: {sorted(left_out)}"
    )
    assert_same_mart(published, expected, keys, list(expected.columns), mart=mart)


def assert_same_mart(
    published: pd.DataFrame | pa.Table,
    expected: pd.DataFrame,
    keys: Sequence[str],
    columns: Sequence[str],
    *,
    mart: str = "mart",
) -> None:
    """Every row of both by ``keys``, every one of ``columns``; decimals, dates and NULLs exactly as they are.

    NaN, NaT and NA in ``expected`` are NULL. Binary fractions are refused on either side.
    """
    for side, known in (("published", _names(published)), ("expected", list(expected.columns))):
        missing = sorted({*keys, *columns} - set(known))
        assert not missing, f"{mart}: {side} has no column {', '.join(missing)}"
    found = _by_key(mart, "published", _rows(published), keys)
    wanted = _by_key(mart, "expected", _rows(expected), keys)
    differences = []
    wrong_rows = 0
    per_column: Counter[str] = Counter()
    for key in _ordered({**found, **wanted}):
        if key not in found or key not in wanted:
            wrong_rows += 1
            where = "published" if key in found else "expected"
            per_column[f"(row only {where})"] += 1
            differences.append(f"{_named(keys, key)}: only {where}: {_short((found | wanted)[key])}")
            continue
        here, there = found[key], wanted[key]
        wrong = [column for column in columns if not _same(here[column], there[column])]
        wrong_rows += bool(wrong)
        per_column.update(wrong)
        differences += [
            f"{_named(keys, key)}: {column}: published {here[column]!r}, expected {there[column]!r}" for column in wrong
        ]
    assert not differences, "\n  ".join(
        [
            f"{mart}: {wrong_rows} rows differ (published {len(found)}, expected {len(wanted)}); "
            f"by column: {dict(per_column.most_common())}",
            *differences[:SHOWN],
        ]
    )


def assert_large_mart(workspace: Path, mart: str, expected: pd.DataFrame) -> None:
    """The mart has exactly the expected columns and rows; compared by DuckDB, for what is too large to walk row by row.

    Raises:
        AssertionError: names up to ``SHOWN`` rows that only one side has.
    """
    published = published_mart(workspace, mart)
    assert set(published.column_names) == set(expected.columns), f"{mart}: {sorted(expected.columns)} are expected"
    wanted = pa.Table.from_pydict(
        {field.name: pa.array(expected[field.name], type=field.type, from_pandas=True) for field in published.schema}
    )
    with duckdb.connect() as connection:
        connection.register("published", published)
        connection.register("wanted", wanted)
        for one, other in (("published", "wanted"), ("wanted", "published")):
            alone = connection.execute(f"from {one} except all from {other}").fetchmany(SHOWN)
            assert not alone, "\n  ".join([f"{mart}: only {one}:", *map(str, alone)])


def _names(table: pd.DataFrame | pa.Table) -> list[str]:
    return list(table.column_names if isinstance(table, pa.Table) else table.columns)


def _rows(table: pd.DataFrame | pa.Table) -> list[Row]:
    """Python objects: Decimal, date, datetime, str, bool, int or None."""
    if isinstance(table, pa.Table):
        return [{name: _plain(value) for name, value in row.items()} for row in table.to_pylist()]
    columns = {name: [_plain(value) for value in table[name].tolist()] for name in table.columns}
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def _plain(value: Any) -> Any:
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, float):
        assert math.isnan(value), f"a binary fraction, {value!r}: compare exact numbers"
        return None
    if isinstance(value, pd.Timestamp):
        return value.to_pydatetime()
    return value.item() if hasattr(value, "item") else value


def _by_key(mart: str, side: str, rows: Iterable[Row], keys: Sequence[str]) -> dict[tuple[Any, ...], Row]:
    by_key: dict[tuple[Any, ...], Row] = {}
    for row in rows:
        key = tuple(row[name] for name in keys)
        assert key not in by_key, f"{mart}: {side} has {_named(keys, key)} twice"
        by_key[key] = row
    return by_key


def _ordered(keys: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return sorted(keys, key=lambda key: [(value is not None, str(value)) for value in key])


def _same(one: Any, other: Any) -> bool:
    """Equal, and of one kind: True is not 1, a day is not its midnight, 1 is not '1'."""
    return _kind(one) is _kind(other) and bool(one == other)


def _kind(value: Any) -> type:
    for kind in (bool, datetime, date):
        if isinstance(value, kind):
            return kind
    return Decimal if isinstance(value, int | Decimal) else type(value)


def _named(keys: Sequence[str], key: tuple[Any, ...]) -> str:
    return ", ".join(f"{name} {value}" for name, value in zip(keys, key, strict=True))


def _short(row: Row) -> str:
    text = ", ".join(f"{name}={value}" for name, value in row.items() if value is not None)
    return text if len(text) <= 300 else f"{text[:297]}..."
