"""CSV exactly as received: encodings, structure, rows as a spreadsheet counts them, and errors that name the place."""

from __future__ import annotations

import csv
import gzip
import io
import random
from pathlib import Path

import pytest

from orchestration.lib.errors import ConfigurationError, DataError
from orchestration.lib.landing.csv_structure import CsvCleaner
from tests.unit.landing_case import Case, new_case, rows


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Case:
    return new_case(tmp_path / "w", monkeypatch)


def landed(case: Case, content: str | bytes, *, used: str = "ab", **how: object) -> list[tuple[object, ...]]:
    case.put("f.csv", content)
    return rows(case.land(used=used, **how).batches[0])


def fault(case: Case, content: str | bytes, *, name: str = "f.csv", **how: object) -> DataError:
    """What a workspace says that tolerates no broken row."""
    case.put(name, content)
    strict = "limits: {broken_row_share: 0, broken_rows_tolerated: 0}\n"
    case.workspace.settings_file.write_text(strict, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        case.land(used="ab", file=name, **how)
    assert case.ledger.batches("crm", "leads") == []
    assert list(case.workspace.landing_dir.rglob("*.parquet")) == []
    return caught.value


def test_values_are_text_exactly_as_received(case: Case) -> None:
    found = landed(case, 'a,b\n00123, 1.5 \n03/04,NA\n,""\nnull,1e3\n')
    assert found == [(2, "00123", " 1.5 "), (3, "03/04", "NA"), (4, "", ""), (5, "null", "1e3")]


def test_row_is_the_spreadsheet_row(case: Case) -> None:
    # Row 3 holds a line break inside quotes, row 4 is blank, row 5 ends in CRLF: none of them shifts the rows after.
    found = landed(case, b'a,b\n1,x\n2,"y\r\ny2"\n\n3,z\r\n"say ""hi""",\n\n')
    assert found == [(2, "1", "x"), (3, "2", "y\r\ny2"), (5, "3", "z"), (6, 'say "hi"', "")]


def test_blank_lines_before_the_header(case: Case) -> None:
    assert landed(case, "\n\r\na,b\n1,2\n") == [(4, "1", "2")]


def test_old_mac_line_ends(case: Case) -> None:
    assert landed(case, "a,b\r1,2\r3,4\r") == [(2, "1", "2"), (3, "3", "4")]


def test_one_column_with_an_empty_quoted_value(case: Case) -> None:
    assert landed(case, 'a\n""\nx\n', used="a") == [(2, ""), (3, "x")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16", "utf-16-le", "big5"])
def test_encodings(case: Case, encoding: str) -> None:
    text = 'a,b\n中文,"上海\n路"\n'
    assert landed(case, text.encode(encoding), encoding=encoding) == [(2, "中文", "上海\n路")]


def test_gb18030_four_byte_character(case: Case) -> None:
    assert landed(case, "a,b\n𠮷,㐀\n".encode("gb18030"), encoding="gb18030") == [(2, "𠮷", "㐀")]


def test_a_mark_of_utf8_is_not_part_of_the_first_name(case: Case) -> None:
    case.put("f.csv", "a,b\n1,2\n".encode("utf-8-sig"))
    assert case.land(used="ab").batches[0].columns == ("a", "b")


def test_a_mark_before_a_quoted_name(case: Case) -> None:
    assert landed(case, '"a","b"\n1,2\n'.encode("utf-8-sig")) == [(2, "1", "2")]


def test_blank_lines_in_a_file_of_one_column(case: Case) -> None:
    assert landed(case, "a\n1\n\n2\n", used="a") == [(2, "1"), (4, "2")]


def test_gzip(case: Case) -> None:
    case.put("f.csv.gz", gzip.compress(b"a,b\n1,2\n"))
    assert rows(case.land(used="ab", file="*.csv.gz").batches[0]) == [(2, "1", "2")]


def test_gzip_cut_off(case: Case) -> None:
    assert "cannot be unpacked" in fault(case, gzip.compress(b"a,b\n1,2\n" * 99)[:-9], name="f.csv.gz").message


def test_wrong_encoding_names_offset_line_and_the_fix(case: Case) -> None:
    # "a,b\n1,2\n" is 8 bytes; the two bytes of 张 begin at offset 8, on line 3.
    error = fault(case, "a,b\n1,2\n张,3\n".encode("gb18030"))
    assert "byte offset 8, line 3" in error.message
    assert "utf-8" in error.message
    assert error.line == 3
    assert "gb18030" in (error.hint or "")


def test_offset_is_right_in_a_later_block(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestration.lib.landing.decoding.BLOCK", 7)
    error = fault(case, "a,b\n中文,2\n".encode() + b"3,\xff\n")
    assert "byte offset 15, line 3" in error.message  # 4 + 6 + 3 + 2


def test_utf8_declared_gb18030_is_not_silently_garbled(case: Case) -> None:
    error = fault(case, "a,b\n上海市,二\n", encoding="gb18030")
    assert "is UTF-8" in error.message


def test_utf16_declared_utf8(case: Case) -> None:
    assert "utf-16" in (fault(case, "a,b\n1,2\n".encode("utf-16")).hint or "")


def test_mixed_encodings_are_told_as_such(case: Case) -> None:
    error = fault(case, "a,b\n上海,2\n".encode() + "王,1\n".encode("gbk") + b"\xff\xff,1\n")
    assert "mixes" in (error.hint or "")


def test_ragged_rows_are_counted_and_the_first_is_named(case: Case) -> None:
    error = fault(case, 'a,b\n1,"x\ny"\n1,2,3\n4,5\n6\n')
    assert error.message.startswith("row 3 of inbox/crm/f.csv has 3 fields, the header has 2 (2 such rows)")
    assert error.line == 4  # the line in a text editor: row 2 takes two


def test_stray_quote(case: Case) -> None:
    assert fault(case, 'a,b\n1,2\n1,5" pipe\n').message.startswith('row 3 has a stray quote "')


def test_unclosed_quote(case: Case) -> None:
    assert fault(case, 'a,b\n1,2\n3,"4\n5,6\n').message.startswith('row 3 has a stray quote " or one that is never')


def test_nul_byte(case: Case) -> None:
    assert fault(case, b"a,b\n1,\x00\n").message.startswith("row 2 holds a NUL byte")


def test_empty_file_is_an_error_and_header_only_is_a_batch_of_no_rows(case: Case) -> None:
    assert "is empty" in fault(case, "").message
    case.put("f.csv", "a,b\n")
    result = case.land(used="ab")
    assert (result.new, result.rows_in, result.batches[0].row_count) == (1, 0, 0)
    assert rows(result.batches[0]) == []


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("a,,b", "column 2 of inbox/crm/f.csv has no name"),
        ("a,b,A", "columns 1 and 3 of inbox/crm/f.csv have the same name 'A'"),
        ("a,_row", "has a column _row"),
    ],
)
def test_headers_that_cannot_be_taken(case: Case, header: str, told: str) -> None:
    assert told in fault(case, header + "\n1,2,3\n").message


def test_header_names_are_trimmed_and_may_hold_anything(case: Case) -> None:
    case.put("f.csv", ' a ,"b ""x"", y",\u3000订单 号\u200b\n1,2,3\n')
    assert case.land(used=["a"], keep=['b "x", y', "订单 号"]).batches[0].columns == ("a", 'b "x", y', "订单 号")


def test_other_signs(case: Case) -> None:
    assert landed(case, "a;b\n1;'x;\"y'\n", delimiter=";", quote="'") == [(2, "1", 'x;"y')]
    case.put("f.csv", "a，b\n1，2\n")
    with pytest.raises(ConfigurationError, match="one ASCII character"):
        case.land(used="ab", delimiter="，")


def test_a_long_cell(case: Case) -> None:
    long = "长" * 1_500_000
    assert landed(case, f'a,b\n1,"{long}"\n2,y\n') == [(2, "1", long), (3, "2", "y")]


@pytest.mark.parametrize("seed", range(8))
def test_any_cut_into_blocks_gives_what_python_reads(seed: int) -> None:
    """The cleaner against Python's own reader, on random files fed in random pieces."""
    chance = random.Random(seed)
    cell = ["", "x", 'q"q', "a,b", "l1\nl2", "c\r\nd", "中", " ", '"', "\r"]
    table = [[chance.choice(cell) for _ in range(3)] for _ in range(chance.randint(1, 30))]
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=chance.choice(["\n", "\r\n"]), quoting=csv.QUOTE_ALL).writerows(
        [list("abc"), *table]
    )
    data = text.getvalue().encode()
    out = io.BytesIO()
    pieces, at = [], 0
    while at < len(data):
        step = chance.randint(1, 9)
        pieces.append(data[at : at + step])
        at += step
    found = CsvCleaner(out, delimiter=",", quote='"', shown="f").clean(pieces)
    assert (found.columns, found.rows, found.shifts) == (("a", "b", "c"), len(table), [])
    assert list(csv.reader(io.StringIO(out.getvalue().decode(), newline=""))) == table
