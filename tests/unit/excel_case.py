"""Spreadsheets for tests, written cell by cell."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import xlsxwriter


def write_sheets(path: Path, sheets: dict[str, Iterable[Iterable[Any]]], *, hidden: Iterable[str] = ()) -> Path:
    """An .xlsx with these sheets; None is no cell at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with xlsxwriter.Workbook(path, {"strings_to_numbers": False, "strings_to_formulas": False}) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for row, cells in enumerate(rows):
                for column, cell in enumerate(cells):
                    if cell is not None:
                        sheet.write(row, column, cell)
            if name in hidden:
                sheet.hide()
    return path


def write_book(path: Path, fill: Callable[[xlsxwriter.Workbook], None]) -> Path:
    """An .xlsx that ``fill`` fills."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with xlsxwriter.Workbook(path) as book:
        fill(book)
    return path


def write_raw_sheet(path: Path, rows_xml: str) -> Path:
    """An .xlsx whose only sheet has exactly this XML between ``<sheetData>`` and its end."""
    write_sheets(path, {"S": [["x"]]})
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    head, _, rest = parts["xl/worksheets/sheet1.xml"].decode().partition("<sheetData>")
    tail = rest.partition("</sheetData>")[2]
    parts["xl/worksheets/sheet1.xml"] = f"{head}<sheetData>{rows_xml}</sheetData>{tail}".encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


def write_ods(path: Path, rows: Iterable[Iterable[str | float | None]]) -> Path:
    """A minimal OpenDocument spreadsheet."""

    def cell(value: str | float | None) -> str:
        if value is None:
            return "<table:table-cell/>"
        if isinstance(value, str):
            text = f"<text:p>{escape(value)}</text:p>"
            return f'<table:table-cell office:value-type="string">{text}</table:table-cell>'
        return f'<table:table-cell office:value-type="float" office:value="{value!r}"/>'

    body = "".join(f"<table:table-row>{''.join(map(cell, row))}</table:table-row>" for row in rows)
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
    )
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {spaces}><office:body><office:spreadsheet>'
        f'<table:table table:name="台账">{body}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr(
            "META-INF/manifest.xml",
            '<?xml version="1.0"?><m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
        )
    return path
