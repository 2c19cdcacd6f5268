"""Writes frames the way the systems would: CSV of office software, in the bytes that they would have."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import BinaryIO, Protocol, TypeAlias

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

BLOCK = 250_000
"""Rows that are turned to text and transcoded at a time."""


class Export(Protocol):
    """A file that is no CSV: a database, a workbook, Parquet."""

    def write(self, path: Path) -> None:
        """Write it; the folder exists."""

    def rows(self) -> dict[str, int]:
        """Rows by what is appended to the file's name: ``""`` for the file itself, ``#table`` for one of its tables."""


Content: TypeAlias = pd.DataFrame | Export
"""What a file holds: a frame is a CSV in the encoding of its system."""


class Parquet:
    """One Parquet file."""

    def __init__(self, table: pa.Table) -> None:
        self.table = table

    def write(self, path: Path) -> None:
        """Write the table with its own types."""
        pq.write_table(self.table, path)

    def rows(self) -> dict[str, int]:
        """Rows of the file."""
        return {"": self.table.num_rows}


class Blocks:
    """A CSV too long to be held as text: made and written block by block."""

    def __init__(self, count: int, make: Callable[[int, int], pd.DataFrame], encoding: str) -> None:
        """``make(begin, end)`` gives those rows as text; ``make(0, 0)`` the header."""
        self.count, self.make, self.encoding = count, make, encoding

    def write(self, path: Path) -> None:
        """Write all rows."""
        with path.open("wb") as file:
            _begin(file, list(self.make(0, 0).columns), self.encoding)
            for begin in range(0, self.count, BLOCK):
                block = self.make(begin, min(begin + BLOCK, self.count))
                _append(file, pa.Table.from_pandas(block, preserve_index=False), self.encoding)

    def rows(self) -> dict[str, int]:
        """Rows of the file."""
        return {"": self.count}


class Database:
    """A SQLite database. NUMERIC keeps a decimal as a number where it can and as text where it cannot."""

    def __init__(self, columns: dict[str, str], tables: dict[str, pd.DataFrame]) -> None:
        """``columns``: the columns of each table as CREATE TABLE has them; ``tables``: its rows in that order."""
        self.columns, self.tables = columns, tables

    def write(self, path: Path) -> None:
        """Write all tables into a new file."""
        path.unlink(missing_ok=True)
        with closing(sqlite3.connect(path)) as connection, connection:
            for table, columns in self.columns.items():
                frame = self.tables[table]
                connection.execute(f"CREATE TABLE {table} ({columns})")
                marks = ", ".join("?" * len(frame.columns))
                for begin in range(0, len(frame), BLOCK):
                    rows = frame.iloc[begin : begin + BLOCK].astype(object).itertuples(index=False, name=None)
                    connection.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)

    def rows(self) -> dict[str, int]:
        """Rows of each table."""
        return {f"#{name}": len(frame) for name, frame in self.tables.items()}


def write(content: Content, path: Path) -> None:
    """Write one file of the inbox; the CRM exports UTF-8 with a BOM, every other system GB18030."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, pd.DataFrame):
        write_csv(path, content, "utf-8-sig" if path.parent.name == "crm" else "gb18030")
    else:
        content.write(path)


def row_counts(name: str, content: Content) -> dict[str, int]:
    """Rows of each part of a file."""
    if isinstance(content, pd.DataFrame):
        return {name: len(content)}
    return {f"{name}{part}": count for part, count in content.rows().items()}


def write_csv(path: Path, frame: pd.DataFrame, encoding: str) -> None:
    """A CSV as office software writes it: CRLF, quotes where needed, and a BOM if the encoding says so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Blocks(len(frame), lambda begin, end: frame.iloc[begin:end], encoding).write(path)


def _begin(file: BinaryIO, columns: list[str], encoding: str) -> None:
    if encoding == "utf-8-sig":
        file.write(b"\xef\xbb\xbf")
    _append(file, pa.table({name: pa.array([name], pa.string()) for name in columns}), encoding)


def _append(file: BinaryIO, table: pa.Table, encoding: str) -> None:
    """Rows as lines: the buffer of an Arrow text column is those lines one behind the other."""
    cells = [_cell(column.combine_chunks()) for column in table.columns]
    lines = pc.binary_join_element_wise(*cells, _text(","))
    lines = pc.binary_join_element_wise(lines, _text("\r\n"), _text(""))
    size = pc.sum(pc.binary_length(lines)).as_py()
    octets = memoryview(lines.buffers()[2])[:size]
    file.write(octets if encoding == "utf-8-sig" else str(octets, "utf-8").encode(encoding))


def _cell(column: pa.Array) -> pa.Array:
    """Text with quotes around what holds a comma, a quote or a line break; nothing for a missing value."""
    text = column.cast(pa.large_string()).fill_null("")
    special = pc.match_substring_regex(text, '[",\r\n]')
    if not pc.any(special).as_py():
        return text
    quoted = pc.binary_join_element_wise(_text('"'), pc.replace_substring(text, '"', '""'), _text('"'), _text(""))
    return pc.if_else(special, quoted, text)


def _text(value: str) -> pa.Scalar:
    return pa.scalar(value, pa.large_string())
