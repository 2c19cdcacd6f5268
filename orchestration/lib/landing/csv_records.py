"""Where the records of a CSV file begin and end, found with array arithmetic (about 4 ns a byte), and which are broken.

A quote in the wrong place turns all that follows inside out. So a record that is broken by its quotes ends at its first
line break, whatever the quotes say, and what follows is looked at afresh: the rows behind it are saved, and a row of
several lines that cannot be told from them is set aside as several.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from orchestration.lib.landing.decoding import MARK

LF, CR, NUL = 10, 13, 0
WHOLE, RAGGED, UNDECODABLE, NUL_BYTE, STRAY_QUOTE, TOO_LONG = range(6)
_MARK = MARK.encode()

Bytes = npt.NDArray[np.uint8]
Positions = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


class Signs:
    """The bytes that make the structure, as tables to look bytes up in."""

    def __init__(self, delimiter: str, quote: str) -> None:
        self.delimiter, self.quote = ord(delimiter), ord(quote)
        self._special = (self.delimiter, self.quote, LF, CR, NUL)
        self.border = np.zeros(256, dtype=bool)  # what may stand beside the quotes of a field
        self.border[[self.delimiter, self.quote, LF, CR]] = True

    def places(self, data: bytes, array: Bytes) -> Positions:
        """Where in ``data`` such bytes stand. Comparing with those it has is several times as fast as a look-up."""
        found: Flags = np.zeros(len(array), dtype=bool)
        for sign in self._special:
            if sign in data:
                found |= array == sign
        return np.flatnonzero(found)


class Piece:
    """A stretch of the file that begins at a record, with its records found: ``starts`` to ``ends`` (the line break).

    Attributes:
        cut: where the last record is over.
        codes: what is wrong with each record, as far as quotes, bytes and length tell.
        misled: the last record was ended by force; what follows it has to be looked at afresh.
    """

    def __init__(self, data: bytes, signs: Signs, *, last: bool, longest: int, has_marks: bool) -> None:
        self.data, self._signs, self._last = data, signs, last
        self.array: Bytes = np.frombuffer(data, dtype=np.uint8)
        self._position: Positions = signs.places(data, self.array)
        self._sign = self.array[self._position]
        self._is_quote = self._sign == signs.quote
        inside: Flags = (np.cumsum(self._is_quote) & 1).astype(bool)  # in quotes, after the sign
        self._outside = ~inside & ~self._is_quote
        at_end = self._position + 1 >= len(data)
        after = self.array[np.minimum(self._position + 1, len(data) - 1)] if data else self._sign
        # A CR at the very end may be half of a CRLF, as long as more is to come.
        self._is_cr = self._outside & (self._sign == CR)
        self._is_lone_cr = self._is_cr & np.where(at_end, last, after != LF)
        self.ends: Positions = self._position[(self._outside & (self._sign == LF)) | self._is_lone_cr]
        self.starts: Positions = np.concatenate((np.zeros(1, dtype=np.int64), self.ends[:-1] + 1))[: len(self.ends)]
        self.codes = np.zeros(len(self.ends), dtype=np.uint8)
        self.misled = False
        self._find_broken(inside, last=last, longest=longest, has_marks=has_marks)
        self.cut = int(self.ends[-1]) + 1 if len(self.ends) else 0
        is_crlf = (
            (self.array[self.ends] == LF) & (self.ends > self.starts) & (self.array[np.maximum(self.ends - 1, 0)] == CR)
        )
        self.is_blank: Flags = self.ends - self.starts - is_crlf == 0
        separators = self._position[self._outside & (self._sign == signs.delimiter)]
        self.fields = np.searchsorted(separators, self.ends) - np.searchsorted(separators, self.starts) + 1

    def _find_broken(self, inside: Flags, *, last: bool, longest: int, has_marks: bool) -> None:
        found = len(self.ends)
        whole = int(self.ends[-1]) + 1 if found else 0
        self.codes[self.ends - self.starts > longest] = TOO_LONG
        nul = self._position[self._sign == NUL]
        self.codes[np.searchsorted(self.ends, nul[nul < whole])] = NUL_BYTE
        if has_marks:
            marks = np.fromiter(self._marks(whole), dtype=np.int64)
            self.codes[np.searchsorted(self.ends, marks)] = UNDECODABLE
        quotes = self._position[self._is_quote]
        opening = inside[self._is_quote]
        before = self.array[np.maximum(quotes - 1, 0)]
        after = self.array[np.minimum(quotes + 1, len(self.array) - 1)] if len(self.array) else before
        border = self._signs.border
        stray = quotes[np.where(opening, (quotes > 0) & ~border[before], ~border[after]) & (quotes < whole)]
        broken = np.unique(np.searchsorted(self.ends, stray))
        for record in broken.tolist():
            self.codes[record] = STRAY_QUOTE
            if self._end_of_line(int(self.starts[record])) < int(self.ends[record]):
                self._break_off(record, STRAY_QUOTE)
                return
        is_open = bool(len(inside)) and bool(inside[-1])
        if last and is_open:
            self._break_off(found, STRAY_QUOTE)
        elif len(self.data) - whole > longest:
            self._break_off(found, STRAY_QUOTE if is_open else TOO_LONG)

    def _marks(self, until: int) -> Iterator[int]:
        place = self.data.find(_MARK, 0, until)
        while place >= 0:
            yield place
            place = self.data.find(_MARK, place + 1, until)

    def _end_of_line(self, start: int) -> int:
        """The line break that ends the line which begins at ``start``, whatever the quotes say; -1 for none."""
        feed, lone = self.data.find(b"\n", start), self.data.find(b"\r", start)
        if lone >= 0 and lone + 1 != feed and (feed < 0 or lone < feed):
            # at the very end it may be half of a CRLF, as long as more is to come
            return lone if self._last or lone + 1 < len(self.data) else -1
        return feed

    def _break_off(self, record: int, code: int) -> None:
        """End a record at its first line break and forget what was found behind it."""
        start = int(self.ends[record - 1]) + 1 if record else 0
        end = self._end_of_line(start)
        if end < 0:
            return  # there is no line break to end it at, so far
        self.starts = np.append(self.starts[:record], start)
        self.ends = np.append(self.ends[:record], end)
        self.codes = np.append(self.codes[:record], np.uint8(code))
        self.misled = True

    def line_of(self, record: int) -> int:
        """Line breaks before a record."""
        return self.data.count(b"\n", 0, int(self.starts[record]))

    def line_breaks(self) -> int:
        """Line breaks up to :attr:`cut`, those within quotes too."""
        return int(np.count_nonzero(self._sign[: np.searchsorted(self._position, self.cut)] == LF))

    def text(self, record: int) -> bytes:
        """A record as it stands."""
        return self.data[int(self.starts[record]) : int(self.ends[record])]

    def clean(self, first: int) -> Iterator[tuple[int | None, bytes]]:
        """The records from ``first`` on, with LF between them and without blank ones.

        Stretches of whole records come as (None, text), a broken record by itself as (record, text).
        """
        blank_ends = self.ends[self.is_blank]
        touched = bool(self._is_cr.any() or len(blank_ends))
        source = self.array
        wanted: Flags | None = None
        if touched:
            source = self.array.copy()
            source[self._position[self._is_lone_cr]] = LF
            wanted = np.ones(len(source), dtype=bool)
            wanted[self._position[self._is_cr & ~self._is_lone_cr]] = False
            wanted[blank_ends] = False
        at = int(self.starts[first])
        for record in (np.flatnonzero(self.codes[first:]) + first).tolist():
            yield None, self._stretch(source, wanted, at, int(self.starts[record]))
            yield record, self.text(record)
            at = int(self.ends[record]) + 1
        yield None, self._stretch(source, wanted, at, self.cut)

    def _stretch(self, source: Bytes, wanted: Flags | None, start: int, end: int) -> bytes:
        if wanted is None:
            return self.data[start:end]
        return source[start:end][wanted[start:end]].tobytes()
