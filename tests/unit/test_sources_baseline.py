"""Volume and columns of a source against its own past, and the word of a person that lets an exception through."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from expectations.model import Inputs
from expectations.registry import check
from orchestration.cli.main import invoke
from orchestration.lib.settings import load_settings
from tests.unit.canonical_case import Case

MAPPING = """
objects:
  payments:
    file: "pay*.csv"
    load: LOAD
    key: [id]
    feeds:
      payment:
        columns: {payment_id: id, paid_on: day, amount: amount, currency: {value: CNY}}
"""


def made(tmp_path: Path, load: str) -> Case:
    case = Case(tmp_path / "w")
    case.map("erp", MAPPING.replace("LOAD", load))
    return case


def bring(case: Case, file: str, count: int, day: int, *, columns: str = "id day amount", offset: int = 0) -> None:
    rows = [(f"P{offset + n}", "2026-01-01", "1", *["x"] * (len(columns.split()) - 3)) for n in range(count)]
    case.land("erp.payments", file, columns, *rows, at=f"2026-03-{day:02d} 08:00:00")


def violations(case: Case, check_id: str) -> list[tuple[str, str | None, str]]:
    from datetime import date

    case.build()
    inputs = Inputs(load_settings(case.workspace), date(2026, 6, 30))
    with duckdb.connect(str(case.workspace.warehouse_file), read_only=True) as connection:
        rows = connection.execute(check(check_id).sql(inputs)).fetchall()
    return [(row[0], row[1], row[3]) for row in rows]


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ([100], None),  # the first time says nothing
        ([100, 71], None),
        ([100, 69], "rows = 69, before 100, median 100"),
        ([100, 300], None),
        ([100, 301], "rows = 301, before 100, median 100"),
        ([100, 0], "rows = 0, before 100, median 100"),
        ([100, 100, 100, 40, 45], None),  # smaller than it used to be, but so was the last
        ([19, 1], None),  # too few to judge
        ([20, 1], "rows = 1, before 20, median 20"),
    ],
)
def test_volume_of_files_that_arrive_day_by_day(tmp_path: Path, counts: list[int], told: str | None) -> None:
    case = made(tmp_path, "append")
    for day, count in enumerate(counts, start=1):
        bring(case, f"pay{day}.csv", count, day, offset=1000 * day)
    found = violations(case, "canonical.source_volume")
    assert found == ([] if told is None else [("erp.payments", f"pay{len(counts)}.csv", told)])


def test_parts_that_arrive_on_one_day_are_one_observation(tmp_path: Path) -> None:
    case = made(tmp_path, "append")
    bring(case, "pay1.csv", 100, 1)
    for part in range(4):
        bring(case, f"pay2-{part}.csv", 25, 2, offset=1000 * (part + 1))
    assert violations(case, "canonical.source_volume") == []


def test_a_snapshot_is_what_all_its_files_hold(tmp_path: Path) -> None:
    case = made(tmp_path, "snapshot")
    bring(case, "pay1.csv", 100, 1)
    bring(case, "pay2.csv", 100, 1, offset=1000)
    bring(case, "pay1.csv", 90, 2, offset=2000)
    assert violations(case, "canonical.source_volume") == []
    bring(case, "pay2.csv", 10, 3, offset=3000)
    assert violations(case, "canonical.source_volume") == [
        ("erp.payments", "pay2.csv", "rows = 100, before 190, median 190")
    ]


def test_limits_are_settings(tmp_path: Path) -> None:
    case = made(tmp_path, "append")
    bring(case, "pay1.csv", 100, 1)
    bring(case, "pay2.csv", 60, 2, offset=1000)
    assert violations(case, "canonical.source_volume") != []
    case.workspace.settings_file.write_text("gates: {volume_shrink_limit: 0.5}\n", encoding="utf-8")
    assert violations(case, "canonical.source_volume") == []


def test_an_acknowledgement_counts_for_that_content_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case = made(tmp_path, "append")
    bring(case, "pay1.csv", 100, 1)
    bring(case, "pay2.csv", 10, 2, offset=1000)
    assert violations(case, "canonical.source_volume") != []
    place = ["--workspace", str(case.workspace.root)]
    assert invoke(["acknowledge", "volume:erp.payments", *place]) == 2
    assert invoke(["acknowledge", "volume:erp.paymets", "--reason", "x", *place]) == 1
    assert "erp.payments" in capsys.readouterr().err
    assert invoke(["acknowledge", "volumes", "--reason", "x", *place]) == 2
    assert invoke(["acknowledge", "volume:erp.payments", "--reason", "春节停工", *place]) == 0
    assert violations(case, "canonical.source_volume") == []
    told = case.one("SELECT acknowledged FROM canonical.source_volume")
    assert told.startswith("春节停工 (")
    capsys.readouterr()
    assert invoke(["acknowledge", "--list", *place]) == 0
    assert "volume:erp.payments" in capsys.readouterr().out
    bring(case, "pay3.csv", 9, 3, offset=2000)
    bring(case, "pay4.csv", 100, 4, offset=3000)
    bring(case, "pay5.csv", 5, 5, offset=5000)
    assert violations(case, "canonical.source_volume") != []


def test_columns_that_came_and_went(tmp_path: Path) -> None:
    case = made(tmp_path, "append")
    bring(case, "pay1.csv", 5, 1, columns="id day amount note")
    bring(case, "pay2.csv", 5, 2, columns="amount id day memo", offset=100)
    assert [row[:2] + row[2:] for row in violations(case, "canonical.source_columns")] == [
        ("erp.payments: memo", "pay2.csv", "added"),
        ("erp.payments: note", "pay2.csv", "removed"),
    ]
    assert (
        invoke(
            ["acknowledge", "columns:erp.payments", "--reason", "new export", "--workspace", str(case.workspace.root)]
        )
        == 0
    )
    assert violations(case, "canonical.source_columns") == []
    bring(case, "pay3.csv", 5, 3, columns="memo amount day id", offset=200)
    assert violations(case, "canonical.source_columns") == []  # another order is no change
