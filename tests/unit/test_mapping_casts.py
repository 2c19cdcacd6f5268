"""Conversions, value by value: what is taken, as what, and what is refused rather than bent."""

from __future__ import annotations

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import duckdb
import pytest

from orchestration.lib.contract import Column, Label
from orchestration.lib.mapping.casts import Clock, cast_column
from orchestration.lib.mapping.model import ColumnRule, Format
from orchestration.lib.mapping.sql import BLANKS, cleaned, literal

SHANGHAI = Clock("Asia/Shanghai", "Asia/Shanghai")
LOSSY = "lossy"


def convert(
    kind: str,
    source: str,
    *,
    sql_type: str = "VARCHAR",
    form: Format | None = None,
    clock: Clock = SHANGHAI,
    **rule: Any,
) -> Any:
    """What becomes of one input (an SQL expression); the word ``lossy`` when it would lose something."""
    entity = "customer" if kind == "ref" else None
    column = Column.model_validate({"name": "c", "type": kind, "label": Label(en="c", zh="c"), "entity": entity})
    cast = cast_column(column, ColumnRule("c", 1, **rule), sql_type, form or Format(), clock, x="x", p="p", v="v")
    sql = (
        f"SELECT v, {cast.lossy or 'false'} FROM (SELECT *, {cast.value} AS v FROM (SELECT *, {cast.prepared} AS p "
        f"FROM (SELECT CAST({source} AS {sql_type}) AS x)))"
    )
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'America/New_York'")  # must not matter
        value, lossy = connection.execute(sql).fetchall()[0]
    return LOSSY if lossy else value


def text(kind: str, value: str, **options: Any) -> Any:
    return convert(kind, literal(value), **options)


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("rate", "0.16384", Decimal("6.10351563")),  # 6.103515625: half up
        ("rate", "7.1234", Decimal("0.14038240")),
        ("rate", "3", Decimal("0.33333333")),
        ("rate", "-1.5", Decimal("-0.66666667")),
        ("rate", "0.00000001", Decimal("100000000.00000000")),
        ("rate", "0.00000000001", None),  # 100000000000 is more than a rate holds
        ("rate", "1000000000", LOSSY),  # 0.000000001 would show as 0
        ("rate", "0", None),
        ("rate", "x", None),
        ("price", "8", Decimal("0.125000")),
    ],
)
def test_inverse(kind: str, value: str, expected: Any) -> None:
    assert text(kind, value, invert=True) == expected


def test_inverse_agrees_with_whole_number_arithmetic() -> None:
    for number in range(1, 2000, 37):
        value = Decimal(number).scaleb(-4)
        expected = (Decimal(1) / value).quantize(Decimal("1e-8"), ROUND_HALF_UP)
        assert text("rate", str(value), invert=True) == expected


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("money", "12.5", Decimal("12.50")),
        ("money", "-0.01", Decimal("-0.01")),
        ("money", "+7", Decimal("7.00")),
        ("money", "12.500000", Decimal("12.50")),
        ("money", "12.505", LOSSY),
        ("money", "12.500000000000000000000000000000000000001", LOSSY),
        ("money", "9999999999999999.99", Decimal("9999999999999999.99")),
        ("money", "10000000000000000", None),  # more than DECIMAL(18,2) holds
        ("money", "1,234.50", None),  # no thousands sign was declared
        ("money", "¥5", None),
        ("money", "1_000", None),
        ("money", "1e3", None),
        ("money", "1.2E+17", None),
        ("money", "NaN", None),
        ("money", "inf", None),
        ("money", "１２", None),
        ("money", "(5)", Decimal("-5.00")),
        ("money", "#REF!", None),
        ("price", "0.1234567", LOSSY),
        ("price", "0.123456", Decimal("0.123456")),
        ("quantity", "3", Decimal("3.0000")),
        ("rate", "7.12345678", Decimal("7.12345678")),
        ("integer", "42", 42),
        ("integer", "42.0", 42),
        ("integer", "42.5", LOSSY),
        ("integer", "9223372036854775807", 9223372036854775807),
        ("integer", "9223372036854775808", None),
        ("boolean", "TRUE", True),
        ("boolean", "否", False),
        ("boolean", "maybe", None),
        ("currency", "cny", "CNY"),
        ("key", "00123", "00123"),
    ],
)
def test_text(kind: str, value: str, expected: Any) -> None:
    assert text(kind, value) == expected


def test_declared_signs_and_separators() -> None:
    chinese = Format(thousands=",", signs=("¥", "￥", "元"))
    for written, expected in (
        ("1,234,567.80", "1234567.80"),
        ("¥1,234.5", "1234.50"),
        ("-￥ 12", "-12.00"),
        ("12元", "12.00"),
        ("1234.5", "1234.50"),
    ):
        assert text("money", written, form=chinese) == Decimal(expected), written
    for wrong in ("1,23", "12,34,567", ",5", "1,2345", "元"):
        assert text("money", wrong, form=chinese) is None, wrong
    german = Format(decimal=",", thousands=".")
    assert text("money", "1.234,56", form=german) == Decimal("1234.56")
    assert text("money", "1.234", form=german) == Decimal("1234.00")
    assert text("money", "1.23", form=german) is None
    assert text("money", "0,005", form=german) == LOSSY


def test_rounding_only_when_asked_and_half_away_from_zero() -> None:
    assert text("money", "12.505", round_half_up=True) == Decimal("12.51")
    assert text("money", "-12.505", round_half_up=True) == Decimal("-12.51")
    assert text("money", "12.50499999999999999999999999999999999", round_half_up=True) == Decimal("12.50")


def test_multiply_is_exact() -> None:
    assert text("money", "1.2345", multiply=Decimal(10000)) == Decimal("12345.00")  # 万元
    assert text("money", "1.2345678", multiply=Decimal(10000)) == LOSSY  # 12345.678
    assert text("money", "1.2345678", multiply=Decimal(10000), round_half_up=True) == Decimal("12345.68")
    assert text("money", "100.10", multiply=Decimal(-1)) == Decimal("-100.10")
    assert text("rate", "13", multiply=Decimal("0.01")) == Decimal("0.13")
    assert text("money", "9999999999999999", multiply=Decimal(10000)) is None
    assert text("money", "0.0000000019", multiply=Decimal(10000)) == LOSSY  # finer than the factor can be applied to


def test_doubles_go_through_their_shortest_text() -> None:
    double = "DOUBLE"
    assert convert("money", "0.1", sql_type=double) == Decimal("0.10")
    assert convert("money", "123456789.12", sql_type=double) == Decimal("123456789.12")
    assert (
        convert("money", "CAST(0.1 AS DOUBLE) + CAST(0.2 AS DOUBLE)", sql_type=double) == LOSSY
    )  # 0.30000000000000004
    assert convert("money", "1e-30", sql_type=double) == LOSSY
    assert convert("money", "1e15", sql_type=double) == Decimal("1000000000000000.00")
    assert convert("money", "1e30", sql_type=double) is None
    assert convert("money", "'nan'", sql_type=double) is None
    assert convert("rate", "1e-05", sql_type=double) == Decimal("0.00001000")
    assert convert("integer", "3", sql_type=double) == 3
    assert convert("integer", "3.5", sql_type=double) == LOSSY
    assert convert("key", "123", sql_type=double) == "123"  # pandas' ids with gaps
    assert convert("key", "6.22e17", sql_type=double) == "6.22e+17"  # digits are lost already: do not invent them
    assert convert("money", "1.5", sql_type="FLOAT") == Decimal("1.50")


def test_native_types() -> None:
    assert convert("money", "1.25", sql_type="DECIMAL(9,2)") == Decimal("1.25")
    assert convert("money", "1.250", sql_type="DECIMAL(9,3)") == Decimal("1.25")
    assert convert("money", "1.255", sql_type="DECIMAL(9,3)") == LOSSY
    assert convert("money", "7", sql_type="INTEGER") == Decimal("7.00")
    assert convert("key", "7", sql_type="BIGINT") == "7"
    assert convert("date", "'2026-01-03'", sql_type="DATE") == date(2026, 1, 3)
    assert convert("timestamp", "'2026-01-03'", sql_type="DATE") == datetime(2026, 1, 2, 16)
    assert convert("timestamp", "'2026-01-03 10:00'", sql_type="TIMESTAMP") == datetime(2026, 1, 3, 2)
    assert convert("timestamp", "'2026-01-03 10:00+00'", sql_type="TIMESTAMP WITH TIME ZONE") == datetime(
        2026, 1, 3, 10
    )
    assert convert("date", "'2026-01-03 17:00+00'", sql_type="TIMESTAMP WITH TIME ZONE") == date(2026, 1, 4)
    assert convert("date", "'infinity'", sql_type="DATE") is None
    assert convert("date", "20260103", sql_type="INTEGER", formats=("%Y%m%d",)) == date(2026, 1, 3)
    assert convert("boolean", "true", sql_type="BOOLEAN") is True
    assert convert("money", "true", sql_type="BOOLEAN") is None


@pytest.mark.parametrize(
    ("kind", "value", "formats", "expected"),
    [
        ("date", "2026-01-03", (), date(2026, 1, 3)),
        ("date", "2026-01-03 23:30:00", (), date(2026, 1, 3)),  # the object's timestamp formats count too
        ("date", "2026-02-30", (), None),
        ("date", "2026/01/03", (), None),
        ("date", "2026年1月3日", ("%Y年%m月%d日",), date(2026, 1, 3)),
        ("date", "03.04.2026", ("%d.%m.%Y",), date(2026, 4, 3)),
        ("date", "0000-00-00", (), None),
        ("date", "epoch", (), None),
        ("date", "infinity", (), None),
        ("date", "46000", (), None),
        ("timestamp", "2026-01-03 10:20:30", (), datetime(2026, 1, 3, 2, 20, 30)),
        ("timestamp", "2026-01-03", (), datetime(2026, 1, 2, 16)),  # midnight in Shanghai
        ("timestamp", "2026-01-03T10:20Z", ("%Y-%m-%dT%H:%M%z", "%Y-%m-%d"), datetime(2026, 1, 3, 10, 20)),
        ("timestamp", "2026-01-03T10:20+08:00", ("%Y-%m-%dT%H:%M%z", "%Y-%m-%d"), datetime(2026, 1, 3, 2, 20)),
        ("timestamp", "2026-01-03", ("%Y-%m-%dT%H:%M%z", "%Y-%m-%d"), datetime(2026, 1, 2, 16)),
        ("timestamp", "1986-07-01 12:00:00", (), datetime(1986, 7, 1, 3)),  # summer time in Shanghai then
        ("timestamp", "2026-01-03 10:20:30.5", (), None),
    ],
)
def test_dates(kind: str, value: str, formats: tuple[str, ...], expected: Any) -> None:
    assert text(kind, value, formats=formats) == expected


def test_business_day_is_the_company_s() -> None:
    new_york = Clock("America/New_York", "Asia/Shanghai")
    assert text("date", "2026-01-03 12:30:00", clock=new_york) == date(2026, 1, 4)  # 01:30 in Shanghai
    assert text("date", "2026-01-03", clock=new_york) == date(2026, 1, 3)  # a day is a day
    assert text("timestamp", "2026-01-03 12:30:00", clock=new_york) == datetime(2026, 1, 3, 17, 30)
    assert convert("date", "'2026-01-03 12:30'", sql_type="TIMESTAMP", clock=new_york) == date(2026, 1, 4)


def test_cleaning() -> None:
    with duckdb.connect() as connection:

        def clean(value: str, nulls: tuple[str, ...] = ("",)) -> Any:
            return connection.execute(f"SELECT {cleaned('x', nulls)} FROM (SELECT ? AS x)", [value]).fetchall()[0][0]

        assert clean("\u3000A 1\u00a0\t") == "A 1"
        assert clean("\ufeffA\u200b") == "A"
        assert clean("A") == "A"
        assert clean("") is None
        assert clean(BLANKS) is None
        assert clean(" - ", ("", "-", "NULL")) is None
        assert clean("NULL", ("", "-", "NULL")) is None
        assert clean("NULLS", ("", "-", "NULL")) == "NULLS"
