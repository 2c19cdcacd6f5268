"""Date formats of a column: a few candidates from the look of its values, each then proven on all of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import duckdb

from orchestration.lib.mapping.sql import literal

_DAYS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"\d{4}-\d{1,2}-\d{1,2}", ("%Y-%m-%d",)),
    (r"\d{4}/\d{1,2}/\d{1,2}", ("%Y/%m/%d",)),
    (r"\d{4}\.\d{1,2}\.\d{1,2}", ("%Y.%m.%d",)),
    (r"\d{4}年\d{1,2}月\d{1,2}日", ("%Y年%m月%d日",)),
    (r"\d{8}", ("%Y%m%d",)),
    (r"\d{1,2}/\d{1,2}/\d{4}", ("%d/%m/%Y", "%m/%d/%Y")),
    (r"\d{1,2}-\d{1,2}-\d{4}", ("%d-%m-%Y", "%m-%d-%Y")),
    (r"\d{1,2}\.\d{1,2}\.\d{4}", ("%d.%m.%Y", "%m.%d.%Y")),
    (r"\d{1,2}/\d{1,2}/\d{2}", ("%d/%m/%y", "%m/%d/%y", "%y/%m/%d")),
    (r"\d{1,2}-\d{1,2}-\d{2}", ("%d-%m-%y", "%m-%d-%y", "%y-%m-%d")),
    (r"\d{1,2}\.\d{1,2}\.\d{2}", ("%d.%m.%y", "%m.%d.%y")),
    (r"\d{1,2}-[A-Za-z]{3}-\d{4}", ("%d-%b-%Y",)),
    (r"\d{1,2}-[A-Za-z]{3}-\d{2}", ("%d-%b-%y",)),
    (r"\d{1,2} [A-Za-z]{3} \d{4}", ("%d %b %Y",)),
    (r"\d{1,2} [A-Za-z]{4,9} \d{4}", ("%d %B %Y",)),
    (r"[A-Za-z]{3} \d{1,2}, \d{4}", ("%b %d, %Y",)),
    (r"[A-Za-z]{4,9} \d{1,2}, \d{4}", ("%B %d, %Y",)),
)
_MONTHS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"\d{4}-\d{1,2}", ("%Y-%m",)),
    (r"\d{4}/\d{1,2}", ("%Y/%m",)),
    (r"\d{4}年\d{1,2}月", ("%Y年%m月",)),
)
_TIMES: tuple[tuple[str, str], ...] = (
    (r"\d{1,2}:\d{2}", "%H:%M"),
    (r"\d{1,2}:\d{2}:\d{2}", "%H:%M:%S"),
    (r"\d{1,2}:\d{2}:\d{2}\.\d{1,6}", "%H:%M:%S.%f"),
    (r"\d{1,2}:\d{2} ?[AaPp][Mm]", "%I:%M %p"),
    (r"\d{1,2}:\d{2}:\d{2} ?[AaPp][Mm]", "%I:%M:%S %p"),
)
_ZONE = r"(?:Z|[+-]\d{2}(?::?\d{2})?)"
_EARLIEST, _LATEST = "1900-01-01", "2100-01-01"
_MOST_FORMATS = 3
_ALL = 0.999999


@dataclass(frozen=True)
class DateFormats:
    """Formats that together read ``share`` of the values; ``rivals`` read as many, but as other days."""

    formats: tuple[str, ...]
    rivals: tuple[str, ...]
    share: float
    has_time: bool


def find_formats(
    connection: duckdb.DuckDBPyConnection, table: str, some: Sequence[str], *, months: bool
) -> DateFormats | None:
    """The formats of a column whose distinct values and counts are ``v`` and ``n`` of ``table``.

    Args:
        some: values to take candidates from.
        months: whether year and month alone may be a date: only where the name of the column says so.
    """
    candidates = _candidates(some, months=months)
    if not candidates:
        return None
    parsed = [f"{_read(one)} as f{number}" for number, one in enumerate(candidates)]
    connection.execute(f"create or replace temp table read_dates as select v, n, {', '.join(parsed)} from {table}")
    chosen: list[int] = []
    unread = "true"
    while len(chosen) < _MOST_FORMATS:
        counts = connection.execute(
            "select "
            + ", ".join(f"sum(n) filter (f{number} is not null) " for number in range(len(candidates)))
            + f" from read_dates where {unread}"
        ).fetchall()[0]
        best = max(range(len(candidates)), key=lambda number: (counts[number] or 0, -number))
        if not counts[best]:
            break
        chosen.append(best)
        unread += f" and f{best} is null"
    if not chosen:
        return None
    read = " or ".join(f"f{number} is not null" for number in chosen)
    (share,) = connection.execute(f"select sum(n) filter ({read}) / sum(n) from read_dates").fetchall()[0]
    rivals = _rivals(connection, candidates, chosen)
    formats = tuple(candidates[number] for number in chosen)
    return DateFormats(formats, rivals, float(share or 0), any(":" in one for one in formats))


def _rivals(connection: duckdb.DuckDBPyConnection, candidates: list[str], chosen: list[int]) -> tuple[str, ...]:
    """Candidates that read every value that the first chosen one reads, at least one of them as another day."""
    first = chosen[0]
    found = []
    for number in range(len(candidates)):
        if number in chosen:
            continue
        missed, differs = connection.execute(
            f"select count(*) filter (f{number} is null), count(*) filter (f{number} <> f{first}) "
            f"from read_dates where f{first} is not null"
        ).fetchall()[0]
        if not missed and differs:
            found.append(candidates[number])
    return tuple(found)


def _read(form: str) -> str:
    text = "regexp_replace(v, '[Zz]$', '+00:00')" if form.endswith("%z") else "v"
    parsed = f"try_strptime(case when regexp_matches(v, '[0-9]') then {text} end, {literal(form)})"
    if form.endswith("%z"):
        parsed = f"timezone('UTC', {parsed})"
    return f"(case when {parsed} between timestamp '{_EARLIEST}' and timestamp '{_LATEST}' then {parsed} end)"


def _candidates(some: Iterable[str], *, months: bool) -> list[str]:
    found: dict[str, None] = {}
    shapes = (*_DAYS, *_MONTHS, (r"\d{6}", ("%Y%m",))) if months else _DAYS
    for value in some:
        for shape, forms in shapes:
            match = re.match(shape + r"(?=$|[ T])", value)
            if match is None:
                continue
            time = _time_part(value[match.end() :])
            if time is not None:
                found.update(dict.fromkeys(form + time for form in forms))
    return list(found)


def _time_part(rest: str) -> str | None:
    """What follows the day, as a pattern; None when it is no time."""
    if not rest:
        return ""
    separator, rest = rest[0], rest[1:]
    zone = re.search(rf" ?{_ZONE}$", rest)
    gap = " " if zone and zone[0].startswith(" ") else ""
    plain = rest[: zone.start()] if zone else rest
    for shape, form in _TIMES:
        if re.fullmatch(shape, plain):
            clock = form if " " in plain else form.replace(" %p", "%p")
            return separator + clock + (gap + "%z" if zone else "")
    return None
