"""Clean CSV records into a table, a part at a time: DuckDB parses one part while the next is decoded and checked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import duckdb

from orchestration.lib.errors import DataError
from orchestration.lib.landing.csv_structure import CsvFile
from orchestration.lib.landing.model import FAULT, RAW, ROW
from orchestration.lib.landing.scratch import Scratch, literal, quoted

if TYPE_CHECKING:
    from orchestration.lib.mapping.model import Format

PART = 64 << 20  # bytes; measured: with smaller parts the two sides disturb each other more than they gain
_NEVER = "\x01never\x01"  # the null text of the parser: empty stays empty, as received


class CsvLoader:
    """Takes clean records through :meth:`write` and loads them into the temporary table ``table``.

    While it is open, its thread is the only one that may use the connection of ``scratch``.
    """

    def __init__(self, scratch: Scratch, *, layout: Format, shown: str, table: str) -> None:
        self._connection, self._folder = scratch.connection, scratch.folder
        self._layout, self._shown, self._table = layout, shown, table
        self._thread = ThreadPoolExecutor(1, "triloop-csv")
        self._loading: Future[None] | None = None
        self._parts = self._loaded = self._shifts = 0
        self._has_faults = False  # the table has columns for them only from the first broken record on
        self._out: BinaryIO | None = None

    def __enter__(self) -> CsvLoader:
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.shutdown()  # waits: nobody else may use the connection until it is done
        if self._out is not None:
            self._out.close()

    def write(self, data: bytes) -> None:
        """Whole records."""
        if self._out is None:
            self._out = self._path().open("wb")
        self._out.write(data)

    def between(self, blocks: Iterable[bytes], found: CsvFile) -> Iterator[bytes]:
        """The blocks; whenever enough of what they held has been written, its loading begins."""
        for block in blocks:
            yield block
            if self._out is not None and self._out.tell() >= PART:
                self._hand_over(found)

    def finish(self, found: CsvFile) -> None:
        """Load the rest.

        Raises:
            DataError: DuckDB cannot parse what was written, or finds another number of rows in it.
        """
        if not found.rows:
            empty = ", ".join(f"null::varchar as {quoted(name)}" for name in found.columns)
            self._connection.execute(
                f"create temp table {self._table} as select 0::bigint as {ROW}, {empty} where false"
            )
            return
        self._hand_over(found)
        self._wait()
        (rows,) = self._connection.execute(f"select count(*) from {self._table}").fetchone() or (0,)
        if rows != found.rows:
            raise DataError(
                f"{self._shown} has {found.rows} rows, but {rows} were read: nothing is landed",
                file=self._shown,
                hint="please report this file's structure; as a way round, export it with every field quoted",
            )

    def _path(self) -> Path:
        return self._folder / f"clean-{self._parts}.csv"

    def _wait(self) -> None:
        if self._loading is not None:
            self._loading.result()

    def _hand_over(self, found: CsvFile) -> None:
        self._wait()
        if self._out is None or found.rows == self._loaded:
            return
        self._out.close()
        self._out = None
        # Of the shifts those that begin in this part, and the one in force where it begins.
        shifts = found.shifts[max(self._shifts - 1, 0) :]
        added = [FAULT, RAW] if found.broken and not self._has_faults else []
        self._has_faults = found.broken > 0
        sql = self._statement(found, self._path(), added=added, has_shifts=bool(shifts))
        self._loading = self._thread.submit(self._load, sql, self._path(), shifts, found.first_row)
        self._parts += 1
        self._loaded, self._shifts = found.rows, len(found.shifts)

    def _load(self, sql: str, path: Path, shifts: list[tuple[int, int]], first_row: int) -> None:
        try:
            if shifts:
                self._connection.execute("create or replace temp table shifts (from_row bigint, shift bigint)")
                first = [(first_row, 0)] if shifts[0][0] > 1 else []
                self._connection.executemany(
                    "insert into shifts values (?, ?)",
                    first + [(first_row + ordinal - 1, shift) for ordinal, shift in shifts],
                )
            self._connection.execute(sql)
            if shifts:
                self._connection.execute("drop table shifts")
        except duckdb.InvalidInputException as error:
            raise DataError(
                f"{self._shown} cannot be parsed: {str(error).splitlines()[0]}",
                file=self._shown,
                hint="export the file again",
            ) from None  # the whole of it quotes the line, with whatever personal data is on it
        finally:
            path.unlink()

    def _statement(self, found: CsvFile, path: Path, *, added: list[str], has_shifts: bool) -> str:
        positions = [f"c{index}" for index in range(len(found.columns))]
        # One thread, one buffer larger than the longest record: the order of rows is the order of the file, always.
        buffer = max(32 << 20, 2 * found.longest + 1024)
        kinds = ", ".join(f"'{one}': 'VARCHAR'" for one in positions)
        layout = self._layout
        source = (
            f"read_csv({literal(str(path))}, auto_detect = false, header = false, parallel = false, "
            f"strict_mode = true, delim = {literal(layout.delimiter)}, quote = {literal(layout.quote)}, "
            f"escape = {literal(layout.quote)}, new_line = '\\n', nullstr = {literal(_NEVER)}, "
            f"max_line_size = {found.longest + 1024}, buffer_size = {buffer}, columns = {{{kinds}}})"
        )
        if self._has_faults:
            marked, stands_in = literal(found.marker), "starts_with(c0, " + literal(found.marker) + ")"
            told = f"case when {stands_in} then substr(c0, length({marked}) + 1) end"
            named = ", ".join(
                f"case when {FAULT} is null then {one} end as {quoted(name)}"
                for one, name in zip(positions, found.columns, strict=True)
            )
            code, text = f"split_part({FAULT}, ':', 1)", f"substr({FAULT}, strpos({FAULT}, ':') + 1)"
            named = f"{code} as {FAULT}, {text} as {RAW}, {named}"
            source = f"(select {', '.join(positions)}, {told} as {FAULT} from {source})"
            positions = [*positions, FAULT]
        else:
            named = ", ".join(f"{one} as {quoted(name)}" for one, name in zip(positions, found.columns, strict=True))
        row = f"row_number() over () + {found.first_row - 1 + self._loaded}"
        numbered = f"select {row} as {ROW}, {', '.join(positions)} from {source}"
        select = f"select {ROW}, {named} from ({numbered})"
        if has_shifts:
            select = (
                f"select n.{ROW} + s.shift as {ROW}, {named} "
                f"from ({numbered}) as n asof join shifts as s on n.{ROW} >= s.from_row order by 1"
            )
        if not self._parts:
            return f"create temp table {self._table} as {select}"
        wider = "".join(f"alter table {self._table} add column {one} varchar; " for one in added)
        return f"{wider}insert into {self._table} by name {select}"
