"""Spreadsheets: what the cells hold, found below titles, without blank rows, exactly."""

from __future__ import annotations

import random
import zipfile
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter

from orchestration.lib.errors import DataError
from orchestration.lib.mapping.model import TOTAL_ROWS
from tests.unit.excel_case import write_book, write_ods, write_raw_sheet, write_sheets, write_xls
from tests.unit.landing_case import Case, new_case, rows

AUTO: dict[str, Any] = {"file": "*.xlsx", "header": "auto"}


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Case:
    return new_case(tmp_path / "w", monkeypatch)


def refusal(case: Case, **how: Any) -> DataError:
    with pytest.raises(DataError) as caught:
        case.land(**{**AUTO, **how})
    return caught.value


def test_ledger_with_title_blank_and_total_rows(case: Case) -> None:
    write_sheets(
        case.inbox / "台账.xlsx",
        {
            "费用": [
                ["2026年市场费用台账"],
                [],
                [None, "编号", "合同\n金额（元）", " Unit\nPrice ", "备注"],
                [None, "A-1", 0.1, 12.5, "  x"],
                [],
                [None, "   "],
                [None, "A-2", 123456789012345, "12.50"],
                [None, "小 计：", 123456789012345.1],
            ]
        },
    )
    used = ["编号", "合同金额（元）", "Unit Price", "备注"]
    batch = case.land(used=used, total_rows=TOTAL_ROWS, **AUTO).batches[0]
    assert batch.columns == ("编号", "合同金额（元）", "Unit Price", "备注")
    assert batch.row_count == 3
    assert rows(batch) == [
        (4, False, "A-1", "0.1", "12.5", "  x"),
        (7, False, "A-2", "123456789012345", "12.50", None),
        (8, True, "小 计：", "123456789012345.1", None, None),
    ]


def test_cells_by_their_kind(case: Case) -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        shown = ("yyyy-mm-dd", "yyyy/m/d h:mm", "hh:mm:ss", "[h]:mm:ss", "0.00%", '#,##0.00 "元"', "0.00E+00")
        formats = {text: book.add_format({"num_format": text}) for text in shown}
        sheet.write_row(0, 0, ["k", "v"])
        written = [
            ("day", date(2026, 1, 31), "yyyy-mm-dd"),
            ("day and time", datetime(2026, 1, 31, 8, 30, 15), "yyyy/m/d h:mm"),
            ("fraction", datetime(2026, 1, 31, 8, 30, 15, 123000), "yyyy/m/d h:mm"),
            ("leap day", date(2024, 2, 29), "yyyy-mm-dd"),
            ("time", time(8, 30), "hh:mm:ss"),
            ("duration", timedelta(hours=27, minutes=30), "[h]:mm:ss"),
            ("percent", 0.05, "0.00%"),
            ("money", 1234567.89, '#,##0.00 "元"'),
            ("large", 6.02e23, "0.00E+00"),
        ]
        for row, (name, value, form) in enumerate(written, start=1):
            sheet.write(row, 0, name)
            sheet.write(row, 1, value, formats[form])
        sheet.write_row(10, 0, ["true", True])
        sheet.write_row(11, 0, ["text that looks like a number", "00123"])
        sheet.write(12, 0, "formula")
        sheet.write_formula(12, 1, "=1+1", None, 2)
        sheet.write(13, 0, "error")
        sheet.write_formula(13, 1, "=A1/0", None, "#DIV/0!")
        sheet.write_row(14, 0, ["whole", 5.0])
        sheet.write_row(15, 0, ["negative", -0.0])

    write_book(case.inbox / "f.xlsx", fill)
    found = {row[1]: row[2] for row in rows(case.land(used="kv", **AUTO).batches[0])}
    assert found == {
        "day": "2026-01-31",
        "day and time": "2026-01-31 08:30:15",
        "fraction": "2026-01-31 08:30:15.123",
        "leap day": "2024-02-29",
        "time": "08:30:00",
        "duration": "27:30:00",
        "percent": "0.05",
        "money": "1234567.89",
        "large": "602000000000000000000000",
        "true": "true",
        "text that looks like a number": "00123",
        "formula": "2",
        "error": "#DIV/0!",
        "whole": "5",
        "negative": "0",
    }


def test_numbers_are_those_of_the_file(case: Case) -> None:
    random.seed(3)
    numbers = [random.uniform(-1e6, 1e6) for _ in range(400)]
    numbers += [round(random.uniform(-1e9, 1e9), 2) for _ in range(400)]
    numbers += [random.randint(-(10**15), 10**15) for _ in range(400)]
    numbers += [float(Decimal(random.randint(1, 10**15)).scaleb(-random.randint(0, 20))) for _ in range(400)]
    path = write_sheets(case.inbox / "f.xlsx", {"S": [["i", "v"], *([i, one] for i, one in enumerate(numbers))]})
    sheet = openpyxl.load_workbook(path, read_only=True)["S"]  # an independent reader of the same bytes
    wanted = [Decimal(repr(row[1])) for row in sheet.iter_rows(min_row=2, values_only=True)]
    found = [row[2] for row in rows(case.land(used="iv", **AUTO).batches[0])]
    assert [Decimal(text) for text in found] == wanted
    assert not [text for text in found if "e" in text.lower() or text.endswith((".0", "."))]


def test_header_row_by_number_and_what_is_missing_in_it(case: Case) -> None:
    write_sheets(case.inbox / "f.xlsx", {"S": [["编号", "名称"], ["单号", "数量"], ["1", 2]]})
    assert rows(case.land(used=["单号"], keep=["数量"], file="*.xlsx", header=2).batches[0]) == [(3, "1", "2")]
    error = refusal(case, used=["单号", "金额"], header=1)
    assert error.message.startswith("row 1 of inbox/crm/f.xlsx, sheet S names none of the columns")
    assert "is blank" in refusal(case, used=["单号"], header=9).message


def test_header_not_found_names_the_closest_row(case: Case) -> None:
    write_sheets(case.inbox / "f.xlsx", {"费用": [["台账"], ["单据号", "数量", "金额"], ["1", 2, 3]]})
    error = refusal(case, used=["单号", "数量", "金额", "币种"])
    assert error.message == (
        "no row among the first 50 of inbox/crm/f.xlsx, sheet 费用 names all the columns that the mapping needs; row 2 "
        "comes closest, without 单号, 币种"
    )
    assert (error.file, error.line) == ("inbox/crm/f.xlsx", 2)
    assert "单据号" in (error.hint or "")


def test_nameless_and_repeated_columns(case: Case) -> None:
    write_sheets(
        case.inbox / "f.xlsx", {"S": [["a", None, "备注", None, "备注"], ["1", None, "x", "y", "z"], ["2", None]]}
    )
    batch = case.land(used="a", keep=["备注", "column D", "备注 [E]"], **AUTO).batches[0]
    assert batch.columns == ("a", "备注", "column D", "备注 [E]")  # B is empty from top to bottom
    assert rows(batch) == [(2, "1", "x", "y", "z"), (3, "2", None, None, None)]
    assert "columns C and E" in refusal(case, used=["a", "备注"]).message


def test_sheets(case: Case) -> None:
    sheets = {"封面": [], "一月": [["a"], ["1"]], "旧": [["a"], ["0"]], "二月": [["a"], ["2"]]}
    write_sheets(case.inbox / "f.xlsx", sheets, hidden=["旧"])
    error = refusal(case, used="a")
    assert error.message == "inbox/crm/f.xlsx has 2 sheets with data: 一月, 二月"
    assert "sheet: 一月" in (error.hint or "")
    assert rows(case.land(used="a", sheet="二月", **AUTO).batches[0]) == [(2, "2")]
    # the same content under another sheet is landed again
    assert rows(case.land(used="a", sheet=3, **AUTO).batches[0]) == [(2, "0")]
    assert "did you mean '一月'?" in (refusal(case, used="a", sheet="一 月").hint or "")
    assert "has no sheet 9" in refusal(case, used="a", sheet=9).message
    assert "封面 is empty" in refusal(case, used="a", sheet="封面").message


def test_hidden_sheets_do_not_count(case: Case) -> None:
    path = write_sheets(case.inbox / "g.xlsx", {"S": [], "旧": [["a"]]}, hidden=["旧"])
    assert "no visible sheet with data" in refusal(case, used="a").message
    path.unlink()
    write_sheets(case.inbox / "h.xlsx", {"S": [["a"]], "旧": [["a"], ["1"]]}, hidden=["旧"])
    assert case.land(used="a", **AUTO).rows_in == 0  # a header without rows is fine


def test_a_table_that_begins_far_from_the_corner(case: Case) -> None:
    write_sheets(case.inbox / "f.xlsx", {"S": [[], [], [], [None, None, "a", "b"], [None, None, 1, 2]]})
    assert rows(case.land(used="ab", **AUTO).batches[0]) == [(5, "1", "2")]


def test_personal_and_unused_columns_land_as_tokens(case: Case) -> None:
    write_sheets(case.inbox / "f.xlsx", {"S": [["序号", "手机", "a"], [1, 13800138000, 5], ["合计", None, 5]]})
    batch = case.land(used=["a", "手机"], personal={"手机": "phone"}, total_rows=TOTAL_ROWS, **AUTO).batches[0]
    found = rows(batch)
    assert (found[0][2].startswith("tok_text_"), found[0][3].startswith("tok_phone_")) == (True, True)
    assert [row[1] for row in found] == [False, True]  # though the cell that says 合计 is a token now
    assert batch.row_count == 2


def test_more_rows_than_one_block_and_kinds_that_change_on_the_way(case: Case) -> None:
    data: list[list[Any]] = [[number, number / 8] for number in range(45_000)]
    data[44_000][1] = "n/a"
    write_sheets(case.inbox / "f.xlsx", {"S": [["a", "b"], *data]})
    found = rows(case.land(used="ab", **AUTO).batches[0])
    assert len(found) == 45_000
    assert found[43_999] == (44_001, "43999", "5499.875")
    assert found[44_000] == (44_002, "44000", "n/a")
    assert [row[0] for row in found] == list(range(2, 45_002))


def test_open_document(case: Case) -> None:
    write_ods(case.inbox / "f.ods", [["标题", None], ["编号", "金额"], ["甲 & 乙", 0.1], ["合计", 1e16]])
    found = rows(case.land(used=["编号", "金额"], file="*.ods", header="auto", total_rows=TOTAL_ROWS).batches[0])
    assert found == [(3, False, "甲 & 乙", "0.1"), (4, True, "合计", "10000000000000000")]


def test_binary_excel(case: Case) -> None:
    write_xls(case.inbox / "f.xls")
    used = ["编号", "日", "额", "注"]
    assert rows(case.land(used=used, file="*.xls", header="auto", total_rows=TOTAL_ROWS).batches[0]) == [
        (3, False, "A-1", "2026-01-31", "0.1", "true"),
        (4, False, "7", "2026-01-31 08:30:00", "123456789012345", None),
        (6, True, "合计", None, None, None),
    ]


def test_what_is_no_spreadsheet(case: Case) -> None:
    case.put("f.xlsx", "a,b\n1,2\n")
    assert "is a text file under the name of a spreadsheet" in refusal(case, used="a").message
    write_sheets(case.inbox / "f.xlsx", {"S": [["a"], ["1"]]})
    whole = (case.inbox / "f.xlsx").read_bytes()
    (case.inbox / "f.xlsx").write_bytes(whole[:-200])
    assert "f.xlsx" in refusal(case, used="a").message
    at = whole.index(b"xl/worksheets/sheet1.xml") + 60
    (case.inbox / "f.xlsx").write_bytes(whole[:at] + b"\x00\x00\x00" + whole[at + 3 :])
    assert "cannot be unpacked" in refusal(case, used="a").message


def test_one_cell_in_the_last_corner_is_refused(case: Case) -> None:
    far = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    write_raw_sheet(case.inbox / "f.xlsx", far)
    error = refusal(case, used="a")
    assert "too large to read" in error.message
    assert "row 1,048,576 and column 16,384" in error.message


def test_an_archive_that_unpacks_to_too_much_is_refused(case: Case) -> None:
    write_sheets(case.inbox / "f.xlsx", {"S": [["a"], ["1"]]})
    with zipfile.ZipFile(case.inbox / "f.xlsx", "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/more.xml", b"0" * (3 << 20))
    case.workspace.settings_file.write_text("limits: {max_unpacked_mb: 2}\n", encoding="utf-8")
    assert "unpacks to" in refusal(case, used="a").message


def test_csv_below_titles(case: Case) -> None:
    case.put("f.csv", "月报\n\n单号,数量\n1,2\n\n合计,2\n")
    found = rows(case.land(used=["单号", "数量"], header="auto", total_rows=["合计"]).batches[0])
    assert found == [(4, False, "1", "2"), (6, True, "合计", "2")]
    assert rows(case.land(used=["单号", "数量"], header=3).batches[0]) == [(4, "1", "2"), (6, "合计", "2")]
    with pytest.raises(DataError, match="row 2 is to name the columns, but is blank"):
        case.land(used=["单号"], header=2)
    with pytest.raises(DataError, match="ends before row 40"):
        case.land(used=["单号"], header=40)
    with pytest.raises(DataError, match="without 金额"):
        case.land(used=["单号", "金额"], header="auto")


def test_a_mapping_that_needs_more_columns_reads_the_original_again(case: Case) -> None:
    write_sheets(case.inbox / "f.xlsx", {"S": [["月报", "a"], ["a", "b"], [1, 2]]})
    assert [row[0] for row in rows(case.land(used="a", **AUTO).batches[0])] == [2, 3]  # the title row will do
    result = case.land(used="ab", **AUTO)
    assert (result.new, result.relanded) == (0, 1)
    assert rows(result.batches[0]) == [(3, "1", "2")]


def test_times_before_the_calendar_and_the_last_second(case: Case) -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        sheet, form = book.add_worksheet(), book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        sheet.write_row(0, 0, ["k", "v"])
        for row, (name, serial) in enumerate(
            [("last second", 46053.99998842593), ("1900 is no leap year", 61.0), ("midnight", 46053.0)], start=1
        ):
            sheet.write(row, 0, name)
            sheet.write_number(row, 1, serial, form)

    write_book(case.inbox / "f.xlsx", fill)
    found = {row[1]: row[2] for row in rows(case.land(used="kv", **AUTO).batches[0])}
    # a whole day is written without a time; both forms are always readable
    assert found == {
        "last second": "2026-01-31 23:59:59",
        "1900 is no leap year": "1900-03-01",
        "midnight": "2026-01-31",
    }
