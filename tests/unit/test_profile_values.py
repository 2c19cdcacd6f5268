"""What a column holds: encodings, layouts, dates, numbers, kinds and personal values, each with a hand-worked case."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from orchestration.lib.contract import Column, Label
from orchestration.lib.errors import DataError
from orchestration.lib.mapping.casts import Clock, cast_column
from orchestration.lib.mapping.model import ColumnRule, Format
from orchestration.lib.profile.columns import profile_columns
from orchestration.lib.profile.encoding import detect_encoding
from orchestration.lib.profile.layout import find_layout
from orchestration.lib.profile.model import ColumnProfile
from orchestration.lib.profile.personal import mask, scrub
from orchestration.lib.profile.values import PLAIN_BOOLEANS
from orchestration.lib.profile.vocabulary import load_vocabulary


def profile(values: list[str | None], name: str = "x") -> ColumnProfile:
    """One text column."""
    with duckdb.connect() as connection:
        connection.execute(f'create temp table t ("{name}" varchar)')
        connection.executemany("insert into t values (?)", [[value] for value in values])
        return profile_columns(connection, "t", (name,), load_vocabulary())[0]


HOSPITALS = "订单号,客户\nA1,上海第一人民医院\nA2,北京协和医院\nA3,广州中山医院\n"
PORTUGUESE = "código;cidade\nP1;São Paulo\nP2;Brasília\nP3;Niterói\n"


@pytest.mark.parametrize(
    ("text", "codec", "expected"),
    [
        (HOSPITALS, "utf-8", "utf-8"),
        (HOSPITALS, "utf-8-sig", "utf-8"),
        (HOSPITALS, "gb18030", "gb18030"),
        (HOSPITALS, "utf-16", "utf-16"),
        ("order,customer\n" * 20, "utf-16-le", "utf-16-le"),
        ("訂單編號,客戶\nA1,台灣大學醫院\nA2,台北國泰醫院股份有限公司\n", "big5", "big5"),
        (PORTUGUESE, "latin-1", "latin-1"),
    ],
)
def test_the_encoding_is_found(tmp_path: Path, text: str, codec: str, expected: str) -> None:
    file = tmp_path / "f.csv"
    file.write_bytes(text.encode(codec))
    assert detect_encoding(file, shown="f.csv", limit=1 << 20).name == expected


def test_bytes_of_no_encoding_are_told(tmp_path: Path) -> None:
    file = tmp_path / "f.csv"
    file.write_bytes("客户,金额\n".encode("gb18030") * 3 + b"\x00\x01\x02\xff\xfe\xff\x80\x81" * 200)
    with pytest.raises(DataError, match="no encoding"):
        detect_encoding(file, shown="f.csv", limit=1 << 20)


def test_title_rows_and_totals_are_seen() -> None:
    found = find_layout(
        "销售台账,,,\n制表:财务部,,,\n\n单号,客户,日期,金额\nA1,甲,2024-01-02,5\nA2,乙,2024-01-03,6\n合计,,,11\n"
    )
    assert (found.delimiter, found.header, found.total_rows) == (",", 4, ("合计",))


def test_a_file_without_header_is_told() -> None:
    found = find_layout("1;2024-01-02;5\n2;2024-01-03;6\n3;2024-01-04;7\n")
    assert found.delimiter == ";"
    assert "no row looks like" in found.notes[0].en


@pytest.mark.parametrize(
    ("values", "kind", "formats"),
    [
        (["2024-01-31", "2024-02-29"], "date", ("%Y-%m-%d",)),
        (["2024年1月31日", "2024年12月1日"], "date", ("%Y年%m月%d日",)),
        (["20240131", "20241201"], "date", ("%Y%m%d",)),
        (["31/01/2024 08:05", "01/12/2024 23:59"], "timestamp", ("%d/%m/%Y %H:%M",)),
        (["01/31/2024", "12/01/2024"], "date", ("%m/%d/%Y",)),
        (["2024-01-31T08:00:00+08:00", "2024-02-01T00:00:00Z"], "timestamp", ("%Y-%m-%dT%H:%M:%S%z",)),
        (["5-Jan-2024", "17-Dec-2024"], "date", ("%d-%b-%Y",)),
    ],
)
def test_date_formats_read_every_value(values: list[str], kind: str, formats: tuple[str, ...]) -> None:
    found = profile(values)
    assert (found.kind, found.formats, found.ambiguous, found.fits) == (kind, formats, (), 1)


def test_a_day_that_may_be_a_month_is_told() -> None:
    found = profile(["01/02/2024", "03/04/2024", "12/11/2023"])
    assert {*found.formats, *found.ambiguous} == {"%d/%m/%Y", "%m/%d/%Y"}
    assert "only you know" in found.notes[0].en


def test_one_value_decides_between_day_and_month() -> None:
    found = profile(["01/02/2024"] * 50 + ["13/02/2024"])
    assert (found.formats, found.ambiguous) == (("%d/%m/%Y",), ())


def test_two_ways_of_writing_dates_are_both_found() -> None:
    found = profile(["2024-01-31"] * 3 + ["2024/2/1"] * 2)
    assert (found.formats, found.fits) == (("%Y-%m-%d", "%Y/%m/%d"), 1)


def test_a_few_misfits_are_shown_not_hidden() -> None:
    found = profile([f"2024-01-{day:02d}" for day in range(1, 29)] * 2 + ["soon"])
    assert found.kind == "date"
    assert found.fits == pytest.approx(56 / 57)
    assert found.misfits == ("soon",)


def test_six_digits_are_a_month_only_where_the_name_says_so() -> None:
    assert profile(["202401", "202402"], "月份").kind == "date"
    assert profile(["202401", "202402"], "件数").kind == "integer"


@pytest.mark.parametrize(
    ("values", "kind", "decimal", "thousands", "signs"),
    [
        (["1,234.50", "12.00", "7"], "decimal", ".", ",", ()),
        (["1.234,50", "12,00", "7"], "decimal", ",", ".", ()),
        (["1234,5", "0,75"], "decimal", ",", None, ()),
        (["¥1,200.00", "¥80.00"], "decimal", ".", ",", ("¥",)),
        (["12%", "7.5%"], "decimal", ".", None, ("%",)),
        (["3", "-4"], "integer", ".", None, ()),
    ],
)
def test_numbers(values: list[str], kind: str, decimal: str, thousands: str | None, signs: tuple[str, ...]) -> None:
    found = profile(values)
    assert found.number is not None
    assert (found.kind, found.number.decimal, found.number.thousands, found.number.signs) == (
        kind,
        decimal,
        thousands,
        signs,
    )


def test_a_comma_that_may_be_either_is_told() -> None:
    found = profile(["1,234", "5,678"])
    assert "decimal sign" in found.notes[0].en


def test_one_amount_in_ten_thousands_does_not_make_the_column_so() -> None:
    found = profile([f"{number}.50" for number in range(100, 160)] + ["12.3万元"])
    assert found.number is not None
    assert found.number.signs == ()
    assert found.misfits == ("12.3万元",)


@pytest.mark.parametrize("values", [["00123", "00456"], ["1234567890123456789", "9876543210987654321"]])
def test_what_would_lose_digits_as_a_number_is_a_code(values: list[str]) -> None:
    assert profile(values).kind == "code"


@pytest.mark.parametrize(
    ("name", "values", "kind", "personal"),
    [
        ("x", ["13800000001", "15912345678", "18887654321"], "phone", "phone"),
        ("订单号", ["13800000001", "15912345678", "18887654321"], "integer", None),
        ("x", ["a@example.com", "b.c@example.org"], "email", "email"),
        ("x", ["张伟", "王芳", "李娜", "刘强", "陈静", "杨磊", "赵敏", "黄勇", "周杰"], "person_name", "name"),
        ("联系人", ["张伟", "王芳"], "person_name", "name"),
        ("manager", ["North", "South"], "text", None),
        ("manager", ["Cara Losch", "Rocco O'Neill", "Summer Sewald"], "person_name", "name"),
        ("product", ["Plus Basic", "Plus Pro", "Mega Special"], "text", None),
        ("x", ["CNY", "USD", "人民币", "美元"], "currency", None),
        ("x", ["是", "否", "是"], "boolean", None),
        ("x", ["https://example.com/a", "https://example.com/b"], "url", None),
        ("地址", ["中山路 1 号", "人民路 2 号"], "text", "text"),
        ("备注", ["请致电 13912345678 后再寄", "无异常", "已寄样册"], "text", "text"),
        ("x", ["11010519491231002X", "440524188001010014"], "code", "text"),
    ],
)
def test_kinds(name: str, values: list[str], kind: str, personal: str | None) -> None:
    found = profile(list(values), name)
    assert (found.kind, found.personal) == (kind, personal)


def test_tax_ids_are_known_by_their_check_character() -> None:
    assert profile(["91350100M000100Y43", "91110000600037341L"]).kind == "tax_id"
    assert profile(["91350100M000100Y44", "91110000600037342L"]).kind != "tax_id"


def test_udi_is_known_by_its_shape_and_check_digit() -> None:
    assert profile(["(01)06901234567892(10)LOT1", "(01)06901234567892(10)LOT2"]).kind == "udi"
    assert profile(["06901234567892", "00012345678905"]).kind == "udi"
    assert profile(["06901234567893", "00012345678906"]).kind == "code"


@pytest.mark.parametrize(
    ("values", "nulls"),
    [
        (["1", "2", "NULL"], ("NULL",)),
        (["1.5", "-", "2.5"], ("-",)),
        (["甲公司", "-", "无"], ()),  # in a text they may be meant
        (["甲公司", "N/A"], ("N/A",)),
    ],
)
def test_spellings_of_nothing(values: list[str], nulls: tuple[str, ...]) -> None:
    found = profile(values)
    assert found.nulls == nulls
    assert found.filled == len(values) - len(nulls)


def test_personal_samples_are_masked() -> None:
    assert mask("13800000000", "phone") == "138****0000"
    assert mask("张三丰", "name") == "张*"
    assert mask("ann@example.com", "email") == "a***@example.com"
    assert mask("上海市中山路 1 号", "text") == "*** (10)"
    shown = profile(["13800000001", "15912345678"]).samples
    assert shown == ("138****0001", "159****5678")


def test_numbers_within_any_text_are_masked() -> None:
    assert scrub("call 13912345678 or ann@example.com") == "call 139****5678 or a***@example.com"
    assert scrub("id 11010519491231002X") == "id 1101****"
    assert scrub("order 2024011300001234") == "order 2024011300001234"


def test_what_needs_no_value_map_is_what_the_mapping_reads() -> None:
    label = Label(en="x", zh="x")
    cast = cast_column(
        Column(name="b", type="boolean", label=label),
        ColumnRule("b", 1),
        "VARCHAR",
        Format(),
        Clock("UTC", "UTC"),
        x="x",
        p="p",
        v="v",
    )
    with duckdb.connect() as connection:
        for text, meaning in PLAIN_BOOLEANS.items():
            read = f"select {cast.value} from (select {cast.prepared} as p from (select ? as x))"
            assert connection.execute(read, [text]).fetchall() == [(meaning == "true",)], text
