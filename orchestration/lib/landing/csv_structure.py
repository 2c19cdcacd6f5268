"""The structure of a CSV file, checked for every record before anything is parsed.

A parser that meets a stray quote or a short row either guesses or stops at a line that says little. Here the record
ends, fields per record and quotes are found with array arithmetic (about 4 ns a byte), so that a broken record is named
by its row as a spreadsheet counts it - quoted line breaks, blank lines and mixed line ends included - and the parser
behind gets a clean file: no header, no blank lines, LF between records.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from orchestration.lib.errors import ConfigurationError, DataError
from orchestration.lib.landing.model import ADDED

LF, CR, NUL = 10, 13, 0
LONGEST_RECORD = 64 << 20
_BLANK = "\ufeff\u200b\u200c\u200d\u2060"  # invisible, and not taken off by str.strip

Bytes = npt.NDArray[np.uint8]
Positions = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass
class CsvFile:
    """What was found.

    Attributes:
        columns: names of the header, trimmed.
        rows: data records.
        first_row: spreadsheet row of the first data record, were there no blank lines after the header.
        shifts: (n, k): from the n-th data record on (counted from 1) the row is k further down, because of blank lines.
        longest: bytes of the longest record.
    """

    columns: tuple[str, ...] = ()
    rows: int = 0
    first_row: int = 2
    shifts: list[tuple[int, int]] = field(default_factory=list)
    longest: int = 0


class _Signs:
    """The bytes that make the structure, as tables to look bytes up in."""

    def __init__(self, delimiter: str, quote: str) -> None:
        self.delimiter, self.quote = ord(delimiter), ord(quote)
        self.special = np.zeros(256, dtype=bool)
        self.special[[self.delimiter, self.quote, LF, CR, NUL]] = True
        self.border = np.zeros(256, dtype=bool)  # what may stand beside the quotes of a field
        self.border[[self.delimiter, self.quote, LF, CR]] = True


class _Piece:
    """A stretch of the file that begins at a record, with its records found: ``starts`` to ``ends`` (the line break).

    ``cut`` is where the last whole record is over; arrays over ``position`` are about the special bytes.
    """

    def __init__(self, data: bytes, signs: _Signs, *, last: bool) -> None:
        self.data = data
        self.array: Bytes = np.frombuffer(data, dtype=np.uint8)
        self.position: Positions = np.flatnonzero(signs.special[self.array])
        self.sign = self.array[self.position]
        self.is_quote = self.sign == signs.quote
        self.inside: Flags = (np.cumsum(self.is_quote) & 1).astype(bool)  # in quotes, after the sign
        self.is_open = bool(len(self.inside)) and bool(self.inside[-1])
        outside = ~self.inside & ~self.is_quote
        at_end = self.position + 1 >= len(data)
        after = self.array[np.minimum(self.position + 1, len(data) - 1)] if data else self.sign
        # A CR at the very end may be half of a CRLF, as long as more is to come.
        self.is_lone_cr = outside & (self.sign == CR) & np.where(at_end, last, after != LF)
        self.is_cr = outside & (self.sign == CR)
        self.ends: Positions = self.position[(outside & (self.sign == LF)) | self.is_lone_cr]
        self.cut = int(self.ends[-1]) + 1 if len(self.ends) else 0
        self.starts: Positions = np.concatenate((np.zeros(1, dtype=np.int64), self.ends[:-1] + 1))[: len(self.ends)]
        is_crlf = (
            (self.array[self.ends] == LF) & (self.ends > self.starts) & (self.array[np.maximum(self.ends - 1, 0)] == CR)
        )
        self.is_blank: Flags = self.ends - self.starts - is_crlf == 0
        separators = self.position[outside & (self.sign == signs.delimiter)]
        self.fields = np.searchsorted(separators, self.ends) - np.searchsorted(separators, self.starts) + 1

    def clean(self, start: int) -> bytes:
        """The whole records from ``start`` on, with LF between them and without blank ones."""
        blank_ends = self.ends[self.is_blank]
        if not self.is_cr.any() and not len(blank_ends):
            return self.data[start : self.cut]
        clean = self.array.copy()
        clean[self.position[self.is_lone_cr]] = LF
        wanted = np.ones(len(clean), dtype=bool)
        wanted[self.position[self.is_cr & ~self.is_lone_cr]] = False
        wanted[blank_ends] = False
        return clean[start : self.cut][wanted[start : self.cut]].tobytes()


class CsvCleaner:
    """Reads UTF-8 blocks, checks them, and writes the clean records to ``out``."""

    def __init__(self, out: BinaryIO, *, delimiter: str, quote: str, shown: str, header_row: int | None = None) -> None:
        for sign in (delimiter, quote):
            if len(sign) != 1 or ord(sign) > 127 or sign in "\r\n\0":
                raise ConfigurationError(
                    f"{sign!r} cannot separate or quote the fields of {shown}", hint="use one ASCII character"
                )
        self._out = out
        self._shown = shown
        self._signs = _Signs(delimiter, quote)
        self._header_row = header_row
        self._file = CsvFile()
        self._records = 0  # records before the present piece, blank ones too: a spreadsheet counts them
        self._lines = 0  # line breaks before the present piece
        self._ragged: tuple[int, int, int] | None = None  # row, line, fields of the first
        self._ragged_count = 0

    def clean(self, blocks: Iterable[bytes]) -> CsvFile:
        """Check and copy the whole file.

        Raises:
            DataError: it is empty, its header does not name each column once, or a record is broken.
        """
        carry = b""
        for block in blocks:
            carry = self._piece(carry + block, last=False)
            if len(carry) > LONGEST_RECORD:
                raise self._fault(
                    f"the record that begins in row {self._records + 1} is longer than {LONGEST_RECORD >> 20} MB",
                    self._lines,
                    hint="most likely a quote is opened there and never closed",
                )
        self._piece(carry, last=True)
        if not self._file.columns:
            raise DataError(
                f"{self._shown} is empty: it has not even a header"
                if self._header_row is None
                else f"{self._shown} ends before row {self._header_row}, which is to name the columns",
                file=self._shown,
                hint="export it again; a file with a header and no rows is fine",
            )
        if self._ragged is not None:
            row, line, fields = self._ragged
            others = f" ({self._ragged_count} such rows)" if self._ragged_count > 1 else ""
            raise DataError(
                f"row {row} of {self._shown} has {fields} fields, the header has {len(self._file.columns)}{others}",
                file=self._shown,
                line=line,
                hint="correct the row, or quote the field that holds the separator; "
                "if every row is wrong, check 'delimiter' in the mapping",
            )
        return self._file

    def _piece(self, data: bytes, *, last: bool) -> bytes:
        """Handle all whole records in ``data``, which begins at a record; give back the rest."""
        if last and data and data[-1] not in (LF, CR):
            data += b"\n"
        piece = _Piece(data, self._signs, last=last)
        self._check_signs(piece, until=len(data) if last else piece.cut)
        if last and piece.is_open:
            raise self._fault(
                f"a quote opened in row {self._records + len(piece.ends) + 1} is never closed",
                self._lines + data.count(b"\n", 0, piece.cut),
                hint="the file was cut off, or a quote inside a field is not doubled",
            )
        if not piece.cut:
            return data
        first = 0  # the first data record
        if not self._file.columns:
            header = self._find_header(piece)
            if header is not None:
                self._file.columns = self._header(data[int(piece.starts[header]) : int(piece.ends[header])])
                self._file.first_row = self._records + header + 2
            first = len(piece.ends) if header is None else header + 1
        if first < len(piece.ends):
            self._note_ragged(piece, first)
            self._note_rows(piece, first)
            self._file.longest = max(self._file.longest, int((piece.ends - piece.starts)[first:].max()))
            self._out.write(piece.clean(int(piece.starts[first])))
        self._records += len(piece.ends)
        self._lines += data.count(b"\n", 0, piece.cut)
        return data[piece.cut :]

    def _find_header(self, piece: _Piece) -> int | None:
        """The record that names the columns, if it is in this piece: the first that is not blank, else as declared."""
        filled = np.flatnonzero(~piece.is_blank)
        if self._header_row is None:
            return int(filled[0]) if len(filled) else None
        record = self._header_row - 1 - self._records
        if record >= len(piece.ends):
            return None
        if record not in filled:
            raise self._fault(
                f"row {self._header_row} is to name the columns, but is blank",
                self._lines,
                hint="correct format: {header: ...} of the object in the mapping",
            )
        return record

    def _check_signs(self, piece: _Piece, *, until: int) -> None:
        whole = piece.position < until
        nul = piece.position[whole & (piece.sign == NUL)]
        if len(nul):
            raise self._at(
                piece,
                int(nul[0]),
                "holds a NUL byte",
                "the file is damaged, or it is UTF-16: then declare that encoding",
            )
        quotes = piece.position[whole & piece.is_quote]
        opening = piece.inside[whole & piece.is_quote]
        before = piece.array[np.maximum(quotes - 1, 0)]
        after = piece.array[np.minimum(quotes + 1, len(piece.array) - 1)]
        border = self._signs.border
        stray = np.where(opening, (quotes > 0) & ~border[before], ~border[after])
        if stray.any():
            raise self._at(
                piece,
                int(quotes[stray][0]),
                f"has a stray quote {chr(self._signs.quote)}",
                "double a quote that belongs to the text and put the field in quotes; "
                "if the file quotes with another sign, say so with format: {quote: ...}",
            )

    def _note_ragged(self, piece: _Piece, first: int) -> None:
        wrong = np.flatnonzero((piece.fields != len(self._file.columns)) & ~piece.is_blank)
        wrong = wrong[wrong >= first]
        if len(wrong) and self._ragged is None:
            one = int(wrong[0])
            line = self._lines + piece.data.count(b"\n", 0, int(piece.starts[one])) + 1
            self._ragged = (self._records + one + 1, line, int(piece.fields[one]))
        self._ragged_count += len(wrong)

    def _note_rows(self, piece: _Piece, first: int) -> None:
        filled = np.flatnonzero(~piece.is_blank)
        filled = filled[filled >= first]
        if not len(filled):
            return
        ordinal = self._file.rows + 1 + np.arange(len(filled))
        shift = self._records + filled + 1 - (self._file.first_row + ordinal - 1)
        known = self._file.shifts[-1][1] if self._file.shifts else 0
        changed = np.flatnonzero(np.diff(shift, prepend=known))
        self._file.shifts.extend((int(ordinal[one]), int(shift[one])) for one in changed)
        self._file.rows += len(filled)

    def _header(self, record: bytes) -> tuple[str, ...]:
        lines = io.StringIO(record.decode(), newline="")  # keeps a line break inside a quoted name
        names = next(csv.reader(lines, delimiter=chr(self._signs.delimiter), quotechar=chr(self._signs.quote)))
        return check_header([name.strip().strip(_BLANK).strip() for name in names], self._shown)

    def _at(self, piece: _Piece, place: int, what: str, hint: str) -> DataError:
        row = self._records + int(np.searchsorted(piece.ends, place)) + 1
        return self._fault(f"row {row} {what}", self._lines + piece.data.count(b"\n", 0, place), hint=hint)

    def _fault(self, message: str, lines_before: int, *, hint: str) -> DataError:
        return DataError(f"{message} ({self._shown})", file=self._shown, line=lines_before + 1, hint=hint)


def check_header(names: list[str], shown: str) -> tuple[str, ...]:
    """Names of columns, each given once.

    Raises:
        DataError: a name is empty, given twice (also if only the case differs), or the one that landing adds.
    """
    seen: dict[str, int] = {}
    for number, name in enumerate(names, start=1):
        if not name:
            raise DataError(
                f"column {number} of {shown} has no name in the header",
                file=shown,
                line=1,
                hint="give every column a name; a separator too many at the end of the header makes an empty one",
            )
        if name in ADDED:
            raise DataError(f"{shown} has a column {name}, a name that landing needs", file=shown, hint="rename it")
        other = seen.setdefault(name.lower(), number)
        if other != number:
            raise DataError(
                f"columns {other} and {number} of {shown} have the same name '{name}'",
                file=shown,
                line=1,
                hint="rename one of them; names that differ only in case count as the same",
            )
    return tuple(names)
