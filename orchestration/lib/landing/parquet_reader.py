"""Parquet files in their own types."""

from __future__ import annotations

from pathlib import Path

import duckdb

from orchestration.lib.errors import DataError
from orchestration.lib.landing.header import check_header
from orchestration.lib.landing.model import ROW
from orchestration.lib.landing.scratch import Scratch, literal


def read_parquet(scratch: Scratch, path: Path, *, shown: str, table: str) -> tuple[str, ...]:
    """Make the temporary view ``table`` over a file: ``_row`` (counted from 1) and every column in its own type.

    Returns:
        The columns, in order.

    Raises:
        DataError: it is not a sound Parquet file.
    """
    source = f"read_parquet({literal(str(path))}, file_row_number = true, hive_partitioning = false)"
    connection = scratch.connection
    try:
        names = [row[0] for row in connection.execute(f"describe select * from {source}").fetchall()]
        columns = check_header([name for name in names if name != "file_row_number"], shown)
        scratch.limits.require_columns(len(columns), shown)
        connection.execute(
            f"create temp view {table} as select (file_row_number + 1)::bigint as {ROW}, "
            f"* exclude (file_row_number) from {source}"
        )
    except (duckdb.Error, UnicodeDecodeError) as error:
        raise DataError(
            f"{shown} is not a sound Parquet file: {str(error).splitlines()[0].replace(str(path), shown)}",
            file=shown,
            hint="the file is damaged, was cut off, or is another format; export it again",
        ) from None
    return columns
