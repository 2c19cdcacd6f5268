"""Any value in any declared writing is read exactly; any junk is read exactly or set aside - by a reader of its own.

The reader here is written from the reference page, with Python's Decimal and datetime, and knows nothing of the SQL.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal, localcontext

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.lib.contract import Column, load_contract
from orchestration.lib.mapping.casts import Clock, cast_column
from orchestration.lib.mapping.inputs import text_input
from orchestration.lib.mapping.model import ColumnRule, Format
from orchestration.lib.mapping.sql import cleaned

FORM = Format(thousands=",", signs=("¥", "元", "RMB"), date=("%Y-%m-%d", "%Y年%m月%d日", "%Y.%m.%d"))
SLOW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
DIGITS = "0123456789"
JUNK = st.text(alphabet=st.sampled_from("0123456789.,-+()%￥¥元万亿eE '　１２．，－（）RMBnainf#/年月日 "), max_size=14)


def column(kind: str) -> Column:
    """Some column of the contract of this type."""
    for entity in load_contract().entities.values():
        for one in entity.columns.values():
            if one.type == kind and not one.personal:
                return one
    raise LookupError(kind)


def read(kind: str, texts: list[str], form: Format = FORM) -> list[tuple[object, bool]]:
    """What the SQL makes of each text: the value, and whether it goes to quarantine."""
    one, rule = column(kind), ColumnRule("c", 1, column="raw")
    clock = Clock("Asia/Shanghai", "Asia/Shanghai")
    cast = cast_column(one, rule, "VARCHAR", form, clock, x="x", p="p", v="v")
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE t AS SELECT unnest(?::VARCHAR[]) AS raw", [texts])
        text = text_input(one, rule, "s")
        inner = f"SELECT {text} AS x FROM (SELECT {cleaned('raw', ())} AS s FROM t)"
        values = f"SELECT *, {cast.value} AS v FROM (SELECT *, {cast.prepared} AS p FROM ({inner}))"
        sql = f"SELECT v, x IS NOT NULL AND (v IS NULL OR {cast.lossy or 'false'}) FROM ({values})"
        return connection.execute(sql).fetchall()


def plain(text: str) -> str:
    """Full-width signs as their ASCII twins, invisible ones gone."""
    told = ""
    for char in text:
        is_wide = char in "　￥" or 0xFF01 <= ord(char) < 0xFF5F
        told += unicodedata.normalize("NFKC", char) if is_wide else char
    return told.replace("\u200b", "").strip(" ")


def number(text: str, scale: int, digits: int, *, is_rate: bool = False) -> Decimal | None:
    """The number a person reads, None if it is not written as declared or does not fit."""
    told = plain(text)
    told = re.sub(r"^([-+(]?)\s*(?:RMB|¥|元)\s*", r"\1", told)
    told = re.sub(r"\s*(?:RMB|¥|元)(\s*\)?)$", r"\1", told)
    negative = False
    for writing in (r"\(\s*([^-+()]+?)\s*\)", r"([^-+()]*[^-+()\s])\s*-"):
        if match := re.fullmatch(writing, told):
            told, negative = match[1], True
            break
    factor = Decimal(1)
    for unit, size in (("万", "10000"), ("亿", "100000000"), ("%", "0.01")):
        if told.endswith(unit) and (unit != "%" or is_rate):
            told, factor = told[:-1].rstrip(" "), Decimal(size)
            break
    if "," in told:
        if not re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?", told, re.ASCII):
            return None
        told = told.replace(",", "")
    if not re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)", told, re.ASCII):
        return None
    if factor != 1 and not re.fullmatch(r"[+-]?\d{1,18}(\.\d{0,8})?", told, re.ASCII):
        return None
    with localcontext(prec=100):
        value = Decimal(told) * factor * (-1 if negative else 1)
        if value != round(value, scale) or abs(value) >= Decimal(10) ** (digits - scale):
            return None
    return value


@pytest.mark.parametrize(("kind", "scale", "digits"), [("money", 2, 18), ("quantity", 4, 18), ("rate", 8, 18)])
@SLOW
@given(junk=st.lists(JUNK, min_size=60, max_size=60))
def test_junk_is_read_as_a_person_would_or_set_aside(kind: str, scale: int, digits: int, junk: list[str]) -> None:
    sizes = re.fullmatch(r"DECIMAL\((\d+), ?(\d+)\)", column(kind).sql_type)
    assert sizes is not None
    digits, scale = int(sizes[1]), int(sizes[2])
    for text, (value, is_bad) in zip(junk, read(kind, junk), strict=True):
        expected = number(text, scale, digits, is_rate=kind == "rate")
        if plain(text.strip(" \t\r\n\u3000")) == "":
            assert (value, is_bad) == (None, False), text
        elif expected is None:
            assert is_bad, (text, value)
        else:
            assert (value, is_bad) == (expected, False), text


def wide(text: str) -> str:
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text)


WRITINGS: dict[str, Callable[[Decimal], str]] = {
    "plain": lambda one: f"{one:f}",
    "thousands": lambda one: f"{one:,f}",
    "full-width": lambda one: wide(f"{one:,f}"),
    "brackets": lambda one: f"({-one:,f})" if one < 0 else f"{one:f}",
    "trailing minus": lambda one: f"{-one:f}-" if one < 0 else f" {one:f}\u3000",
    "sign before": lambda one: f"-¥ {-one:,f}" if one < 0 else f"¥{one:,f}",
    "sign behind": lambda one: f"{one:f} 元",
    "ten thousands": lambda one: f"{one / 10000:f}万",
}


@pytest.mark.parametrize("writing", WRITINGS)
@SLOW
@given(values=st.lists(st.decimals(-(10**12), 10**12, places=2), min_size=30, max_size=30))
def test_any_amount_in_any_writing_is_read_exactly(writing: str, values: list[Decimal]) -> None:
    values = [value + 0 for value in values]  # no negative zero
    texts = [WRITINGS[writing](value) for value in values]
    assert read("money", texts) == [(value, False) for value in values]


DAYS: dict[str, tuple[Callable[[date], str], str]] = {
    "iso": (lambda day: day.isoformat(), "%Y-%m-%d"),
    "chinese": (lambda day: f"{day.year}年{day.month}月{day.day}日", "%Y年%m月%d日"),
    "dots": (lambda day: f"{day.year}.{day.month}.{day.day}", "%Y.%m.%d"),
    "slashes, month first": (lambda day: f"{day.month:02}/{day.day:02}/{day.year}", "%m/%d/%Y"),
    "packed": (lambda day: f"{day:%Y%m%d}", "%Y%m%d"),
    "full-width": (lambda day: wide(day.isoformat()), "%Y-%m-%d"),
    "excel": (lambda day: str((day - date(1899, 12, 30)).days), "excel_1900"),
    "excel 1904": (lambda day: str((day - date(1904, 1, 1)).days), "excel_1904"),
}


@pytest.mark.parametrize("writing", DAYS)
@SLOW
@given(days=st.lists(st.dates(date(1905, 1, 1), date(2199, 12, 31)), min_size=30, max_size=30))
def test_any_day_in_any_writing(writing: str, days: list[date]) -> None:
    write, form = DAYS[writing]
    assert read("date", [write(day) for day in days], Format(date=(form,))) == [(day, False) for day in days]


@SLOW
@given(moments=st.lists(st.datetimes(datetime(2001, 9, 9, 2), datetime(2199, 1, 1)), min_size=30, max_size=30))
def test_any_moment_as_a_number(moments: list[datetime]) -> None:
    seconds = [moment.replace(microsecond=0) for moment in moments]
    start = datetime(1970, 1, 1)
    texts = [str(int((moment - start).total_seconds())) for moment in seconds]
    assert read("timestamp", texts, Format(timestamp=("epoch_s",))) == [(moment, False) for moment in seconds]
    milli = [moment.replace(microsecond=moment.microsecond // 1000 * 1000) for moment in moments]
    texts = [str((moment - start) // timedelta(milliseconds=1)) for moment in milli]
    assert read("timestamp", texts, Format(timestamp=("epoch_ms",))) == [(moment, False) for moment in milli]


@SLOW
@given(junk=st.lists(JUNK, min_size=60, max_size=60))
def test_junk_dates_are_days_that_exist_or_set_aside(junk: list[str]) -> None:
    patterns = (r"(\d{4})-(\d{1,2})-(\d{1,2})", r"(\d{4})年(\d{1,2})月(\d{1,2})日", r"(\d{4})\.(\d{1,2})\.(\d{1,2})")
    for text, (value, is_bad) in zip(junk, read("date", junk), strict=True):
        told = plain(text.strip(" \u3000"))
        match = next((found for one in patterns if (found := re.fullmatch(one, told, re.ASCII))), None)
        if told == "":
            assert (value, is_bad) == (None, False)
        elif value is not None:
            assert not is_bad
            if match:
                assert value == date(int(match[1]), int(match[2]), int(match[3])), text
        else:
            assert is_bad, text


@SLOW
@given(keys=st.lists(st.text(alphabet="AB09-_/（）订单", min_size=1, max_size=12), min_size=30, max_size=30))
def test_ids_keep_every_character_but_its_width(keys: list[str]) -> None:
    texts = [f"\u3000{wide(key)}\u200b " for key in keys]
    assert read("key", texts) == [(plain(key), False) for key in keys]
