"""Spreadsheets for tests, written cell by cell."""

from __future__ import annotations

import base64
import zipfile
import zlib
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


# Written once with xlwt 1.3: a title, a header, two rows, a blank row and a total, in the binary format of Excel 97.
_XLS = (
    "c-rk)O-NKx6#njg^N&9>rotFaCS>K$!rHXa8KrWSSQbSDrOiO$UkpJQk=8V;5P~2qY9ZJn0;^3wRA9Rnfl-SfDzqqqHU&j3)Ymy@-YcC795B"
    "In-<$j0d(XM|-1Fw#pZDIA@zBKZ&9X^kp#cVFOg}ucWQvmCt^`4P)8wL^`zV<XmK6Lx3Z%!4d-;#O97B%xBs6Zg9ufm@DDA~zwDk5Q$`=t$;"
    "zPS)AL@w}E|H`FVezU+_<-;-;p@`!zHm$=gTnRHc0%pJc(kQzqcw|n>k82ofbHIvJ}*R4hY~#ES=@hCW!k#Ym^{?pwZs$=R~|+{0c}q7B$8Y"
    "&#1#a9K0<AGcWpdAfno~w2)>%-z!!T}kCi*}#g!|N{QF$F_b+lE1u<KGPP>2snEPdsq>+cPi#1w(YO5Ta!g`(tl1T48I5b3AY5%u21@$gLba"
    "{yALze+G*4B~Ew`2HBfH!*C7=m*)hJ0BtdBkxPN;xFUCP<!5UH$xYYe#EzpGXGeFvuJktJy=CILSSza{+970BfqGN44-NvASH!Wx~ZYrzx*&"
    "EwKt)QqtzMXe())4T5LUHM7cVshs|}?M@{9HoA_=qs^1YibtPEhfzUCSe*Lvl|qfGQ5P>T?ndogS=-Ai;qY%;jZX)ydo!(bu@KX|xCkL(ZlU"
    "Dv=C)AMf;m&O|G!L4Q_c8UGpOdWZ0SGP(qhX^{6PF=ug{OOjcSRtTl<I&8INrkSvF4SfXG6K5E~Q~Lu~9MTs!_gmXWZ%*z2RIRYfnGJXk>z!"
    "}5}k`iwCzB8q<o55o=_S+2Te7>@*fr9?5?gddwU^cZ>KY0yQu#WzRW_%8(Dz<~n?4jede;9x<Z<Y5uk<00f(&11bV@OPbQN;A%9lK&Rl(M#7"
    "6da2xu9?FyG%W3|U!mVsuYMy=U?}dzAG<p)9=ny|TbDqES>Z4}g&%8SZ7j6mVI{r*9e*WX}e*iy>>FW"
)


def write_xls(path: Path) -> Path:
    """An .xls with the columns 编号, 日, 额, 注."""
    path.write_bytes(zlib.decompress(base64.b85decode(_XLS)))
    return path
