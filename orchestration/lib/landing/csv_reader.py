"""CSV files as text, exactly as received: no sniffing, no types, no trimming."""

from __future__ import annotations

import csv
import io
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.lib.errors import DataError
from orchestration.lib.landing.csv_load import CsvLoader
from orchestration.lib.landing.csv_structure import CsvCleaner
from orchestration.lib.landing.decoding import Undecodable, utf8_blocks
from orchestration.lib.landing.header import LOOKED_AT, Needed, find_header
from orchestration.lib.landing.limits import MB
from orchestration.lib.landing.scratch import Scratch
from orchestration.lib.landing.totals import mark_totals

if TYPE_CHECKING:
    from orchestration.lib.mapping.model import Format

_AT_ONCE = 1 << 18  # characters whose structure is looked at together: few enough to stay in the processor's cache


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
    rows = f"{table}_rows" if layout.total_rows else table
    with CsvLoader(scratch, layout=layout, shown=shown, table=rows) as loader:
        cleaner = CsvCleaner(
            loader,
            delimiter=layout.delimiter,
            quote=layout.quote,
            shown=shown,
            header_row=header_row,
            limits=scratch.limits,
            undecodable=undecodable,
            needed=needed,
        )
        found = cleaner.clean(loader.between(blocks, cleaner.found))
        loader.finish(found)
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
