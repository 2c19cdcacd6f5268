"""Loads a sample of a table through the readers of landing: what is profiled is what will land."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from orchestration.lib.errors import DataError
from orchestration.lib.landing.decoding import utf8_blocks
from orchestration.lib.landing.model import FAULT, ROW, TOTAL_ROW
from orchestration.lib.landing.readers import read_file
from orchestration.lib.landing.scratch import Scratch, quoted
from orchestration.lib.landing.sqlite_reader import read_table
from orchestration.lib.mapping.model import TOTAL_ROWS, Format, SourceObject, file_kind
from orchestration.lib.profile.encoding import detect_encoding
from orchestration.lib.profile.layout import find_layout
from orchestration.lib.profile.place import Item, Place
from orchestration.lib.profile.words import Words

_HEAD = 2 << 20  # bytes of text that the layout is found from
_MOST_BYTES = 256 << 20  # of text that is read of a file: the rest of a larger one is not looked at
_MOST_FILES = 24  # of a family


@dataclass(frozen=True)
class Sample:
    """A loaded sample: the DuckDB ``table``, and how it came about.

    Attributes:
        rows: rows of the whole, None when they were not counted.
        key: primary key that the database declares.
        references: column → (table, column), as the database declares.
    """

    table: str
    columns: tuple[str, ...]
    rows: int | None
    layout: Format
    notes: tuple[Words, ...] = ()
    key: tuple[str, ...] = ()
    references: tuple[tuple[str, str, str], ...] = ()


def load_sample(scratch: Scratch, place: Place, item: Item, *, table: str, most: int) -> Sample:
    """Load at most ``most`` rows of an item into ``table``.

    Raises:
        DataError: it cannot be read as it is; the text says where and how to mend it.
    """
    if place.kind == "files":
        return _files(scratch, item, table=table, most=most)
    if place.kind == "sqlite":
        return _sqlite(scratch, place, item, table=table, most=most)
    from orchestration.lib.profile.database import load_rows

    return load_rows(scratch, place, item, table=table, most=most)


# Files ---------------------------------------------------------------------------------------------------------------


def _files(scratch: Scratch, item: Item, *, table: str, most: int) -> Sample:
    """The newest file of a family, then older ones of the same columns until there are enough rows."""
    first = item.files[0]
    layout, notes = _layout_of(first, item)
    notes = (*item.notes, *notes)
    columns, total, cut = _one_file(scratch, first, item, layout, into=f"{table}_all")
    read = 1
    for file in item.files[1:_MOST_FILES]:
        if total >= most or cut:
            break
        try:
            others, rows, _ = _one_file(scratch, file, item, layout, into=f"{table}_more")
        except DataError as error:
            notes += (Words(f"{file.name} is left out: {error.message}", f"未读取 {file.name}：{error.message}"),)
            continue
        if set(others) != set(columns):
            told = sorted(set(others) ^ set(columns))
            notes += (
                Words(
                    f"{file.name} has other columns ({', '.join(told)})", f"{file.name} 的列不同（{'、'.join(told)}）"
                ),
            )
        else:
            scratch.connection.execute(f"insert into {table}_all by name select * from {table}_more")
            total += rows
            read += 1
        scratch.connection.execute(f"drop table {table}_more")
    if file_kind(first.name) == "excel":
        layout = Format()  # a spreadsheet's header and totals are found by landing without being told
    whole: int | None = total if read == len(item.files) and not cut else None
    if read < len(item.files):
        notes += (
            Words(f"{read} of {len(item.files)} files were read", f"共 {len(item.files)} 个文件，读取了 {read} 个"),
        )
    if cut:
        notes += (
            Words(
                f"large file: only its first {_MOST_BYTES >> 20} MB were read",
                f"文件较大：只读取了前 {_MOST_BYTES >> 20} MB",
            ),
        )
    notes += _broken_rows(scratch, f"{table}_all")
    _keep_sample(scratch, f"{table}_all", table, columns, most)
    return Sample(table, columns, whole, layout, notes)


def _broken_rows(scratch: Scratch, table: str) -> tuple[Words, ...]:
    if FAULT not in scratch.columns(table):
        return ()
    count, first = scratch.connection.execute(
        f"select count(*), min({ROW}) from {table} where {FAULT} is not null"
    ).fetchall()[0]
    if not count:
        return ()
    return (
        Words(
            f"{count} rows are broken in structure and would go to quarantine, the first in row {first}",
            f"{count} 行结构损坏，将进入隔离区，首个在第 {first} 行",
        ),
    )


def _layout_of(file: Path, item: Item) -> tuple[Format, tuple[Words, ...]]:
    kind = file_kind(file.name)
    if kind == "excel":
        return Format(total_rows=TOTAL_ROWS), ()
    if kind == "jsonl":
        encoding = detect_encoding(file, shown=file.name, limit=_MOST_BYTES)
        return Format(encoding=encoding.name), encoding.notes
    if kind != "csv":
        return Format(), ()
    encoding = detect_encoding(file, shown=file.name, limit=_MOST_BYTES)
    head = b""
    for block in utf8_blocks(file, encoding=encoding.name, shown=file.name):
        head += block
        if len(head) >= _HEAD:
            head = head[: head.rfind(b"\n", 0, _HEAD) + 1]
            break
    found = find_layout(head.decode("utf-8", "ignore"))
    blank = next((number for number, line in enumerate(head.split(b"\n"), start=1) if line.strip(b"\r ")), 1)
    layout = Format(
        encoding=encoding.name,
        delimiter=found.delimiter,
        header=found.header if found.header != blank else None,
        total_rows=found.total_rows,
    )
    return layout, encoding.notes + found.notes


def _one_file(
    scratch: Scratch, file: Path, item: Item, layout: Format, *, into: str
) -> tuple[tuple[str, ...], int, bool]:
    """Load one file; columns, rows, and whether it was cut."""
    kind = file_kind(file.name)
    source, cut = file, False
    if kind == "csv" and file.stat().st_size > _MOST_BYTES // (8 if file.name.lower().endswith(".gz") else 1):
        source, cut = _beginning(scratch, file, layout)
        layout = replace(layout, encoding="utf-8")
    obj = SourceObject(item.name, "append", 1, file=file.name, sheet=item.sheet, format=layout)
    shown = file.name.removesuffix(".gz") if source is not file else file.name
    columns = read_file(scratch, source, name=shown, obj=obj, table=f"{into}_raw")
    scratch.connection.execute(
        f"create or replace temp table {into} as select * from {f'{into}_raw'}{_no_totals(scratch, into)}"
    )
    (rows,) = scratch.connection.execute(f"select count(*) from {into}").fetchall()[0]
    drop(scratch, f"{into}_raw")  # and what the reader made on its way
    return columns, int(rows), cut


def _no_totals(scratch: Scratch, into: str) -> str:
    names = {row[0] for row in scratch.connection.execute(f"describe {into}_raw").fetchall()}
    return f" where {TOTAL_ROW} is not true" if TOTAL_ROW in names else ""


def _beginning(scratch: Scratch, file: Path, layout: Format) -> tuple[Path, bool]:
    """The first part of a file as UTF-8, cut where a record ends; whether there was more."""
    target = scratch.folder / "beginning.csv"
    quote = layout.quote.encode()
    written, cut = 0, False
    with target.open("wb") as out:
        quotes = 0
        for block in utf8_blocks(file, encoding=layout.encoding, shown=file.name):
            if written >= _MOST_BYTES:
                cut = True
                end = _record_end(block, quote, quotes)
                if end is not None:
                    out.write(block[:end])
                    break
            out.write(block)
            written += len(block)
            quotes += block.count(quote)
    return target, cut


def _record_end(block: bytes, quote: bytes, quotes: int) -> int | None:
    """Where the first record ends in a block that ``quotes`` quotes came before."""
    at = -1
    while (at := block.find(b"\n", at + 1)) >= 0:
        if (quotes + block.count(quote, 0, at)) % 2 == 0:
            return at + 1
    return None


# Databases -----------------------------------------------------------------------------------------------------------


def _sqlite(scratch: Scratch, place: Place, item: Item, *, table: str, most: int) -> Sample:
    path, name = place.path, item.table
    if path is None or name is None:
        raise ValueError("a SQLite item has a file and a table")
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as db:
            (rows,) = db.execute(f"select count(*) from {quoted(name)}").fetchone()
            described = db.execute(f"pragma table_info({quoted(name)})").fetchall()
            foreign = db.execute(f"pragma foreign_key_list({quoted(name)})").fetchall()
    except sqlite3.Error as error:
        raise DataError(
            f"table '{name}' of {place.shown} cannot be read: {error}", file=place.shown, hint="check the database"
        ) from None
    if not rows:  # nothing to look at, and most tables of an ERP are empty
        scratch.connection.execute(f"create temp table {table} as select null::varchar as nothing where false")
        return Sample(table, ("nothing",), 0, Format())
    source = _smaller(scratch, path, name, rows, most) if rows > most else path
    columns = read_table(scratch, source, table_name=name, shown=place.shown, table=f"{table}_all")
    _keep_sample(scratch, f"{table}_all", table, columns, most)
    key = tuple(row[1] for row in sorted(described, key=lambda row: row[5]) if row[5])
    references = tuple((row[3], row[2], row[4] or "") for row in foreign)
    return Sample(table, columns, int(rows), Format(), item.notes, key, references)


def _smaller(scratch: Scratch, path: Path, name: str, rows: int, most: int) -> Path:
    """Every n-th row of a large table, in a database of its own; views and what has no row numbers are read whole."""
    target = scratch.folder / "part.sqlite"
    target.unlink(missing_ok=True)
    with closing(sqlite3.connect(target, isolation_level=None)) as db:
        db.execute(f"attach {_text(f'{path.resolve().as_uri()}?mode=ro')} as source")
        try:
            (made,) = db.execute(
                "select sql from source.sqlite_master where type = 'table' and name = ?", [name]
            ).fetchone()
            db.execute(made)
            columns = [
                row[1]
                for row in db.execute(f"pragma source.table_xinfo({quoted(name)})")
                if row[6] == 0  # generated columns make themselves
            ]
            picked = ", ".join(map(quoted, columns))
            db.execute(
                f"insert into main.{quoted(name)} ({picked}) select {picked} from source.{quoted(name)} "
                f"where rowid % ? = 0 limit ?",
                [max(rows // most, 1), most],
            )
        except (sqlite3.Error, TypeError):
            return path
    return target


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _keep_sample(scratch: Scratch, whole: str, table: str, columns: Sequence[str], most: int) -> None:
    """Keep at most ``most`` rows, spread over the whole and the same each time."""
    (rows,) = scratch.connection.execute(f"select count(*) from {whole}").fetchall()[0]
    picked = ", ".join(quoted(one) for one in columns)
    chosen = f" order by hash({ROW}) limit {most}" if rows > most else ""
    scratch.connection.execute(f"create or replace temp table {table} as select {picked} from {whole}{chosen}")
    drop(scratch, whole)


def drop(scratch: Scratch, prefix: str) -> None:
    """Drop the tables and views whose names begin so, those first that stand on others."""
    found = scratch.connection.execute(
        "select table_name, table_type from information_schema.tables where starts_with(table_name, ?) "
        "order by table_type = 'VIEW' desc",
        [prefix],
    ).fetchall()
    for name, kind in found:
        scratch.connection.execute(f"drop {'view' if kind == 'VIEW' else 'table'} {quoted(name)}")
