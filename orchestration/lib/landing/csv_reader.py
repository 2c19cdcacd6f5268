"""CSV files as text, exactly as received: no sniffing, no types, no trimming."""

from __future__ import annotations

import csv
import io
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from orchestration.lib.errors import DataError
from orchestration.lib.landing.csv_structure import CsvCleaner, CsvFile
from orchestration.lib.landing.decoding import Undecodable, utf8_blocks
from orchestration.lib.landing.header import LOOKED_AT, Needed, find_header
from orchestration.lib.landing.limits import MB
from orchestration.lib.landing.model import FAULT, RAW, ROW
from orchestration.lib.landing.scratch import Scratch, literal, quoted
from orchestration.lib.landing.totals import mark_totals

if TYPE_CHECKING:
    from orchestration.lib.mapping.model import Format

_AT_ONCE = 1 << 18  # characters whose structure is looked at together: few enough to stay in the processor's cache
_NEVER = "\x01never\x01"  # the null text of the parser: empty stays empty, as received


def read_csv(
    scratch: Scratch, path: Path, *, layout: Format, shown: str, table: str, needed: Needed | None = None
) -> tuple[str, ...]:
    """Load a file into the temporary ``table``: ``_row`` and every column as VARCHAR.

    Rows whose structure is broken have no values; then ``_fault`` says what is wrong and ``_raw`` holds their text.

    Args:
        needed: the columns that the mapping needs: the header names all of them where it is looked for
            (``layout.header``), and some of them anyway.

    ``_row`` is the row a spreadsheet shows, so the header is 1 and a quoted line break or a blank line does not
    disturb it. Blank lines are not rows.

    Returns:
        The columns, in order.
    """
    clean_path = scratch.folder / "clean.csv"
    header_row = layout.header
    if header_row == "auto":
        header_row = _look_for_header(path, layout, needed or Needed(), shown)
    undecodable = Undecodable()
    blocks = utf8_blocks(
        path,
        encoding=layout.encoding,
        shown=shown,
        most_bytes=scratch.limits.max_unpacked_mb * MB,
        tolerated=undecodable,
        at_once=_AT_ONCE,
    )
    with clean_path.open("wb") as out:
        cleaner = CsvCleaner(
            out,
            delimiter=layout.delimiter,
            quote=layout.quote,
            shown=shown,
            header_row=header_row,
            limits=scratch.limits,
            undecodable=undecodable,
            needed=needed,
        )
        found = cleaner.clean(blocks)
    rows = f"{table}_rows" if layout.total_rows else table
    try:
        _load(scratch.connection, clean_path, found, layout=layout, shown=shown, table=rows)
    finally:
        clean_path.unlink()
    if layout.total_rows:
        mark_totals(scratch.connection, rows, found.columns, layout.total_rows, into=table)
    return found.columns


def _look_for_header(path: Path, layout: Format, needed: Needed, shown: str) -> int:
    """The row (from 1) that names the columns, below titles."""
    text = next(utf8_blocks(path, encoding=layout.encoding, shown=shown), b"").decode()
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=layout.delimiter, quotechar=layout.quote)
    try:
        first = list(islice(reader, LOOKED_AT))
    except csv.Error as error:
        raise DataError(
            f"{shown} cannot be parsed: {error}", file=shown, hint="check delimiter and quote in the mapping"
        ) from None
    if not first:
        raise DataError(f"{shown} is empty: it has not even a header", file=shown, hint="export it again")
    return find_header(first, "auto", needed, what=shown, file=shown) + 1


def _load(
    connection: duckdb.DuckDBPyConnection, path: Path, found: CsvFile, *, layout: Format, shown: str, table: str
) -> None:
    positions = [f"c{index}" for index in range(len(found.columns))]
    named = ", ".join(f"{one} as {quoted(name)}" for one, name in zip(positions, found.columns, strict=True))
    if not found.rows:
        empty = ", ".join(f"null::varchar as {quoted(name)}" for name in found.columns)
        connection.execute(f"create temp table {table} as select 0::bigint as {ROW}, {empty} where false")
        return
    # One thread, one buffer larger than the longest record: the order of rows is the order of the file, always.
    buffer = max(32 << 20, 2 * found.longest + 1024)
    kinds = ", ".join(f"'{one}': 'VARCHAR'" for one in positions)
    source = (
        f"read_csv({literal(str(path))}, auto_detect = false, header = false, parallel = false, strict_mode = true, "
        f"delim = {literal(layout.delimiter)}, quote = {literal(layout.quote)}, escape = {literal(layout.quote)}, "
        f"new_line = '\\n', nullstr = {literal(_NEVER)}, max_line_size = {found.longest + 1024}, "
        f"buffer_size = {buffer}, columns = {{{kinds}}})"
    )
    if found.broken:
        marked, stands_in = literal(found.marker), "starts_with(c0, " + literal(found.marker) + ")"
        told = f"case when {stands_in} then substr(c0, length({marked}) + 1) end"
        named = ", ".join(
            f"case when {FAULT} is null then {one} end as {quoted(name)}"
            for one, name in zip(positions, found.columns, strict=True)
        )
        named = f"split_part({FAULT}, ':', 1) as {FAULT}, substr({FAULT}, strpos({FAULT}, ':') + 1) as {RAW}, {named}"
        source = f"(select {', '.join(positions)}, {told} as {FAULT} from {source})"
        positions = [*positions, FAULT]
    row = f"row_number() over () + {found.first_row - 1}"
    numbered = f"select {row} as {ROW}, {', '.join(positions)} from {source}"
    try:
        if found.shifts:
            connection.execute("create or replace temp table shifts (from_row bigint, shift bigint)")
            first = [(found.first_row, 0)] if found.shifts[0][0] > 1 else []
            connection.executemany(
                "insert into shifts values (?, ?)",
                first + [(found.first_row + ordinal - 1, shift) for ordinal, shift in found.shifts],
            )
            connection.execute(
                f"create temp table {table} as select n.{ROW} + s.shift as {ROW}, {named} "
                f"from ({numbered}) as n asof join shifts as s on n.{ROW} >= s.from_row order by 1"
            )
            connection.execute("drop table shifts")
        else:
            connection.execute(f"create temp table {table} as select {ROW}, {named} from ({numbered})")
    except duckdb.InvalidInputException as error:
        raise DataError(
            f"{shown} cannot be parsed: {str(error).splitlines()[0]}", file=shown, hint="export the file again"
        ) from None  # the whole of it quotes the line, with whatever personal data is on it
    (rows,) = connection.execute(f"select count(*) from {table}").fetchone() or (0,)
    if rows != found.rows:
        raise DataError(
            f"{shown} has {found.rows} rows, but {rows} were read: nothing is landed",
            file=shown,
            hint="please report this file's structure; as a way round, export it with every field quoted",
        )
