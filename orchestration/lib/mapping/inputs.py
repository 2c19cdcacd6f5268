"""What is done to the text of a cell before it is read: unambiguous, and the same for every type but free text.

Full-width digits, letters and signs are their ASCII twins (a Chinese keyboard writes both), invisible characters are
nothing. Free text and names keep every character.
"""

from __future__ import annotations

from orchestration.lib.contract import Column
from orchestration.lib.mapping.model import ColumnRule
from orchestration.lib.mapping.sql import literal, literals

_WIDE = "".join(chr(code) for code in range(0xFF01, 0xFF5F)) + "\u3000\u00a0\u2007\u202f\uffe5\u2212\u2013"
_PLAIN = "".join(chr(code) for code in range(0x21, 0x7F)) + "    ¥--"
_INVISIBLE = "\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\ufeff"
# The words of a spreadsheet for "this cell could not be worked out".
ERROR_WORDS = (
    "#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#SPILL!", "#CALC!", "#GETTING_DATA",
)  # fmt: skip


def fold(text: str) -> str:
    """Python's side of :func:`folded`, for what stands in a mapping."""
    table = {ord(wide): plain for wide, plain in zip(_WIDE, _PLAIN, strict=True)}
    return text.translate(table | dict.fromkeys(map(ord, _INVISIBLE))).strip(" ")


def folded(x: str) -> str:
    """SQL of the text with plain characters; text of plain characters only, nearly all of it, is not touched."""
    plain = f"translate({x}, {literal(_WIDE + _INVISIBLE)}, {literal(_PLAIN)})"
    return f"CASE WHEN strlen({x}) = length({x}) THEN {x} ELSE nullif(trim({plain}), '') END"


def text_input(column: Column, rule: ColumnRule, x: str) -> str:
    """SQL of the text ``x`` of a cell as the casts of ``column`` read it."""
    sql = x if column.type == "text" else folded(x)
    if rule.null_values:
        sql = f"(CASE WHEN {sql} NOT IN ({literals(fold(value) for value in rule.null_values)}) THEN {sql} END)"
    if rule.zero_pad is not None:
        short = f"length({sql}) < {rule.zero_pad} AND regexp_full_match({sql}, '[0-9]+')"
        sql = f"CASE WHEN {short} THEN lpad({sql}, {rule.zero_pad}, '0') ELSE {sql} END"
    return sql
