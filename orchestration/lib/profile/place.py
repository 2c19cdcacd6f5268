"""What there is to profile at a file, a folder, a database file or a database's address."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

from orchestration.lib.errors import ConfigurationError, DataError, nearest
from orchestration.lib.mapping.model import SUFFIXES, file_kind
from orchestration.lib.profile.vocabulary import Vocabulary
from orchestration.lib.profile.words import Words

_SQLITE = b"SQLite format 3\x00"
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+]*://")
_SERIES = re.compile(r"[0-9]{4}(?:[-_.]?[0-9]{2}){1,2}|[0-9]{4,}|(?<=[_\- ])[0-9]+(?=\.)")
_MOST_FILES = 2000

PlaceKind = Literal["files", "sqlite", "sql"]


@dataclass(frozen=True)
class Item:
    """One table, sheet, or family of files.

    Attributes:
        name: as people know it: the table, or the file pattern without its ending.
        files: the files of the family, the newest first.
        pattern: file pattern relative to the place's folder.
    """

    name: str
    files: tuple[Path, ...] = ()
    pattern: str | None = None
    sheet: str | None = None
    table: str | None = None
    notes: tuple[Words, ...] = ()


@dataclass(frozen=True)
class Place:
    """Where the items are: a folder, a database file, or an address.

    Attributes:
        skipped: system tables and files that no reader takes, by name.
    """

    kind: PlaceKind
    shown: str
    path: Path | None
    items: tuple[Item, ...]
    url: str | None = None
    schema: str | None = None
    skipped: tuple[str, ...] = ()


def is_url(text: str) -> bool:
    """Whether a place is the address of a database."""
    return bool(_URL.match(text))


def open_path(path: Path, vocabulary: Vocabulary, *, sheet: str | None = None) -> Place:
    """What is at a path.

    Raises:
        ConfigurationError: there is nothing.
        DataError: there is nothing that can be read.
    """
    if path.is_dir():
        return _folder(path)
    if not path.is_file():
        names = [one.name for one in path.parent.iterdir()] if path.parent.is_dir() else []
        raise ConfigurationError(f"there is no {path}", hint=nearest(path.name, names) if names else None)
    if _is_sqlite(path):
        return sqlite_place(path, vocabulary)
    if file_kind(path.name) is None:
        raise ConfigurationError(
            f"{path.name} is of a kind that cannot be read",
            hint="files end in one of: "
            + ", ".join(one for several in SUFFIXES.values() for one in several)
            + "; a SQLite database may have any name",
        )
    pattern = family(path.name)
    same = [one for one in path.parent.iterdir() if one.is_file() and fnmatchcase(one.name, pattern)]
    note: tuple[Words, ...] = ()
    if len(same) > 1:
        note = (Words(f"{len(same)} files match {pattern}", f"{pattern} 匹配 {len(same)} 个文件"),)
    items = _sheets(Item(_bare(pattern), (path,), pattern, notes=note), sheet)
    return Place("files", path.name, path.parent, tuple(items))


def family(file_name: str) -> str:
    """The pattern of a file's name: the day or number in it stands for any.

    >>> family("orders_20250131.csv")
    'orders_*.csv'
    """
    stem, dot, suffix = file_name.partition(".")
    pattern = _SERIES.sub("*", stem + ".").removesuffix(".")
    pattern = re.sub(r"\*(?:[-_.~ ]?\*)+", "*", pattern)
    return file_name if not pattern.strip("*_- ") else pattern + dot + suffix


def sqlite_place(path: Path, vocabulary: Vocabulary) -> Place:
    """The tables and views of a SQLite file."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as db:
            found = db.execute(
                "select name from sqlite_master where type in ('table', 'view') order by name"
            ).fetchall()
    except sqlite3.Error as error:
        raise DataError(f"{path.name} cannot be read: {error}", file=path.name, hint="is it whole?") from None
    names, skipped = without_system_tables([row[0] for row in found], vocabulary)
    return Place("sqlite", path.name, path, tuple(Item(one, table=one) for one in names), skipped=tuple(skipped))


def without_system_tables(names: Iterable[str], vocabulary: Vocabulary) -> tuple[list[str], list[str]]:
    """Names of tables: those of the business, and those of the database program or framework."""
    kept: list[str] = []
    skipped: list[str] = []
    for one in names:
        is_system = any(fnmatchcase(one.lower(), pattern) for pattern in vocabulary.system_tables)
        (skipped if is_system else kept).append(one)
    return kept, skipped


def pick(place: Place, table: str | None) -> tuple[Item, ...]:
    """The items that were asked for.

    Raises:
        ConfigurationError: there is no such table.
    """
    if table is None:
        return place.items
    found = tuple(one for one in place.items if table in {one.name, one.table, one.pattern, one.sheet})
    if found:
        return found
    if table in place.skipped and place.kind == "sqlite":
        return (Item(table, table=table),)  # asked for by name: then even a system table
    raise ConfigurationError(
        f"there is no table '{table}' in {place.shown}", hint=nearest(table, [one.name for one in place.items])
    )


def _folder(path: Path) -> Place:
    families: dict[str, list[Path]] = {}
    skipped: list[str] = []
    for file in sorted(path.rglob("*"))[:_MOST_FILES]:
        relative = file.relative_to(path)
        if not file.is_file() or any(part.startswith((".", "~$")) for part in relative.parts):
            continue
        if file_kind(file.name) is None:
            skipped.append(relative.as_posix())
            continue
        parent = relative.parent.as_posix()
        pattern = family(file.name)
        families.setdefault(pattern if parent == "." else f"{parent}/{pattern}", []).append(file)
    items: list[Item] = []
    for pattern, files in families.items():
        newest = sorted(files, key=lambda one: _natural(one.name), reverse=True)
        shown = pattern if len(files) > 1 else newest[0].relative_to(path).as_posix()
        own = pattern if len(files) > 1 or "*" in pattern else shown
        items += _sheets(Item(_bare(own), tuple(newest), own), None)
    if not items:
        raise DataError(
            f"there is no file in {path.name} that can be read",
            hint="files end in one of: "
            + ", ".join(one for several in SUFFIXES.values() for one in several)
            + (f"; found {', '.join(skipped[:5])}" if skipped else ""),
        )
    return Place("files", path.name, path, tuple(items), skipped=tuple(skipped))


def _sheets(item: Item, wanted: str | None) -> list[Item]:
    """A spreadsheet with several sheets is as many tables."""
    if item.pattern is None or file_kind(item.pattern) != "excel":
        if wanted is not None:
            raise ConfigurationError(f"{item.name} has no sheets", hint="leave --sheet out")
        return [item]
    from orchestration.lib.profile.workbook import sheets_of

    sheets = sheets_of(item.files[0], wanted)
    if len(sheets) == 1 and wanted is None:
        return [item]
    return [
        Item(one if wanted else f"{item.name} {one}", item.files, item.pattern, sheet=one, notes=item.notes)
        for one in sheets
    ]


def _bare(pattern: str) -> str:
    """A pattern without folder, ending and what the * leaves behind."""
    stem = pattern.rpartition("/")[2].partition(".")[0]
    return stem.replace("*", "").strip("_-. ") or stem


def _is_sqlite(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(len(_SQLITE)) == _SQLITE


def _natural(file_name: str) -> list[tuple[int, int, str]]:
    """Numbers in names count as numbers."""
    parts = re.split(r"([0-9]+)", file_name)
    return [(1, int(part), part) if part.isdecimal() else (0, 0, part) for part in parts]
