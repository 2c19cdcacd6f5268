"""The comparison of marts sees every difference that matters, and none that does not."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from tests.oracles.compare import assert_same_mart

ROWS = [
    {"id": "a", "amount": Decimal("1.50"), "on": date(2025, 1, 2), "count": 3, "ok": True, "note": None},
    {"id": "b", "amount": None, "on": None, "count": None, "ok": False, "note": "x"},
]
COLUMNS = list(ROWS[0])


def frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=COLUMNS, dtype=object)


def test_the_same_passes_however_it_is_held() -> None:
    loose = pd.DataFrame(
        {**frame(ROWS), "count": pd.Series([3, None], dtype="Int64"), "on": [date(2025, 1, 2), pd.NaT]}
    )
    assert_same_mart(pa.Table.from_pylist(ROWS), loose, ["id"], COLUMNS)
    assert_same_mart(frame(ROWS[::-1]), frame(ROWS), ["id"], COLUMNS)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("amount", Decimal("1.51")),
        ("amount", None),
        ("on", date(2025, 1, 3)),
        ("on", datetime(2025, 1, 2)),
        ("count", 4),
        ("count", "3"),
        ("ok", 1),
        ("note", ""),
    ],
)
def test_any_other_value_fails_and_is_told(column: str, value: object) -> None:
    with pytest.raises(AssertionError) as raised:
        assert_same_mart(frame(ROWS), frame([{**ROWS[0], column: value}, ROWS[1]]), ["id"], COLUMNS, mart="things")
    told = str(raised.value)
    assert "things: 1 rows differ" in told
    assert f"id a: {column}: published {ROWS[0][column]!r}, expected {value!r}" in told


def test_rows_of_one_side_and_keys_twice_fail() -> None:
    with pytest.raises(AssertionError, match="id b: only published"):
        assert_same_mart(frame(ROWS), frame(ROWS[:1]), ["id"], COLUMNS)
    with pytest.raises(AssertionError, match="id a: only expected"):
        assert_same_mart(frame(ROWS[1:]), frame(ROWS), ["id"], COLUMNS)
    with pytest.raises(AssertionError, match="expected has id a twice"):
        assert_same_mart(frame(ROWS), frame([*ROWS, ROWS[0]]), ["id"], COLUMNS)


def test_missing_columns_and_binary_fractions_are_refused() -> None:
    with pytest.raises(AssertionError, match="published has no column more"):
        assert_same_mart(frame(ROWS), frame(ROWS), ["id"], [*COLUMNS, "more"])
    with pytest.raises(AssertionError, match="binary fraction"):
        assert_same_mart(frame([{**ROWS[0], "amount": 1.5}]), frame(ROWS[:1]), ["id"], COLUMNS)
