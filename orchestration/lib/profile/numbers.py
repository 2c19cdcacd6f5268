"""How numbers are written: decimal and thousands sign, currency and per cent signs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

import duckdb

from orchestration.lib.mapping.sql import literal
from orchestration.lib.profile.model import NumberStyle

# Longest first, so that R$ is not read as R and $.
SIGNS = (
    "人民币",
    "万元",
    "RMB",
    "CNY",
    "USD",
    "EUR",
    "GBP",
    "HKD",
    "JPY",
    "US$",
    "HK$",
    "R$",
    "元",
    "¥",
    "￥",
    "$",
    "€",
    "£",
    "%",
    "％",
)
CHANGING = ("万元", "%", "％")  # a number with one of these is another number than without
# decimal sign, thousands sign; what a plain reading allows comes first
_WAYS: tuple[tuple[str, str | None], ...] = (
    (".", None),
    (".", ","),
    (".", " "),
    (".", "'"),
    (".", "，"),
    (",", None),
    (",", "."),
    (",", " "),
)
_LONGEST = 18  # digits of a number; what is longer is a code


def looks_numeric(some: Sequence[str]) -> bool:
    """Whether most values could be numbers, in one way of writing or another."""
    digits = sum(bool(re.fullmatch(r"\D{0,4}[+-]?[0-9][0-9.,' ，]*\D{0,3}", value)) for value in some)
    return bool(some) and digits >= 0.9 * len(some)


def find_style(
    connection: duckdb.DuckDBPyConnection, table: str, some: Sequence[str]
) -> tuple[NumberStyle, float, NumberStyle | None] | None:
    """The way of writing that reads most values of ``v``/``n`` in ``table``: style, share, and a rival if there is one.

    A rival reads as many values, but as other numbers: ``1,234`` alone may be 1234 or 1.234.
    """
    signs = tuple(sign for sign in SIGNS if _belongs(sign, some))
    found: list[tuple[float, int, NumberStyle]] = []
    for number, (decimal, thousands) in enumerate(_WAYS):
        if thousands is not None and not any(thousands in value for value in some):
            continue
        if decimal == "," and not any("," in value for value in some):
            continue
        text = plain_number(signs, decimal, thousands)
        share, least, most, decimals = connection.execute(
            f"select sum(n) filter (p is not null) / sum(n), min(try_cast(p as decimal(38,12))), "
            f"max(try_cast(p as decimal(38,12))), max(length(split_part(p, '.', 2))) "
            f"from (select n, {text} as p from {table})"
        ).fetchall()[0]
        if share:
            style = NumberStyle(decimal, thousands, signs, int(decimals or 0), _trimmed(least), _trimmed(most))
            found.append((float(share), -number, style))
    if not found:
        return None
    share, order, style = max(found, key=lambda one: one[:2])
    rivals = [
        other
        for other_share, other_order, other in found
        if other_share == share
        and other_order != order
        and (other.minimum, other.maximum) != (style.minimum, style.maximum)
    ]
    return style, share, rivals[0] if rivals else None


def _belongs(sign: str, some: Sequence[str]) -> bool:
    """Whether a sign is part of how the column is written. One that changes the value counts only if all have it."""
    longer = [one for one in SIGNS if sign in one and one != sign]  # 12万元 is not written with 元
    count = sum(sign in value and not any(one in value for one in longer) for value in some)
    return count == len(some) if sign in CHANGING else count > 0


def plain_number(signs: Sequence[str], decimal: str, thousands: str | None) -> str:
    """SQL of a value ``v`` as plain ``-12.5`` text, NULL when it is not written in this way."""
    text = "v"
    if signs:
        one = "|".join(re.escape(sign) for sign in signs)
        before = literal(rf"^([-+]?)\s*(?:{one})\s*")
        after = literal(rf"\s*(?:{one})$")
        text = f"regexp_replace(regexp_replace(v, {before}, '\\1'), {after}, '')"
    point = re.escape(decimal)
    whole = "[0-9]{1,18}"
    if thousands is not None:
        mark = re.escape(thousands)
        whole = f"(?:[0-9]{{1,18}}|[0-9]{{1,3}}(?:{mark}[0-9]{{3}}){{1,5}})"
    pattern = rf"[+-]?(?:{whole}(?:{point}[0-9]*)?|{point}[0-9]+)"
    checked = f"case when regexp_full_match({text}, {literal(pattern)}) then {text} end"
    if thousands is not None:
        checked = f"replace({checked}, {literal(thousands)}, '')"
    return checked if decimal == "." else f"replace({checked}, ',', '.')"


def _trimmed(value: Decimal | None) -> Decimal | None:
    if value is None:
        return None
    return value.quantize(Decimal(1)) if value == value.to_integral_value() else value.normalize()
