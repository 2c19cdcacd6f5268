"""Spreadsheets (.xlsx .xlsm .xlsb .xls .ods) as text: what the cells hold, whatever their number format shows."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.lib.errors import DataError, nearest
from orchestration.lib.landing.columns import Collector
from orchestration.lib.landing.header import LOOKED_AT, Needed, column_letter, column_names, find_header
from orchestration.lib.landing.model import ROW
from orchestration.lib.landing.scratch import Scratch, quoted
from orchestration.lib.landing.totals import mark_totals
from orchestration.lib.landing.workbook_guard import SheetPart, inspect

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

    from orchestration.lib.mapping.model import Format

_AT_ONCE = 20_000
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # how .xls and password-protected workbooks begin
_DAMAGED = "the file is damaged, was cut off, or is another format under this name; open it and save it again"


def read_excel(
    scratch: Scratch,
    path: Path,
    *,
    layout: Format,
    sheet: str | int | None,
    needed: Needed,
    shown: str,
    table: str,
) -> tuple[str, ...]:
    """Load one sheet into the temporary ``table``: ``_row`` and every column as VARCHAR, an empty cell as NULL.

    ``_row`` is the row that the program shows. Rows without any value are none.

    Args:
        sheet: its name, or its number from 1; None: the only visible one that holds anything.
        needed: the columns that the header must have; without any, the header is the row that looks most like one.

    Returns:
        The columns, in order.

    Raises:
        DataError: the file is damaged or too large, or the sheet or its header is not to be found.
    """
    parts = inspect(path, shown, scratch.limits)
    with _workbook(path, shown) as workbook:
        chosen = _choose(workbook, sheet, shown)
        what = f"{shown}, sheet {chosen.name}"
        rows = _rows(chosen, parts.get(chosen.name, SheetPart()))
        first = list(islice(rows, max(LOOKED_AT, layout.header if isinstance(layout.header, int) else 0)))
        if not first:
            raise DataError(f"{what} is empty", file=shown, hint="a sheet with a header and no rows is fine")
        header = find_header([cells for _, cells in first], layout.header or "auto", needed, what=what, file=shown)
        names = column_names(first[header][1], needed, row=header + 1, what=what, file=shown)
        scratch.limits.require_columns(len(names), what)
        nameless = {index for index, name in enumerate(names) if name == f"column {column_letter(index)}"}
        collector = Collector(scratch.connection, [ROW, *names], text_only=True)
        filled: set[int] = set()
        for block in _blocks(first[header + 1 :], rows):
            columns = list(zip(*(cells for _, cells in block), strict=True))
            filled.update(index for index in nameless - filled if any(value is not None for value in columns[index]))
            collector.add_columns([[number for number, _ in block], *columns], len(block))
    whole = f"{table}_whole"
    collector.finish(whole, row="__position", by_value=False)
    columns_kept = tuple(name for index, name in enumerate(names) if index not in nameless - filled)
    picked = ", ".join(quoted(name) for name in columns_kept)
    scratch.connection.execute(
        f"create temp view {table}_rows as select cast({ROW} as bigint) as {ROW}, {picked} from {whole}"
    )
    mark_totals(scratch.connection, f"{table}_rows", columns_kept, layout.total_rows, into=table)
    return columns_kept


def _workbook(path: Path, shown: str) -> CalamineWorkbook:
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError

    try:
        with path.open("rb") as stream:  # the name of the copy says nothing about its format, its content does
            return CalamineWorkbook.from_filelike(stream)
    except PasswordError:
        raise _protected(shown) from None
    except (CalamineError, OSError, ValueError) as error:
        content = path.read_bytes()
        if content.startswith(_OLE) and "EncryptedPackage".encode("utf-16-le") in content:
            raise _protected(shown) from None
        _refuse_text(content[:2048], shown)
        raise DataError(f"{shown} is not a sound spreadsheet: {error}", file=shown, hint=_DAMAGED) from None
    except BaseException as error:
        raise _panic(error, shown) from None


def _protected(shown: str) -> DataError:
    return DataError(f"{shown} is protected by a password", file=shown, hint="save it again without a password")


def _refuse_text(head: bytes, shown: str) -> None:
    """Say so if the file is a page or a text under the name of a spreadsheet, as many web systems export."""
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html", b"<table", b"<head", b"<meta", b"<style")):
        what = "an HTML page"
    elif start.startswith(b"<?xml"):
        what = "an XML file"
    elif start and b"\0" not in head:
        what = "a text file"
    else:
        return
    raise DataError(
        f"{shown} is {what} under the name of a spreadsheet",
        file=shown,
        hint="open it in a spreadsheet program and save it as .xlsx, or export it as CSV; "
        "a text file only needs a name that ends in .csv",
    )


def _panic(error: BaseException, shown: str) -> BaseException:
    """A fault inside the reader is no Exception; anything else (Ctrl-C) stays what it is."""
    if type(error).__name__ != "PanicException":
        return error
    return DataError(f"{shown} is not a sound spreadsheet: {error}", file=shown, hint=_DAMAGED)


def _choose(workbook: CalamineWorkbook, sheet: str | int | None, shown: str) -> CalamineSheet:
    from python_calamine import SheetTypeEnum, SheetVisibleEnum

    names = workbook.sheet_names
    if isinstance(sheet, int):
        if sheet > len(names):
            raise DataError(
                f"{shown} has no sheet {sheet}", file=shown, hint=f"it has {len(names)}: {', '.join(names)}"
            )
        return _sheet(workbook, names[sheet - 1], shown)
    if sheet is not None:
        found = next((name for name in names if name.strip() == sheet.strip()), None)
        if found is None:
            raise DataError(f"{shown} has no sheet '{sheet}'", file=shown, hint=nearest(sheet, names))
        return _sheet(workbook, found, shown)
    visible = [
        one.name
        for one in workbook.sheets_metadata
        if one.visible == SheetVisibleEnum.Visible and one.typ == SheetTypeEnum.WorkSheet
    ]
    filled = [one for one in (_sheet(workbook, name, shown) for name in visible) if one.end is not None]
    if len(filled) == 1:
        return filled[0]
    if filled:
        raise DataError(
            f"{shown} has {len(filled)} sheets with data: {', '.join(one.name for one in filled)}",
            file=shown,
            hint=f"write sheet: {filled[0].name} into this object of the mapping; several take an object each",
        )
    hidden = [name for name in names if name not in visible]
    also = f" (hidden: {', '.join(hidden)}; write sheet: NAME to read one)" if hidden else ""
    raise DataError(
        f"{shown} has no visible sheet with data", file=shown, hint="a sheet with a header and no rows is fine" + also
    )


def _sheet(workbook: CalamineWorkbook, name: str, shown: str) -> CalamineSheet:
    from python_calamine import CalamineError

    try:
        return workbook.get_sheet_by_name(name)
    except (CalamineError, OSError, ValueError) as error:
        raise DataError(f"{shown}, sheet {name}, cannot be read: {error}", file=shown, hint=_DAMAGED) from None
    except BaseException as error:
        raise _panic(error, shown) from None


def _rows(sheet: CalamineSheet, part: SheetPart) -> Iterator[tuple[int, list[Any]]]:
    """Every row from the first of the sheet on, with its number; an empty cell is None.

    The reader gives rows from the first on, but cells only from the first column that holds anything.
    """
    start, end = sheet.start, sheet.end
    if start is None or end is None:
        return
    width = end[1] + 1
    before = [None] * start[1]
    errors: dict[int, list[tuple[int, str]]] = {}
    for (row, column), text in part.errors.items():
        errors.setdefault(row, []).append((column, text))
    for index, given in enumerate(sheet.iter_rows()):
        cells = [*before, *(None if value == "" else value for value in given)]
        for column, text in errors.get(index, ()):
            if column < width:
                cells[column] = text
        yield index + 1, cells


def _blocks(
    first: list[tuple[int, list[Any]]], rest: Iterator[tuple[int, list[Any]]]
) -> Iterator[list[tuple[int, list[Any]]]]:
    """Rows that hold something, many at a time."""
    block = [one for one in first if _holds_something(one[1])]
    while True:
        if len(block) >= _AT_ONCE:
            yield block
            block = []
        more = list(islice(rest, _AT_ONCE))
        if not more:
            break
        block += [one for one in more if _holds_something(one[1])]
    if block:
        yield block


def _holds_something(cells: list[Any]) -> bool:
    return any(value is not None and (value.__class__ is not str or not value.isspace()) for value in cells)
