"""Workbooks as offices keep them: a title, a line about it, a blank row, the header, the rows, and sums at the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

HEADER_ROW = 4
"""The row of the spreadsheet that holds the header."""
ROW_LIMIT = 1_048_576
CREATED = datetime(2025, 12, 31, 18, 0)
"""When every workbook says it was made: the same content is the same bytes."""
_FORMATS = {"money": "#,##0.00", "day": "yyyy/m/d", "number": "#,##0", "hours": "0.0"}


@dataclass
class Sheet:
    """One sheet.

    Attributes:
        kinds: what the cells of a column are: ``money`` (whole fen), ``day``, ``number``, ``hours`` (tenths); the
            others are text. A value of another type than its column's stands there as it is, as text.
        totals: rows below the data that sum them up, by column; one row for each entry, its label in the first column.
    """

    name: str
    title: str
    subtitle: str
    frame: pd.DataFrame
    kinds: Mapping[str, str] = field(default_factory=dict)
    totals: Sequence[Mapping[str, Any]] = ()


class Workbook:
    """A workbook of one or more sheets."""

    def __init__(self, *sheets: Sheet) -> None:
        for sheet in sheets:
            if len(sheet.frame) + len(sheet.totals) + HEADER_ROW > ROW_LIMIT:
                raise ValueError(f"sheet {sheet.name} has more rows than a spreadsheet holds")
        self.sheets = sheets

    def rows(self) -> dict[str, int]:
        """Rows below the header, sums included; of a workbook with several sheets by ``#sheet``."""
        counts = {sheet.name: len(sheet.frame) + len(sheet.totals) for sheet in self.sheets}
        return {"": sum(counts.values())} if len(counts) == 1 else {f"#{name}": n for name, n in counts.items()}

    def write(self, path: Path) -> None:
        """Write the file."""
        from xlsxwriter import Workbook as Writer  # only who writes a workbook needs it

        path.parent.mkdir(parents=True, exist_ok=True)
        with Writer(str(path), {"constant_memory": False}) as book:
            book.set_properties({"created": CREATED, "author": "云锐医疗"})
            styles = {kind: book.add_format({"num_format": pattern}) for kind, pattern in _FORMATS.items()}
            bold = book.add_format({"bold": True})
            title = book.add_format({"bold": True, "font_size": 16, "align": "center"})
            for sheet in self.sheets:
                _write_sheet(book.add_worksheet(sheet.name), sheet, styles, bold, title)


def _write_sheet(target: Any, sheet: Sheet, styles: Mapping[str, Any], bold: Any, title: Any) -> None:
    columns = list(sheet.frame.columns)
    target.merge_range(0, 0, 0, len(columns) - 1, sheet.title, title)
    target.write_string(1, 0, sheet.subtitle)
    target.freeze_panes(HEADER_ROW, 0)
    for place, name in enumerate(columns):
        target.write_string(HEADER_ROW - 1, place, name, bold)
        kind = sheet.kinds.get(name, "")
        target.set_column(place, place, 14, styles.get(kind))
        _write_cells(target, place, sheet.frame[name].tolist(), kind, styles.get(kind))
    for number, total in enumerate(sheet.totals):
        row = HEADER_ROW + len(sheet.frame) + number
        for name, value in total.items():
            place = columns.index(name)
            if isinstance(value, str):
                target.write_string(row, place, value, bold)
            else:
                kind = sheet.kinds[name]
                target.write_number(row, place, _number(value, kind), styles[kind])


def _write_cells(target: Any, place: int, values: list[Any], kind: str, style: Any) -> None:
    """Registers of an office have some thousand rows, written cell by cell as the format asks."""
    for row, value in enumerate(values, start=HEADER_ROW):
        if value is None or value == "" or value is pd.NaT:
            continue
        if isinstance(value, str):
            target.write_string(row, place, value)
        elif isinstance(value, (pd.Timestamp, datetime, np.datetime64)):
            target.write_datetime(row, place, pd.Timestamp(value).to_pydatetime(), style)
        else:
            target.write_number(row, place, _number(value, kind), style)


def _number(value: int, kind: str) -> float | int:
    """A spreadsheet has floating-point numbers only; two decimals survive that exactly up to 10^13."""
    return int(value) / 100 if kind == "money" else int(value) / 10 if kind == "hours" else int(value)
