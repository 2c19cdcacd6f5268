"""Volume and columns of a source against its own past, and the word of a person that lets an exception through."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pytest

from expectations.model import Inputs
from expectations.registry import check
from orchestration.cli.main import invoke
from orchestration.lib.landing.ledger import Ledger
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


def violations(case: Case, check_id: str, *, today: date = date(2026, 6, 30)) -> list[tuple[str, str | None, str]]:
    case.build()
    inputs = Inputs(load_settings(case.workspace), today)
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


def types(case: Case) -> list[tuple[str, str, str]]:
    """Key, file and detail of the columns that do not read any more."""
    return [(key, file or "", detail) for key, file, detail in violations(case, "canonical.source_types")]


def days(case: Case, day: int, *values: str, column: str = "day") -> None:
    """Bring a content whose column ``column`` holds the values."""
    rows = [
        (f"P{day}{n}", value if column == "day" else "2026-01-01", value if column == "amount" else "1")
        for n, value in enumerate(values)
    ]
    case.land("erp.payments", f"pay{day}.csv", "id day amount", *rows, at=f"2026-03-{day:02d} 08:00:00")


@pytest.mark.parametrize("load", ["append", "upsert", "snapshot"])
@pytest.mark.parametrize(
    "change",  # column, before, after, the rule that says so, what is proposed
    [
        ("day", "2026-01-{:02d}", "{:02d}/01/2026", "cast:paid_on", 'add formats: ["%d/%m/%Y"] to paid_on'),
        ("day", "2026-01-{:02d}", "460{:02d}", "serial_date:paid_on", "add excel_1900 to the formats of paid_on"),
        ("amount", "{}.5", "¥{},000.50", "cast:amount", 'write format: {{thousands: ",", signs: [¥]}} in the object'),
        ("amount", "{}.5", "{},5", "cast:amount", 'write format: {{decimal: ","}} in the object'),
        ("amount", "{}.5", "see note {} a", "cast:amount", "'amount' now holds"),
        ("amount", "{}.5", "{}.1234", "precision:amount", "write round: half_up to allow rounding"),
        ("day", "2026-01-{:02d}", "", "required:paid_on", "'day' is empty now"),
    ],
)
def test_a_column_that_does_not_read_any_more(
    tmp_path: Path, load: str, change: tuple[str, str, str, str, str]
) -> None:
    column, before, after, rule, proposal = change
    case = made(tmp_path, load)
    numbers = range(11, 31)
    days(case, 1, *(before.format(n) for n in numbers), column=column)
    assert types(case) == []
    days(case, 2, *(after.format(n) for n in numbers), column=column)
    ((key, file, detail),) = types(case)
    assert (key, file) == (f"erp.payments: {column}", "pay2.csv")
    assert detail.startswith(f"20 / 20 ({rule}); ")
    assert proposal.format() in detail


def test_what_the_proposal_says_mends_it(tmp_path: Path) -> None:
    case = made(tmp_path, "append")
    days(case, 1, *(f"2026-01-{n}" for n in range(11, 31)))
    days(case, 2, *(f"{n}/01/2026" for n in range(11, 31)))
    assert len(types(case)) == 1
    assert case.fates("payment")["pay2.csv"] == (20, 0, 20, 0, 0, 0)
    formats = "{from: day, formats: ['%Y-%m-%d', '%d/%m/%Y']}"
    case.map("erp", MAPPING.replace("LOAD", "append").replace("paid_on: day", f"paid_on: {formats}"))
    assert types(case) == []
    assert case.fates("payment")["pay2.csv"] == (20, 20, 0, 0, 0, 0)


def test_what_never_read_and_what_hardly_changed_is_no_change(tmp_path: Path) -> None:
    case = made(tmp_path, "append")
    days(case, 1, *["bad"] * 20)
    days(case, 2, *["bad"] * 20)
    assert types(case) == []
    days(case, 3, *["2026-01-01"] * 20)
    days(case, 4, *["2026-01-01"] * 16, *["bad"] * 4)  # a fifth: not more than the limit
    assert types(case) == []
    case.workspace.settings_file.write_text("gates: {unreadable_share_limit: 0.1}\n", encoding="utf-8")
    assert [row[1] for row in types(case)] == ["pay4.csv"]


def test_each_content_needs_its_own_word_until_one_is_acknowledged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = made(tmp_path, "append")
    days(case, 1, *["2026-01-01"] * 20)
    for day in (2, 3):
        days(case, day, *["bad"] * (20 + day))
    assert [row[1] for row in types(case)] == ["pay2.csv", "pay3.csv"]  # a second bad one hides nothing
    place = ["--workspace", str(case.workspace.root)]
    assert invoke(["acknowledge", "types:erp.payments", "--reason", "no dates there", *place]) == 0
    assert types(case) == []
    said = case.query("SELECT source_file, acknowledged LIKE 'no dates there (%' FROM canonical.retyped_column")
    assert said == [("pay2.csv", True)]  # measured by that one, the next is no change any more
    days(case, 4, *["bad"] * 30)  # it is the rule now
    assert types(case) == []
    days(case, 5, *["2026-01-01"] * 20)
    days(case, 6, *["bad"] * 31)  # and now no more
    assert [row[1] for row in types(case)] == ["pay6.csv"]


def test_personal_values_are_not_looked_at(tmp_path: Path) -> None:
    from orchestration.lib.canonical.retyped_proposal import propose
    from orchestration.lib.contract import load_contract

    case = made(tmp_path, "append")
    days(case, 1, "x")
    (obj,) = case.mappings()[0].objects.values()
    batch = replace(Ledger(case.workspace).batches("erp", "payments")[0], privacy={"day": "text"}, landed_path=tmp_path)
    told = propose(obj, load_contract().entity("payment"), obj.all_feeds()[0], batch, "cast:paid_on")
    assert told.en.startswith("look at the rows")


@pytest.mark.parametrize(
    ("news", "today", "told"),
    [
        ([1, 2, 3], 30, None),  # two gaps are no rhythm
        ([1, 2, 3, 4], 6, None),
        ([1, 2, 3, 4], 7, "3 days without news, usually 1, at most 1"),
        ([2, 3, 4, 5, 6, 9, 10, 11, 12, 13], 16, None),  # a line that rests at the weekend
        ([2, 3, 4, 5, 6, 9, 10, 11, 12, 13], 17, "4 days without news, usually 1, at most 3"),
        ([1, 8, 15, 22], 31, None),
    ],
)
def test_a_source_has_its_own_rhythm(tmp_path: Path, news: list[int], today: int, told: str | None) -> None:
    case = made(tmp_path, "append")
    for day in news:
        bring(case, f"pay{day}.csv", 1, day, offset=1000 * day)
    expected = [] if told is None else [("erp.payments", None, told)]
    assert violations(case, "canonical.source_silence", today=date(2026, 3, today)) == expected


def test_a_silence_is_acknowledged_until_something_comes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case = made(tmp_path, "append")
    for day in (1, 2, 3, 4):
        bring(case, f"pay{day}.csv", 1, day, offset=1000 * day)
    late = date(2026, 3, 31)
    assert len(violations(case, "canonical.source_silence", today=late)) == 1
    place = ["--workspace", str(case.workspace.root)]
    assert invoke(["acknowledge", "silence:erp.payments", "--reason", "线路停产", *place]) == 0
    assert violations(case, "canonical.source_silence", today=late) == []
    bring(case, "pay9.csv", 1, 9, offset=9000)
    assert len(violations(case, "canonical.source_silence", today=late)) == 1
