"""Dates and times: read by the declared formats alone."""

from __future__ import annotations

import re

from orchestration.lib.contract import Column
from orchestration.lib.mapping.cast_model import Cast, Clock
from orchestration.lib.mapping.expression import SERIALS
from orchestration.lib.mapping.inputs import fold
from orchestration.lib.mapping.model import ColumnRule, Format
from orchestration.lib.mapping.sql import literal, literals

_TIME_SIGN = re.compile(r"%-?[HIMSpfgnzZcX]")
_ZONE_SIGN = re.compile(r"%[zZ]")
_NAIVE = {"TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"}
_AWARE = "TIMESTAMP WITH TIME ZONE"


def declared_formats(rule: ColumnRule, column: Column, form: Format) -> tuple[str, ...]:
    """The date formats that apply: the column's own, else the object's, those of its own type first; then those that
    the kind of file writes by itself."""
    both = form.date + form.timestamp if column.type == "date" else form.timestamp + form.date
    # as written in the mapping; the cell's own full-width signs are plain ones by then
    return tuple(dict.fromkeys((*(rule.formats or both), *form.own_timestamps, *form.own_dates)))


def _parsed(x: str, formats: list[str]) -> str:
    # Without a digit it is no date; DuckDB would take the words 'epoch' and 'infinity' for one.
    return f"try_strptime(CASE WHEN regexp_matches({x}, '[0-9]') THEN {x} END, [{literals(formats)}])"


def _parsed_aware(x: str, formats: list[str]) -> str:
    # %z reads +08:00 but not the Z that ISO 8601 allows for +00:00
    return _parsed(f"regexp_replace({x}, '[Zz]$', '+00:00')", formats)


def _split(declared: tuple[str, ...]) -> tuple[list[str], list[str], list[str]]:
    """Formats of a day alone, of a time without a zone, and of a time with its own zone."""
    formats = [fold(one) for one in declared if one not in SERIALS]
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


def _serial(name: str, x: str) -> str:
    """SQL of the wall-clock (excel) or UTC (epoch) time without a zone; NULL for what is no such number."""
    if name.startswith("excel"):
        # 1900 counts a 29 February that never was: from serial 61 on the start is 1899-12-30; below nobody can tell.
        # In the calendar of 1904 an empty cell is 0, its first day: no business was done on it.
        start, least = ("1899-12-30", 61) if name == "excel_1900" else ("1904-01-01", 1)
        number = f"CAST({x} AS DECIMAL(28,10))"
        seconds = f"CAST(round({number} * 86400, 0) AS BIGINT)"
        within = f"{number} >= {least} AND {number} < 2958466"
        moment = f"CASE WHEN {within} THEN TIMESTAMP '{start}' + to_seconds({seconds}) END"
        return f"CASE WHEN regexp_full_match({x}, '[0-9]{{1,7}}([.][0-9]{{1,10}})?') THEN {moment} END"
    digits, factor = ("9,10", 1_000_000) if name == "epoch_s" else ("12,13", 1_000)
    moment = f"make_timestamp(CAST({x} AS BIGINT) * {factor})"
    return f"CASE WHEN regexp_full_match({x}, '[0-9]{{{digits}}}') THEN {moment} END"


def cast_date(formats: tuple[str, ...], sql_type: str, clock: Clock, x: str) -> Cast:
    """How ``x`` becomes a business day of the company."""
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
    for name in [one for one in formats if one in SERIALS]:
        moment = _serial(name, text)
        if name.startswith("excel"):  # a whole number is a day, wherever it was written
            shifted = _to_company_day(moment, clock)
            day = f"CASE WHEN contains({text}, '.') THEN {shifted} ELSE CAST({moment} AS DATE) END"
        else:
            day = f"CAST(timezone({zone}, timezone('UTC', {moment})) AS DATE)"
        parts.append(day)
    return Cast(x, f"coalesce({', '.join(parts)})")


def cast_timestamp(formats: tuple[str, ...], sql_type: str, clock: Clock, x: str) -> Cast:
    """How ``x`` becomes a moment, UTC without a zone."""
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
    for name in [one for one in formats if one in SERIALS]:
        moment = _serial(name, text)
        parts.append(_to_utc(moment, clock.zone) if name.startswith("excel") else moment)
    return Cast(x, f"coalesce({', '.join(parts)})")
