"""How a text file or a sheet is laid out: separator, and the row that names the columns."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from orchestration.lib.mapping.model import TOTAL_ROWS
from orchestration.lib.mapping.sql import BLANKS
from orchestration.lib.profile.words import Words

_SEPARATORS = (",", ";", "\t", "|", "^")
_LOOKED_AT = 200  # records
_HEADER_WITHIN = 50  # rows
_VALUE = re.compile(r"[-+]?[¥￥$€]?[0-9][0-9.,/:\- ]*%?|true|false", re.IGNORECASE)


@dataclass(frozen=True)
class Layout:
    """What was found; ``header`` counts the rows of the file from 1, blank ones too."""

    delimiter: str
    header: int
    total_rows: tuple[str, ...] = ()
    notes: tuple[Words, ...] = ()


def find_layout(text: str) -> Layout:
    """The layout of a text file from its first lines (whole ones)."""
    delimiter = _delimiter(text)
    rows = list(_records(text, delimiter))
    header, notes = find_header(rows)
    return Layout(delimiter, header, find_totals(rows[header:]), notes)


def find_header(rows: Sequence[Sequence[str]]) -> tuple[int, tuple[Words, ...]]:
    """The number of the row that names the columns: the first that is as wide as the data and holds names."""
    widths = Counter(_width(row) for row in rows if _width(row))
    if not widths:
        return 1, ()
    usual = max(widths.items(), key=lambda one: (one[1] if one[0] > 1 else 0, one[0]))[0]
    for number, row in enumerate(rows[:_HEADER_WITHIN], start=1):
        cells = [cell.strip(BLANKS) for cell in row]
        named = [cell for cell in cells if cell]
        if len(named) < max(usual, _width(row)) or len({cell.lower() for cell in named}) < len(named):
            continue
        if sum(bool(_VALUE.fullmatch(cell)) for cell in named) * 2 < len(named):
            return number, ()
    first = next(number for number, row in enumerate(rows, start=1) if _width(row))
    warning = Words(
        f"no row looks like the names of the columns; row {first} is taken for them. Export with a header row",
        f"没有像列名的行，暂以第 {first} 行为列名；请带表头导出",
    )
    return first, (warning,)


def find_totals(rows: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """The words that begin rows which only sum up the others."""
    first = {next((cell.strip(BLANKS) for cell in row if cell.strip(BLANKS)), "") for row in rows}
    return tuple(word for word in TOTAL_ROWS if word in first)


def _width(row: Sequence[str]) -> int:
    """Cells up to the last filled one."""
    return max((at + 1 for at, cell in enumerate(row) if cell.strip(BLANKS)), default=0)


def _delimiter(text: str) -> str:
    """The separator that gives most records the same number of fields, more than one."""
    best, found = 0.0, ","
    for sign in _SEPARATORS:
        if sign not in text:
            continue
        widths = Counter(len(row) for row in _records(text, sign) if row)
        total = sum(widths.values())
        width, count = max(
            ((width, count) for width, count in widths.items() if width > 1), key=lambda one: one[1], default=(1, 0)
        )
        score = count / total * (1 + 0.1 * min(width, 20)) if total else 0.0
        if score > best:
            best, found = score, sign
    return found


def _records(text: str, delimiter: str) -> list[list[str]]:
    """The first records, blank lines as empty ones."""
    found: list[list[str]] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for row in reader:
            found.append(row)
            if len(found) >= _LOOKED_AT:
                break
    except csv.Error:
        return found  # what the strict reader of landing will name; here only the look of the first rows counts
    return found
