"""SQL that turns one input into one contract type: exact, only by declared formats, never silently lossy."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from orchestration.lib.contract import Column
from orchestration.lib.mapping.model import ColumnRule, Format
from orchestration.lib.mapping.sql import literal, literals

_TIME_SIGN = re.compile(r"%-?[HIMSpfgnzZcX]")
_ZONE_SIGN = re.compile(r"%[zZ]")
_INTEGERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"}
_FLOATS = {"FLOAT", "DOUBLE"}
_NAIVE = {"TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"}
_AWARE = "TIMESTAMP WITH TIME ZONE"
_GROUP = "\\1"
_TRUE = ("true", "yes", "y", "t", "1", "是")
_FALSE = ("false", "no", "n", "f", "0", "否")
# Every whole number up to here has its own DOUBLE, so an id that was stored as one is still itself.
_EXACT_DOUBLE = 2**53


@dataclass(frozen=True)
class Cast:
    """SQL of one conversion.

    Attributes:
        prepared: over the input ``x``; becomes the column ``p``.
        value: over ``x`` and ``p``; becomes the column ``v``.
        lossy: a condition over ``x``, ``p`` and ``v``: the value does not hold what the input said.
    """

    prepared: str
    value: str
    lossy: str | None = None


@dataclass(frozen=True)
class Clock:
    """The zone that times without one are in, and the zone that business dates are in."""

    zone: str
    company_zone: str


def cast_column(
    column: Column, rule: ColumnRule, sql_type: str, form: Format, clock: Clock, *, x: str, p: str, v: str
) -> Cast:
    """How the input ``x`` of ``sql_type`` becomes ``column``; a value that cannot be converted becomes NULL."""
    kind = column.type
    if kind in {"key", "ref", "text", "currency"}:
        text = _text(kind, sql_type, x)
        return Cast(text, f"upper({p})" if kind == "currency" else p)
    if kind == "boolean":
        return _boolean(sql_type, x, p)
    if kind == "date":
        return _date(declared_formats(rule, column, form), sql_type, clock, x)
    if kind == "timestamp":
        return _timestamp(declared_formats(rule, column, form), sql_type, clock, x)
    return _number(column, rule, sql_type, form, x=x, p=p, v=v)


def declared_formats(rule: ColumnRule, column: Column, form: Format) -> tuple[str, ...]:
    """The date formats that apply: the column's own, else the object's, those of its own type first; then those that
    the kind of file writes by itself."""
    both = form.date + form.timestamp if column.type == "date" else form.timestamp + form.date
    return tuple(dict.fromkeys((*(rule.formats or both), *form.own_timestamps, *form.own_dates)))


def _text(kind: str, sql_type: str, x: str) -> str:
    if sql_type == "VARCHAR":
        return x
    if sql_type in _FLOATS and kind in {"key", "ref"}:
        # pandas stores whole-number ids with gaps as floats; 123.0 must still meet 123
        whole = f"{x} = trunc({x}) AND abs({x}) <= {_EXACT_DOUBLE}"
        return f"CASE WHEN {whole} THEN CAST(CAST({x} AS BIGINT) AS VARCHAR) ELSE CAST({x} AS VARCHAR) END"
    return f"CAST({x} AS VARCHAR)"


def _boolean(sql_type: str, x: str, p: str) -> Cast:
    if sql_type == "BOOLEAN":
        return Cast(x, p)
    words = f"CASE WHEN {p} IN ({literals(_TRUE)}) THEN true WHEN {p} IN ({literals(_FALSE)}) THEN false END"
    return Cast(f"lower(CAST({x} AS VARCHAR))", words)


def _number_text(sql_type: str, form: Format, x: str) -> str:
    """Plain ``-12.5`` text, or NULL when the input is not written as declared."""
    if sql_type in _FLOATS:
        # the shortest text that reads back as the same float is what the writer meant
        text = f"CAST({x} AS VARCHAR)"
        return f"CASE WHEN regexp_full_match({text}, '-?[0-9]+(\\.[0-9]+)?(e[+-]?[0-9]+)?') THEN {text} END"
    if sql_type != "VARCHAR":
        text = f"CAST({x} AS VARCHAR)"
        return f"CASE WHEN regexp_full_match({text}, '-?[0-9]+(\\.[0-9]+)?') THEN {text} END"
    text = x
    if form.signs:
        signs = "|".join(re.escape(sign) for sign in sorted(form.signs, key=len, reverse=True))
        before, after = rf"^([-+]?)\s*(?:{signs})\s*", rf"\s*(?:{signs})$"
        text = f"regexp_replace({text}, {literal(before)}, '{_GROUP}')"
        text = f"regexp_replace({text}, {literal(after)}, '')"
    point = re.escape(form.decimal)
    if form.thousands is not None:
        mark = re.escape(form.thousands)
        grouped = literal(rf"[+-]?[0-9]{{1,3}}({mark}[0-9]{{3}})+({point}[0-9]*)?")
        separator = literal(form.thousands)
        text = (
            f"CASE WHEN NOT contains({text}, {separator}) THEN {text} "
            f"WHEN regexp_full_match({text}, {grouped}) THEN replace({text}, {separator}, '') END"
        )
    plain = literal(rf"[+-]?([0-9]+({point}[0-9]*)?|{point}[0-9]+)")
    checked = f"CASE WHEN regexp_full_match({text}, {plain}) THEN {text} END"
    return checked if form.decimal == "." else f"replace({checked}, {literal(form.decimal)}, '.')"


def _number(column: Column, rule: ColumnRule, sql_type: str, form: Format, *, x: str, p: str, v: str) -> Cast:
    target = column.sql_type
    scale = column.scale or 0
    own_scale = _scale_of(sql_type)
    if own_scale is not None and own_scale <= scale and rule.multiply is None and not rule.invert:
        return Cast(x, f"TRY_CAST({p} AS {target})")
    text = _number_text(sql_type, form, x)
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
    if sql_type in _FLOATS:
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


def _parsed(x: str, formats: list[str]) -> str:
    # Without a digit it is no date; DuckDB would take the words 'epoch' and 'infinity' for one.
    return f"try_strptime(CASE WHEN regexp_matches({x}, '[0-9]') THEN {x} END, [{literals(formats)}])"


def _parsed_aware(x: str, formats: list[str]) -> str:
    # %z reads +08:00 but not the Z that ISO 8601 allows for +00:00
    return _parsed(f"regexp_replace({x}, '[Zz]$', '+00:00')", formats)


def _split(formats: tuple[str, ...]) -> tuple[list[str], list[str], list[str]]:
    """Formats of a day alone, of a time without a zone, and of a time with its own zone."""
    aware = [one for one in formats if _ZONE_SIGN.search(one)]
    timed = [one for one in formats if one not in aware and _TIME_SIGN.search(one)]
    return [one for one in formats if one not in aware and one not in timed], timed, aware


def _as_text(sql_type: str, x: str) -> str:
    return x if sql_type == "VARCHAR" else f"CAST({x} AS VARCHAR)"


def _to_utc(naive: str, zone: str) -> str:
    return naive if zone == "UTC" else f"timezone('UTC', timezone({literal(zone)}, {naive}))"


def _to_company_day(naive: str, clock: Clock) -> str:
    if clock.zone == clock.company_zone:
        return f"CAST({naive} AS DATE)"
    return f"CAST(timezone({literal(clock.company_zone)}, timezone({literal(clock.zone)}, {naive})) AS DATE)"


def _date(formats: tuple[str, ...], sql_type: str, clock: Clock, x: str) -> Cast:
    finite = f"CASE WHEN isfinite({x}) THEN {x} END"
    zone = literal(clock.company_zone)
    if sql_type == "DATE":
        return Cast(x, finite)
    if sql_type in _NAIVE:
        return Cast(x, _to_company_day(f"CAST({finite} AS TIMESTAMP)", clock))
    if sql_type == _AWARE:
        return Cast(x, f"CAST(timezone({zone}, {finite}) AS DATE)")
    text = _as_text(sql_type, x)
    days, timed, aware = _split(formats)
    if clock.zone == clock.company_zone:
        days, timed = days + timed, []
    parts = [f"CAST({_parsed(text, days)} AS DATE)"] if days else []
    parts += [_to_company_day(_parsed(text, timed), clock)] if timed else []
    parts += [f"CAST(timezone({zone}, {_parsed_aware(text, aware)}) AS DATE)"] if aware else []
    return Cast(x, f"coalesce({', '.join(parts)})")


def _timestamp(formats: tuple[str, ...], sql_type: str, clock: Clock, x: str) -> Cast:
    finite = f"CASE WHEN isfinite({x}) THEN {x} END"
    if sql_type == "DATE" or sql_type in _NAIVE:
        return Cast(x, _to_utc(f"CAST({finite} AS TIMESTAMP)", clock.zone))
    if sql_type == _AWARE:
        return Cast(x, f"timezone('UTC', {finite})")
    text = _as_text(sql_type, x)
    days, timed, aware = _split(formats)
    naive = timed + days
    parts = [_to_utc(_parsed(text, naive), clock.zone)] if naive else []
    parts += [f"timezone('UTC', {_parsed_aware(text, aware)})"] if aware else []
    return Cast(x, f"coalesce({', '.join(parts)})")
