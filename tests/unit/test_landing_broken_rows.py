"""Rows of a text file whose structure is broken: set aside with their text, and every other row as it was."""

from __future__ import annotations

import csv
import gzip
import io
import random
from pathlib import Path

import duckdb
import pytest

from orchestration.lib.errors import DataError
from orchestration.lib.landing import Batch
from orchestration.lib.landing.csv_structure import CsvCleaner
from orchestration.lib.landing.limits import Limits
from orchestration.lib.vault.keys import VaultKeys
from orchestration.lib.vault.store import open_vault
from tests.unit.canonical_case import Case as CanonicalCase
from tests.unit.landing_case import Case, new_case


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Case:
    return new_case(tmp_path / "w", monkeypatch)


def land(case: Case, content: str | bytes, *, name: str = "f.csv", **how: object) -> Batch:
    case.put(name, content)
    return case.land(used="ab", file=name, **how).batches[0]


def good(batch: Batch) -> list[tuple[object, ...]]:
    return duckdb.sql(
        f"select _row, a, b from read_parquet('{batch.landed_path}') where _fault is null order by _row"
    ).fetchall()


def broken(case: Case, batch: Batch) -> list[tuple[object, ...]]:
    """Row, code and the text out of the vault; a broken row has no values."""
    found = duckdb.sql(
        f"select _row, _fault, _raw, a, b from read_parquet('{batch.landed_path}') where _fault is not null order by 1"
    ).fetchall()
    assert all(row[3:] == (None, None) and row[2].startswith("tok_text_") for row in found)
    with open_vault(case.workspace, VaultKeys.from_environment()) as vault:
        texts = vault.reveal([row[2] for row in found])
    return [(row, code, texts[raw]) for row, code, raw, *_ in found]


def test_a_file_without_broken_rows_has_no_columns_for_them(case: Case) -> None:
    columns = duckdb.sql(f"describe from read_parquet('{land(case, 'a,b' + chr(10) + '1,2').landed_path}')").fetchall()
    assert [column[0] for column in columns] == ["_row", "a", "b"]


def test_ragged_rows(case: Case) -> None:
    batch = land(case, 'a,b\n1,"x\ny"\n1,2,3\n\n4,5\n6\n7,8\n')
    assert good(batch) == [(2, "1", "x\ny"), (5, "4", "5"), (7, "7", "8")]
    assert broken(case, batch) == [(3, "ragged", "1,2,3"), (6, "ragged", "6")]
    assert batch.row_count == 5


def test_stray_quotes_take_their_own_row_only(case: Case) -> None:
    batch = land(case, 'a,b\n1,2\n3,5" pipe\n"he said "hi"",4\n"x",y\n5,"6" \n7,8\n')
    assert good(batch) == [(2, "1", "2"), (5, "x", "y"), (7, "7", "8")]
    assert broken(case, batch) == [
        (3, "stray_quote", '3,5" pipe'),
        (4, "stray_quote", '"he said "hi"",4'),
        (6, "stray_quote", '5,"6" '),
    ]


def test_a_quote_never_closed_takes_one_line(case: Case) -> None:
    batch = land(case, 'a,b\n1,2\n3,"4\n5,6\n"7","8\n9"\n')
    assert good(batch) == [(2, "1", "2"), (4, "5", "6"), (5, "7", "8\n9")]
    assert broken(case, batch) == [(3, "stray_quote", '3,"4')]


def test_a_file_cut_off_inside_a_quoted_field(case: Case) -> None:
    batch = land(case, 'a,b\r\n1,2\r\n3,"4')
    assert (good(batch), broken(case, batch)) == ([(2, "1", "2")], [(3, "stray_quote", '3,"4')])


def test_nul_bytes(case: Case) -> None:
    batch = land(case, b"a,b\n1,\x00\n3,4\n")
    assert (good(batch), broken(case, batch)) == ([(3, "3", "4")], [(2, "nul_byte", "1,␀")])


def test_lines_in_another_encoding(case: Case) -> None:
    lines = ["a,b\n上海市,一\n".encode(), "王小明,二\n".encode("gbk"), "北京市,三\n".encode(), b"\xff\xff,4\n"]
    batch = land(case, b"".join(lines))
    assert good(batch) == [(2, "上海市", "一"), (4, "北京市", "三")]
    assert [row[:2] for row in broken(case, batch)] == [(3, "undecodable"), (5, "undecodable")]


def test_one_line_in_utf8_among_gb18030(case: Case) -> None:
    # 重庆市 in UTF-8 has nine bytes: as GB18030 the last one would swallow the comma, which it cannot.
    lines = ["a,b\n上海市,一\n".encode("gb18030"), b"\xe9\x87\x8d\xe5\xba\x86\xe5,2\n", "北京,3\n".encode("gb18030")]
    batch = land(case, b"".join(lines), encoding="gb18030")
    assert good(batch) == [(2, "上海市", "一"), (4, "北京", "3")]
    assert [row[:2] for row in broken(case, batch)] == [(3, "undecodable")]


def test_a_file_that_reads_whole_in_another_encoding_is_refused(case: Case) -> None:
    case.put("f.csv", ("a,b\n" + "1,2\n" * 500 + "张,3\n").encode("gb18030"))
    with pytest.raises(DataError) as caught:
        case.land(used="ab")
    assert "line 502" in caught.value.message
    assert "gb18030" in (caught.value.hint or "")


def test_packed_files_too(case: Case) -> None:
    batch = land(case, gzip.compress(b"a,b\n1,2,3\n4,5\n"), name="f.csv.gz")
    assert (good(batch), broken(case, batch)) == ([(3, "4", "5")], [(2, "ragged", "1,2,3")])


def test_a_row_that_looks_like_a_stand_in_is_a_row(case: Case) -> None:
    batch = land(case, "a,b\n\x020123456789abcdef:ragged:x,1\n1\n2,3\n")
    assert good(batch) == [(2, "\x020123456789abcdef:ragged:x", "1"), (4, "2", "3")]


@pytest.mark.parametrize(
    ("wrong", "right", "taken"), [(10, 5, True), (11, 5, False), (11, 300, True), (50, 900, False), (3, 0, False)]
)
def test_how_many_are_too_many(case: Case, wrong: int, right: int, taken: bool) -> None:
    case.put("f.csv", "a,b\n" + "1,2,3\n" * wrong + "4,5\n" * right)
    if taken:
        assert case.land(used="ab").rows_in == wrong + right
        return
    with pytest.raises(DataError, match=rf"row 2 of .* has 3 fields, the header has 2 \({wrong} such rows\)"):
        case.land(used="ab")
    assert case.ledger.batches("crm", "leads") == []


def test_the_limits_are_settings(case: Case) -> None:
    case.workspace.settings_file.write_text("limits: {broken_row_share: 0.5, max_columns: 1}\n", encoding="utf-8")
    case.put("f.csv", "a,b\n" + "1,2,3\n" * 40 + "4,5\n" * 60)
    with pytest.raises(DataError, match="has 2 columns, more than 1"):
        case.land(used="ab")
    case.workspace.settings_file.write_text("limits: {broken_row_share: 0.5}\n", encoding="utf-8")
    assert case.land(used="ab").rows_in == 100


def test_a_record_that_is_too_long(case: Case) -> None:
    case.workspace.settings_file.write_text("limits: {max_record_mb: 1}\n", encoding="utf-8")
    batch = land(case, "a,b\n1,2\n3," + "x" * (2 << 20) + "\n5,6\n")
    assert good(batch) == [(2, "1", "2"), (4, "5", "6")]
    ((row, code, text),) = broken(case, batch)
    assert (row, code, str(text)[:4], str(text)[-1], len(str(text)) < 20_000) == (3, "too_long", "3,xx", "…", True)


def test_landing_again_under_another_plan_keeps_them(case: Case) -> None:
    case.put("f.csv", "a,b\n1,2,3\n4,5\n")
    assert case.land(used="ab").new == 1
    again = case.land(used="ab", personal={"b": "phone"})
    assert (again.relanded, again.batches[0].row_count) == (1, 2)
    assert broken(case, again.batches[0]) == [(2, "ragged", "1,2,3")]
    assert case.land(used="ab", personal={"b": "phone"}).relanded == 0


@pytest.mark.parametrize("seed", range(12))
def test_broken_lines_in_any_place_and_any_cut(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole rows come out as Python reads them alone, wherever broken lines stand and however the file is cut."""
    monkeypatch.setattr("orchestration.lib.landing.csv_structure._SMALL", random.Random(seed).choice([8, 40, 1 << 16]))
    chance = random.Random(seed)
    cells = ["", "x", 'q"q', "a,b", "中", " ", "l1\nl2"]
    wrong = ["only", "a,b,c,d,e", '1,"open,3', '1,2"3,4', '"x" y,2,3', '1,"2"3,4', "a,\0,c"]
    text, table, faulty, row = "h1,h2,h3\n", [], [], 2
    for _ in range(chance.randint(5, 60)):
        if chance.random() < 0.3:
            text += chance.choice(wrong) + "\n"
            faulty.append(row)
        else:
            out = io.StringIO(newline="")
            table.append([chance.choice(cells) for _ in range(3)])
            csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL).writerow(table[-1])
            text += out.getvalue()
        row += 1
    data, pieces = text.encode(), []
    while data:
        step = chance.randint(1, 50)
        pieces.append(data[:step])
        data = data[step:]
    clean = io.BytesIO()
    cleaner = CsvCleaner(clean, delimiter=",", quote='"', shown="f", limits=Limits(broken_rows_tolerated=99))
    try:
        found = cleaner.clean(pieces)
    except DataError:
        assert not table  # not one row is whole
        return
    read = list(csv.reader(io.StringIO(clean.getvalue().decode(), newline="")))
    assert [one for one in read if not one[0].startswith(found.marker)] == table
    assert [place + 2 for place, one in enumerate(read) if one[0].startswith(found.marker)] == faulty
    assert (found.rows, found.broken, found.shifts) == (len(read), len(faulty), [])


@pytest.mark.parametrize("load", ["append", "upsert", "snapshot"])
def test_broken_rows_are_quarantined_whatever_else_the_mapping_says(tmp_path: Path, load: str) -> None:
    case = CanonicalCase(tmp_path / "w")
    case.map(
        "erp",
        f"""
        objects:
          payments:
            file: "pay*.csv"
            load: {load}
            key: [id]
            feeds:
              payment:
                drop: [{{reason: nothing, when: "coalesce(amount, '') = ''"}}]
                columns: {{payment_id: id, paid_on: day, amount: amount, currency: {{value: CNY}}}}
        """,
    )
    rows = "('P1', '2026-01-01', '1', 2, NULL, NULL), (NULL, NULL, NULL, 3, 'ragged', 'tok_text_1'), "
    rows += "(NULL, NULL, NULL, 4, 'undecodable', 'tok_text_2'), ('P2', '2026-01-01', 'x', 5, NULL, NULL)"
    with duckdb.connect() as connection:
        query = f"SELECT * FROM (VALUES {rows}) AS t(id, day, amount, _row, _fault, _raw)"
        case.land_query("erp.payments", "pay1.csv", connection, query)
    case.build()
    assert case.fates("payment") == {"pay1.csv": (4, 1, 3, 0, 0, 0)}
    found = case.query(
        "SELECT source_row, rule_id, column_name, raw_value, raw_row FROM canonical.quarantine ORDER BY source_row"
    )
    assert found[:2] == [
        (3, "structure:ragged", None, "tok_text_1", '{"_raw":"tok_text_1"}'),
        (4, "structure:undecodable", None, "tok_text_2", '{"_raw":"tok_text_2"}'),
    ]
    assert found[2][:2] == (5, "cast:amount")
    reasons = case.query("SELECT reason_en, reason_zh FROM canonical.quarantine WHERE source_row = 3")
    assert "more or fewer fields" in reasons[0][0]
    assert "字段数与表头不符" in reasons[0][1]
