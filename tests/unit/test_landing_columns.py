"""Python values on their way into DuckDB: nothing is lost, whatever comes in whichever block."""

from __future__ import annotations

import math
import random
import struct
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from orchestration.lib.landing.columns import Collector, exact_text


def collect(*blocks: Sequence[Any], text_floats: bool = True) -> tuple[str, list[Any]]:
    """The type and the values of one column that came in ``blocks``."""
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        collector = Collector(connection, ["v"], text_floats=text_floats)
        for block in blocks:
            collector.add_rows([(value,) for value in block])
        collector.finish("t", row="_row", by_value=False)
        kind = connection.execute("describe select v from t").fetchall()[0][1]
        return kind, [row[0] for row in connection.execute("select v from t order by _row").fetchall()]


@pytest.mark.parametrize(
    ("blocks", "kind", "expected"),
    [
        ([[1, None], [None], [2]], "BIGINT", [1, None, None, 2]),
        ([[None], [None]], "VARCHAR", [None, None]),
        ([[1], ["x"], [2.5]], "VARCHAR", ["1", "x", "2.5"]),
        ([[2**62], [0.1]], "VARCHAR", [str(2**62), "0.1"]),
        ([[2**70, 1]], "VARCHAR", [str(2**70), "1"]),
        ([[True, None]], "BOOLEAN", [True, None]),
        ([[True, 1]], "VARCHAR", ["true", "1"]),
        ([["", None, "a\x00b"]], "VARCHAR", ["", None, "a\x00b"]),
        ([[b"\x00\xff"]], "VARCHAR", ["00FF"]),
        ([[date(2026, 1, 31)], [None]], "DATE", [date(2026, 1, 31), None]),
        ([[datetime(2026, 1, 31, 8, 0, 0, 5)]], "TIMESTAMP", [datetime(2026, 1, 31, 8, 0, 0, 5)]),
        ([[date(2026, 1, 31), datetime(2026, 1, 31, 8)]], "VARCHAR", ["2026-01-31", "2026-01-31 08:00:00"]),
        ([[Decimal("1.10"), Decimal("1E+3")]], "VARCHAR", ["1.10", "1000"]),
        ([[{"甲": [1, Decimal("1.10")]}]], "VARCHAR", ['{"甲": [1, "1.10"]}']),
        ([[time(8, 30), timedelta(hours=27, minutes=30)]], "VARCHAR", ["08:30:00", "27:30:00"]),
        ([[timedelta(seconds=-1, microseconds=-5)]], "VARCHAR", ["-00:00:01.000005"]),
    ],
)
def test_values(blocks: list[list[Any]], kind: str, expected: list[Any]) -> None:
    assert collect(*blocks) == (kind, expected)


def test_times_with_and_without_zone() -> None:
    aware = datetime(2026, 1, 31, 8, tzinfo=UTC)
    assert collect([aware])[0] == "TIMESTAMP WITH TIME ZONE"
    assert collect([aware, datetime(2026, 1, 31, 8)])[1] == ["2026-01-31 08:00:00+00:00", "2026-01-31 08:00:00"]


def test_floats_are_written_without_exponent_and_read_back_as_themselves() -> None:
    random.seed(7)
    values = [struct.unpack("<d", random.randbytes(8))[0] for _ in range(3000)]
    values = [value for value in values if math.isfinite(value)]
    values += [0.1, 0.0, -0.0, 5.0, 1e15, 1e16, 1e22, -1.5e-7, 123456789012345.0, 0.1 + 0.2, 1e-300, 5e-324]
    kind, texts = collect(values)
    assert kind == "VARCHAR"
    assert [float(text) for text in texts] == values
    assert not [text for text in texts if "e" in text or text.endswith(".0") or text.endswith(".")]
    # the shortest: as many digits as Python's own shortest writing
    assert texts == [exact_text(value + 0.0) for value in values]
    assert collect(values, text_floats=False)[0] == "DOUBLE"
