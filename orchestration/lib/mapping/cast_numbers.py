"""Numbers: read exactly, in every writing that can mean only one thing."""

from __future__ import annotations

import re
from decimal import Decimal

from orchestration.lib.contract import Column
from orchestration.lib.mapping.cast_model import FLOATS, Cast
from orchestration.lib.mapping.inputs import fold
from orchestration.lib.mapping.model import ColumnRule, Format
from orchestration.lib.mapping.sql import literal

_INTEGERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"}
_GROUP = "\\1"
_PLAIN = r"[+-]?[0-9]+(\.[0-9]+)?"
_BEFORE = "<before>"  # in a step: what the step before made


def _number_text(column: Column, rule: ColumnRule, sql_type: str, form: Format, x: str) -> str:
    """Plain ``-12.5`` text, or NULL when the input is not written as declared."""
    if sql_type in FLOATS:
        # the shortest text that reads back as the same float is what the writer meant
        text = f"CAST({x} AS VARCHAR)"
        return f"CASE WHEN regexp_full_match({text}, '-?[0-9]+(\\.[0-9]+)?(e[+-]?[0-9]+)?') THEN {text} END"
    if sql_type != "VARCHAR":
        text = f"CAST({x} AS VARCHAR)"
        return f"CASE WHEN regexp_full_match({text}, '-?[0-9]+(\\.[0-9]+)?') THEN {text} END"
    written = _written(column, form, x, has_units=rule.multiply is None and not rule.invert)
    if form.decimal != ".":
        return written
    # nearly every number is written plainly: those pay for one look
    return f"CASE WHEN regexp_full_match({x}, {literal(_PLAIN)}) THEN {x} ELSE {written} END"


def _written(column: Column, form: Format, x: str, *, has_units: bool) -> str:
    """The number behind signs, separators, brackets and units; a chain of texts, each naming the one before.

    Args:
        has_units: 万, 亿 and (for rates) % count; not where the mapping has a factor itself: they would count twice.
    """
    steps = [x]
    if form.signs:
        written = {text for sign in form.signs for text in (sign, fold(sign)) if text}
        signs = "|".join(re.escape(text) for text in sorted(written, key=lambda text: (-len(text), text)))
        before, after = rf"^([-+(]?)\s*(?:{signs})\s*", rf"\s*(?:{signs})(\s*[)]?)$"
        steps.append(f"regexp_replace({_BEFORE}, {literal(before)}, '{_GROUP}')")
        steps.append(f"regexp_replace({_BEFORE}, {literal(after)}, '{_GROUP}')")
    # (12.50) and 12.50- are how ledgers write what is owed the other way; a second sign beside them makes no sense
    steps.append(rf"regexp_replace({_BEFORE}, '^\(\s*([^-+()]+?)\s*\)$', '-{_GROUP}')")
    steps.append(rf"regexp_replace({_BEFORE}, '^([^-+()]*[^-+()\s])\s*-$', '-{_GROUP}')")
    point = re.escape(form.decimal)
    if form.thousands is not None:
        sign = fold(form.thousands) or form.thousands
        mark = re.escape(sign)
        units = "[万亿]?" if form.decimal == "." else ""
        grouped = literal(rf"[+-]?[0-9]{{1,3}}({mark}[0-9]{{3}})+({point}[0-9]*)?\s*{units}%?")
        separator = literal(sign)
        steps.append(
            f"CASE WHEN NOT contains({_BEFORE}, {separator}) THEN {_BEFORE} "
            f"WHEN regexp_full_match({_BEFORE}, {grouped}) THEN replace({_BEFORE}, {separator}, '') END"
        )
    plain = rf"[+-]?([0-9]+({point}[0-9]*)?|{point}[0-9]+)"
    last = f"CASE WHEN regexp_full_match({_BEFORE}, {literal(plain)}) THEN {_BEFORE}"
    if form.decimal == "." and has_units:
        factors = {"万": "10000", "亿": "100000000"}
        if column.type == "rate":
            factors["%"] = "0.01"
        for unit, factor in factors.items():
            # at most 18 digits and 8 decimals: then the product is exact, and with more it is not taken at all
            number = rf"[+-]?[0-9]{{1,18}}(\.[0-9]{{0,8}})?\s*{unit}"
            bare = f"rtrim(rtrim({_BEFORE}, {literal(unit)}))"
            scaled = f"TRY(CAST({bare} AS DECIMAL(28,8)) * CAST({factor} AS DECIMAL(11,2)))"
            last += f" WHEN regexp_full_match({_BEFORE}, {literal(number)}) THEN CAST({scaled} AS VARCHAR)"
    steps.append(last + " END")
    sql = steps[0]
    for step in steps[1:]:
        # a text that a step names several times is worked out once: a list of one and a lambda bind it to a name
        if step.count(_BEFORE) == 1:
            sql = step.replace(_BEFORE, sql)
        else:
            sql = f"list_transform([{sql}], lambda t : {step.replace(_BEFORE, 't')})[1]"
    return sql if form.decimal == "." else f"replace({sql}, {literal(form.decimal)}, '.')"


def cast_number(column: Column, rule: ColumnRule, sql_type: str, form: Format, *, x: str, p: str, v: str) -> Cast:
    """How ``x`` becomes a number of the column's type."""
    target = column.sql_type
    scale = column.scale or 0
    own_scale = _scale_of(sql_type)
    if own_scale is not None and own_scale <= scale and rule.multiply is None and not rule.invert:
        return Cast(x, f"TRY_CAST({p} AS {target})")
    text = _number_text(column, rule, sql_type, form, x)
    exact = "DECIMAL(38,18)"
    if rule.invert:
        return _inverse(text, target, scale, p=p, v=v)
    if rule.multiply is not None:
        # DECIMAL(24,8) × DECIMAL(14,8) is DECIMAL(38,16): the product is exact or overflows, which TRY makes NULL
        factor = f"CAST({literal(format(rule.multiply, 'f'))} AS DECIMAL(14,8))"
        product = f"TRY(TRY_CAST({p} AS DECIMAL(24,8)) * {factor})"
        cut = f"TRY_CAST({p} AS DECIMAL(24,8)) IS DISTINCT FROM TRY_CAST({p} AS {exact}) OR {_too_fine(p, 18)}"
        lossy = f"({v} IS NOT NULL AND ({cut}" + ("))" if rule.round_half_up else f" OR {product} <> {v}))")
        return Cast(text, f"TRY_CAST({product} AS {target})", lossy)
    value = f"TRY_CAST({p} AS {target})"
    if rule.round_half_up:
        return Cast(text, value)
    if sql_type in FLOATS:
        # the text may have an exponent, so compare values; a value too small for both is told by being zero
        lossy = f"(TRY_CAST({p} AS {exact}) IS DISTINCT FROM CAST({v} AS {exact}) OR ({v} = 0 AND {x} <> 0))"
        return Cast(text, value, f"({v} IS NOT NULL AND {lossy})")
    return Cast(text, value, f"({v} IS NOT NULL AND {_too_fine(p, scale)})")


def _inverse(text: str, target: str, scale: int, *, p: str, v: str) -> Cast:
    """1 divided by the number, rounded half up, in whole numbers throughout: a DOUBLE would not be exact.

    The number is n / 10^18, so 1 divided by it has 10^(18 + scale) / n units of the last place.
    """
    units = f"TRY(CAST(replace(CAST(TRY_CAST({p} AS DECIMAL(38,18)) AS VARCHAR), '.', '') AS HUGEINT))"
    whole = f"CAST('{2 * 10 ** (18 + scale)}' AS HUGEINT)"
    size = f"TRY(({whole} + abs({units})) // nullif(2 * abs({units}), 0))"
    signed = f"CASE WHEN {units} < 0 THEN -{size} ELSE {size} END"
    last_place = f"CAST('{format(Decimal(1).scaleb(-scale), 'f')}' AS DECIMAL({scale + 1},{scale}))"
    value = f"TRY_CAST(TRY(CAST({signed} AS DECIMAL(28,0)) * {last_place}) AS {target})"
    # cut off when read, or too small to show
    return Cast(text, value, f"({v} IS NOT NULL AND ({_too_fine(p, 18)} OR {v} = 0))")


def _too_fine(p: str, scale: int) -> str:
    """More decimals than ``scale``, not counting trailing zeros."""
    return f"regexp_matches({p}, '[.][0-9]{{{scale}}}[0-9]*[1-9]')"


def _scale_of(sql_type: str) -> int | None:
    if sql_type in _INTEGERS:
        return 0
    match = re.fullmatch(r"DECIMAL\(\d+,\s*(\d+)\)", sql_type)
    return int(match.group(1)) if match else None
