"""The structure of a CSV file, checked for every record before anything is parsed.

A parser that meets a stray quote or a short row either guesses or stops at a line that says little. Here broken records
are found first, named by their row as a spreadsheet counts it - quoted line breaks, blank lines and mixed line ends
included - and the parser behind gets a clean file: no header, no blank lines, LF between records, and in place of each
broken record one that says so and carries its text.
"""

from __future__ import annotations

import csv
import io
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from orchestration.lib.errors import ConfigurationError, DataError
from orchestration.lib.landing.csv_records import (
    NUL_BYTE,
    RAGGED,
    STRAY_QUOTE,
    TOO_LONG,
    UNDECODABLE,
    Piece,
    Signs,
)
from orchestration.lib.landing.decoding import MARK, Undecodable
from orchestration.lib.landing.header import Needed, check_header, require_some
from orchestration.lib.landing.limits import MB, Limits

_BLANK = "\ufeff\u200b\u200c\u200d\u2060"  # invisible, and not taken off by str.strip
_SMALL = 1 << 16  # bytes looked at again behind a record that was broken off
_MOST = 64 * MB  # so far the end of a record is looked for
_KEPT = 1 << 16  # bytes of a broken record that are kept beside it; the whole of it is in the archive
_NAMES = {
    RAGGED: "ragged",
    UNDECODABLE: "undecodable",
    NUL_BYTE: "nul_byte",
    STRAY_QUOTE: "stray_quote",
    TOO_LONG: "too_long",
}


@dataclass
class CsvFile:
    """What was found.

    Attributes:
        columns: names of the header, trimmed.
        rows: data records.
        first_row: spreadsheet row of the first data record, were there no blank lines after the header.
        shifts: (n, k): from the n-th data record on (counted from 1) the row is k further down, because of blank lines.
        longest: bytes of the longest record as written to the clean file.
        broken: broken records, of :attr:`rows`.
        marker: the first field of a record that stands for a broken one is ``<marker><code>:<text>``.
    """

    columns: tuple[str, ...] = ()
    rows: int = 0
    first_row: int = 2
    shifts: list[tuple[int, int]] = field(default_factory=list)
    longest: int = 0
    broken: int = 0
    # not to be guessed, or a file could pass a row of its own off as a broken one
    marker: str = field(default_factory=lambda: f"\x02{secrets.token_hex(8)}:")


@dataclass
class _First:
    """The first broken record: what a refusal tells."""

    code: int
    row: int
    line: int
    fields: int


class Writable(Protocol):
    """Where clean records go."""

    def write(self, data: bytes, /) -> object:
        """Whole records."""


class CsvCleaner:
    """Reads UTF-8 blocks, checks them, and writes the clean records to ``out``; ``found`` tells of those so far."""

    def __init__(
        self,
        out: Writable,
        *,
        delimiter: str,
        quote: str,
        shown: str,
        header_row: int | None = None,
        limits: Limits | None = None,
        undecodable: Undecodable | None = None,
        needed: Needed | None = None,
    ) -> None:
        for sign in (delimiter, quote):
            if len(sign) != 1 or ord(sign) > 127 or sign in "\r\n\0":
                raise ConfigurationError(
                    f"{sign!r} cannot separate or quote the fields of {shown}", hint="use one ASCII character"
                )
        self._out = out
        self._shown = shown
        self._signs = Signs(delimiter, quote)
        self._header_row = header_row
        self._limits = limits or Limits()
        self._undecodable = undecodable or Undecodable()
        self._needed = needed or Needed()
        self.found = CsvFile()
        self._records = 0  # records before the present piece, blank ones too: a spreadsheet counts them
        self._lines = 0  # line breaks before the present piece
        self._first: _First | None = None
        self._ragged = 0

    def clean(self, blocks: Iterable[bytes]) -> CsvFile:
        """Check and copy the whole file.

        Raises:
            DataError: it is empty, its header does not name each column once, or too much of it is broken.
        """
        carry = b""
        enough = 0  # a record of many blocks is looked at again when it has doubled, not with every block
        for block in blocks:
            carry += block
            if len(carry) >= enough:
                carry = self._through(carry, last=False)
                enough = 2 * len(carry)
        self._through(carry, last=True)
        if not self.found.columns:
            raise DataError(
                f"{self._shown} is empty: it has not even a header"
                if self._header_row is None
                else f"{self._shown} ends before row {self._header_row}, which is to name the columns",
                file=self._shown,
                hint="export it again; a file with a header and no rows is fine",
            )
        if self._first is not None and self._limits.too_broken(self.found.broken, self.found.rows):
            raise self._refusal(self._first)
        return self.found

    def _through(self, data: bytes, *, last: bool) -> bytes:
        """Handle all whole records in ``data``, which begins at a record; give back the rest.

        Behind a record that was broken off only a little is looked at, and more as long as all is well: in a file with
        many such records the rest would be looked at once for each.
        """
        if last and data and data[-1] not in b"\r\n":
            data += b"\n"
        at, window = 0, len(data)
        while at < len(data):
            part = data[at : at + window] if at or window < len(data) else data
            is_rest = at + len(part) == len(data)
            piece = Piece(
                part,
                self._signs,
                last=last and is_rest,
                longest=self._limits.max_record_mb * MB,
                has_marks=self._undecodable.count > 0,
            )
            self._take(piece)
            at += piece.cut
            if is_rest and not piece.misled:
                if last and at < len(data):
                    raise self._fault(f"row {self._records + 1} cannot be told from the rest", self._lines, hint=_OPEN)
                break
            window = _SMALL if piece.misled else 8 * window if not piece.cut else 2 * window
        rest = data[at:]
        if len(rest) > max(_MOST, 2 * self._limits.max_record_mb * MB):
            raise self._fault(
                f"the record that begins in row {self._records + 1} is longer than {len(rest) // MB} MB, "
                "and no line break is in sight",
                self._lines,
                hint="is it a text file at all? Check format: {encoding: ...} and the kind of file",
            )
        return rest

    def _take(self, piece: Piece) -> None:
        """Write the records of a piece, and note what was found."""
        first = 0  # the first data record
        if not self.found.columns:
            header = self._find_header(piece)
            until = len(piece.ends) if header is None else header + 1
            self._require_whole(piece, until)
            if header is not None:
                self.found.columns = self._header(piece.text(header), self._records + header + 1)
                self.found.first_row = self._records + header + 2
            first = until
        if first < len(piece.ends):
            wrong = (piece.fields != len(self.found.columns)) & ~piece.is_blank & (piece.codes == 0)
            wrong[:first] = False
            piece.codes[wrong] = RAGGED
            self._ragged += int(wrong.sum())
            self._note_broken(piece, first)
            self._note_rows(piece, first)
            self._write(piece, first)
        self._records += len(piece.ends)
        self._lines += piece.line_breaks()

    def _write(self, piece: Piece, first: int) -> None:
        whole = (piece.ends - piece.starts)[first:][piece.codes[first:] == 0]
        self.found.longest = max(self.found.longest, int(whole.max()) if len(whole) else 0)
        for record, text in piece.clean(first):
            if record is None:
                self._out.write(text)
                continue
            stand_in = self._stand_in(int(piece.codes[record]), text)
            self.found.longest = max(self.found.longest, len(stand_in))
            self._out.write(stand_in)

    def _stand_in(self, code: int, text: bytes) -> bytes:
        """A record with the right number of fields in place of a broken one."""
        told = text.decode("utf-8", "replace").rstrip("\r").replace("\0", "\u2400").replace(MARK, "\ufffd")
        if len(text) > _KEPT:
            told = told[: _KEPT // 4] + "…"
        quote, delimiter = chr(self._signs.quote), chr(self._signs.delimiter)
        content = f"{self.found.marker}{_NAMES[code]}:{told}".replace(quote, 2 * quote)
        return f"{quote}{content}{quote}{delimiter * (len(self.found.columns) - 1)}\n".encode()

    def _find_header(self, piece: Piece) -> int | None:
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

    def _require_whole(self, piece: Piece, until: int) -> None:
        """The header and what stands above it must be whole: nothing can be told without them."""
        broken = np.flatnonzero(piece.codes[:until])
        if len(broken):
            record = int(broken[0])
            code = int(piece.codes[record])
            raise self._refusal(_First(code, self._records + record + 1, self._lines + piece.line_of(record) + 1, 0))

    def _note_broken(self, piece: Piece, first: int) -> None:
        broken = np.flatnonzero(piece.codes[first:]) + first
        self.found.broken += len(broken)
        if len(broken) and self._first is None:
            one = int(broken[0])
            line = self._lines + piece.line_of(one) + 1
            self._first = _First(int(piece.codes[one]), self._records + one + 1, line, int(piece.fields[one]))

    def _note_rows(self, piece: Piece, first: int) -> None:
        filled = np.flatnonzero(~piece.is_blank)
        filled = filled[filled >= first]
        if not len(filled):
            return
        ordinal = self.found.rows + 1 + np.arange(len(filled))
        shift = self._records + filled + 1 - (self.found.first_row + ordinal - 1)
        known = self.found.shifts[-1][1] if self.found.shifts else 0
        changed = np.flatnonzero(np.diff(shift, prepend=known))
        self.found.shifts.extend((int(ordinal[one]), int(shift[one])) for one in changed)
        self.found.rows += len(filled)

    def _header(self, record: bytes, row: int) -> tuple[str, ...]:
        lines = io.StringIO(record.decode(), newline="")  # keeps a line break inside a quoted name
        names = next(csv.reader(lines, delimiter=chr(self._signs.delimiter), quotechar=chr(self._signs.quote)))
        names = [name.strip().strip(_BLANK).strip() for name in names]
        self._limits.require_columns(len(names), self._shown)
        require_some(names, self._needed, what=self._shown, file=self._shown, row=row)
        return check_header(names, self._shown)

    def _refusal(self, first: _First) -> DataError:
        """The whole file is at fault: told by its first broken row."""
        count = self.found.broken
        others = f" ({count} of {self.found.rows} rows are broken)" if count > 1 else ""
        row, shown = first.row, self._shown
        if first.code == UNDECODABLE and self._undecodable.first is not None:
            return self._undecodable.first
        if first.code == RAGGED:
            same = f" ({self._ragged} such rows)" if self._ragged > 1 else ""
            return DataError(
                f"row {row} of {shown} has {first.fields} fields, the header has {len(self.found.columns)}{same}",
                file=shown,
                line=first.line,
                hint="correct the row, or quote the field that holds the separator; "
                "if every row is wrong, check 'delimiter' in the mapping",
            )
        what, hint = {
            NUL_BYTE: ("holds a NUL byte", "the file is damaged, or it is UTF-16: then declare that encoding"),
            STRAY_QUOTE: (f"has a stray quote {chr(self._signs.quote)} or one that is never closed", _OPEN),
            TOO_LONG: (f"is longer than {self._limits.max_record_mb} MB", _OPEN),
        }[first.code]
        return self._fault(f"row {row} {what}{others}", first.line - 1, hint=hint)

    def _fault(self, message: str, lines_before: int, *, hint: str) -> DataError:
        return DataError(f"{message} ({self._shown})", file=self._shown, line=lines_before + 1, hint=hint)


_OPEN = (
    "double a quote that belongs to the text and put the field in quotes; if the file quotes with another sign, say so "
    "with format: {quote: ...}; if it was cut off, export it again"
)
