"""Which reader reads what, and what decides how its result looks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.lib.errors import DataError
from orchestration.lib.landing.header import Needed
from orchestration.lib.landing.scratch import Scratch
from orchestration.lib.mapping.model import SUFFIXES, file_kind

if TYPE_CHECKING:
    from orchestration.lib.mapping.model import SourceObject


def read_file(scratch: Scratch, original: Path, *, name: str, obj: SourceObject, table: str) -> tuple[str, ...]:
    """Load the file ``original``, which a person knows as ``name``, into ``table``.

    Returns:
        The columns, in order.

    Raises:
        DataError: the file cannot be taken as it is.
    """
    kind = file_kind(name)
    needed = Needed(obj.raw_columns_needed(), obj.renamed)
    if kind == "parquet":
        from orchestration.lib.landing.parquet_reader import read_parquet

        return read_parquet(scratch, original, shown=name, table=table)
    if kind == "csv":
        from orchestration.lib.landing.csv_reader import read_csv

        return read_csv(scratch, original, layout=obj.format, shown=name, table=table, needed=needed)
    if kind == "excel":
        from orchestration.lib.landing.excel_reader import read_excel

        return read_excel(
            scratch, original, layout=obj.format, sheet=obj.sheet, needed=needed, shown=name, table=table,
        )  # fmt: skip
    if kind == "jsonl":
        from orchestration.lib.landing.jsonl_reader import read_jsonl

        return read_jsonl(scratch, original, encoding=obj.format.encoding, shown=name, table=table)
    raise DataError(
        f"{name} is of a kind that cannot be read",
        file=name,
        hint="its name must end in one of: " + ", ".join(one for several in SUFFIXES.values() for one in several),
    )


def text_layout(obj: SourceObject, name: str) -> list[str]:
    """What of the mapping, besides the privacy plan, decides how a landed file looks."""
    kind = None if obj.is_database else file_kind(name)
    layout = obj.format
    renamed = [f"renamed {new}: {old}" for new, old in sorted(obj.renamed.items())]
    if kind == "csv":
        told = [layout.encoding, layout.delimiter, layout.quote]
    elif kind == "excel":
        told = [] if obj.sheet is None else [f"sheet {obj.sheet!r}"]
    elif kind == "jsonl":
        told = [layout.encoding]
    else:
        return renamed
    if layout.header is not None:
        told.append(f"header {layout.header}")
    if layout.header == "auto":  # another row may be the header when other columns are needed
        told += [f"needs {column}" for column in sorted(obj.raw_columns_needed())]
    return told + [f"total {one}" for one in layout.total_rows] + renamed
