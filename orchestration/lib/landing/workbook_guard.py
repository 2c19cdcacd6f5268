"""What has to be known of a workbook's archive before and beside reading it: that it fits, and where its errors are.

The reader unpacks everything into memory and lays a sheet out as a full rectangle, so one cell in the last corner, or a
part that unpacks to thousands of times its size, would take the machine down. And it gives an error (#REF!) as nothing.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from orchestration.lib.errors import DataError
from orchestration.lib.landing.limits import MB, Limits

_BLOCK = 4 << 20
# These begin with fixed letters, which a search over 100 MB takes a tenth of the time for.
_ROW = re.compile(rb'row\s(?:[^>]*?\s)?r=["\'](\d+)')
_WIDE = re.compile(rb'\sr=["\']([A-Z]{2,3})\d')
_NARROW = 26
_ERROR = re.compile(rb'<(?:\w+:)?c\s([^>]*?\bt=["\']e["\'][^>]*)>(.*?)</(?:\w+:)?c>', re.DOTALL)
_PLACE = re.compile(rb'\br=["\']([A-Z]+)(\d+)')
_VALUE = re.compile(rb"<(?:\w+:)?v>([^<]*)</")
# Wherever it stands, and in each encoding that an XML parser takes: text of a cell has &lt; instead.
_DECLARES = tuple("<!DOCTYPE".encode(encoding) for encoding in ("ascii", "utf-16-le", "utf-16-be"))
_LONGEST = max(map(len, _DECLARES)) - 1  # bytes of a block that may be the beginning of one
_HINT = "the file is damaged, was cut off, or is another format under this name; open it and save it again"


@dataclass
class SheetPart:
    """One sheet of the archive.

    Attributes:
        rows, columns: how far its cells reach; no sheet counts as narrower than 26 columns.
        errors: (row, column) from 0 → the error as the cell shows it.
    """

    rows: int = 0
    columns: int = 0
    errors: dict[tuple[int, int], str] = field(default_factory=dict)


def inspect(path: Path, shown: str, limits: Limits) -> dict[str, SheetPart]:
    """Read the archive of a workbook through once; its sheets by name (known for .xlsx and .xlsm alone).

    Raises:
        DataError: it is damaged, or would not fit.
    """
    if not zipfile.is_zipfile(path):
        return {}  # .xls is one binary file
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(part.file_size for part in archive.infolist())
            if size > limits.max_unpacked_mb * MB:
                raise _too_large(f"it unpacks to {size / MB:,.0f} MB, more than {limits.max_unpacked_mb:,} MB", shown)
            parts = {part.filename: SheetPart() for part in archive.infolist()}
            for part in archive.infolist():
                _read(archive, part, parts[part.filename], shown, limits)
            named = _sheets(archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise DataError(f"{shown} cannot be unpacked: {error}", file=shown, hint=_HINT) from None
    except ElementTree.ParseError as error:
        raise DataError(f"the list of sheets of {shown} is damaged: {error}", file=shown, hint=_HINT) from None
    return {name: parts[place] for name, place in named.items() if place in parts}


def _read(archive: zipfile.ZipFile, part: zipfile.ZipInfo, sheet: SheetPart, shown: str, limits: Limits) -> None:
    """Unpack a part to its end, which checks its size and its checksum; look at the cells of a sheet."""
    is_sheet = part.filename.startswith("xl/worksheets/") and part.filename.endswith(".xml")
    is_text = part.filename.endswith((".xml", ".rels"))
    with archive.open(part) as stream:
        carry = tail = b""
        while block := stream.read(_BLOCK):
            if is_text and any(sign in tail + block for sign in _DECLARES):
                raise DataError(
                    f"{part.filename} of {shown} declares entities, which no spreadsheet program does",
                    file=shown,
                    hint="it may be an attack; if you trust it, open it in a spreadsheet program and save it again",
                )
            tail = block[-_LONGEST:]
            if is_sheet:
                block = carry + block
                cut = block.rfind(b"<", 0, max(block.rfind(b"row>"), 0)) + 1
                carry, block = block[cut:], block[:cut]
                _look(block, sheet, part.filename, shown, limits)
        if is_sheet:
            _look(carry, sheet, part.filename, shown, limits)


def _look(data: bytes, sheet: SheetPart, name: str, shown: str, limits: Limits) -> None:
    sheet.rows = max(sheet.rows, max(map(int, _ROW.findall(data)), default=0))
    sheet.columns = max(sheet.columns, _NARROW, max(map(_number, set(_WIDE.findall(data))), default=0))
    if sheet.rows * sheet.columns > limits.max_cells:
        raise _too_large(f"{name} reaches to row {sheet.rows:,} and column {sheet.columns:,}", shown)
    if b't="e"' not in data and b"t='e'" not in data:
        return
    for attributes, content in _ERROR.findall(data):
        place, value = _PLACE.search(attributes), _VALUE.search(content)
        if place and value:
            sheet.errors[int(place[2]) - 1, _number(place[1]) - 1] = value[1].decode("utf-8", "replace")


def _number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number


def _sheets(archive: zipfile.ZipFile) -> dict[str, str]:
    """Sheet name → part, from the workbook's own list."""
    names = set(archive.namelist())
    if not {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= names:
        return {}
    targets = {}
    for one in ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels")):
        target = one.get("Target", "")
        targets[one.get("Id")] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    found = {}
    for element in ElementTree.fromstring(archive.read("xl/workbook.xml")).iter():
        if element.tag.endswith("}sheet"):
            relation = next((value for key, value in element.attrib.items() if key.endswith("}id")), None)
            found[element.get("name", "")] = targets.get(relation, "")
    return found


def _too_large(what: str, shown: str) -> DataError:
    return DataError(
        f"{shown} is too large to read: {what}",
        file=shown,
        hint="delete the empty rows and columns behind the data and save it again, or export it as CSV",
    )
