"""The landed files of one object: which of them count, what is in them, and SQL that reads them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from orchestration.lib.errors import DataError, nearest
from orchestration.lib.landing.model import ADDED, FAULT, RAW, Batch
from orchestration.lib.mapping.model import Feed, SourceMapping, SourceObject
from orchestration.lib.mapping.sql import literal, literals, name

_FILE = "__file"
# a folder of the workspace may well be called year=2026: that is no column
_PLAIN = "hive_partitioning = false"


@dataclass(frozen=True)
class FileGroup:
    """Files whose columns agree in name and type: ``numbers`` are their places in :attr:`Landed.live`."""

    numbers: tuple[int, ...]
    types: dict[str, str]


@dataclass(frozen=True)
class Landed:
    """The current batches of an object, oldest first.

    Attributes:
        live: those that are read.
        superseded: earlier states of a snapshot, which a later one replaced as a whole.
    """

    mapping: SourceMapping
    obj: SourceObject
    live: tuple[Batch, ...]
    superseded: tuple[Batch, ...]
    groups: tuple[FileGroup, ...]

    def relation(self, group: FileGroup) -> str:
        """A parenthesised query: the raw columns of the group, ``_row`` and ``__batch``."""
        paths = {number: str(self.live[number].landed_path) for number in group.numbers}
        if len(paths) == 1:
            number, path = next(iter(paths.items()))
            return f"(SELECT *, CAST({number} AS INTEGER) AS __batch FROM read_parquet({literal(path)}, {_PLAIN}))"
        rows = ", ".join(f"({literal(path)}, {number})" for number, path in paths.items())
        return (
            f"(SELECT r.*, CAST(b.number AS INTEGER) AS __batch FROM read_parquet([{literals(paths.values())}], "
            f"filename = '{_FILE}', {_PLAIN}) AS r JOIN (VALUES {rows}) AS b(path, number) ON r.{_FILE} = b.path)"
        )

    def require_columns(self, feed: Feed) -> None:
        """Raise unless every live file has the columns that the feed needs.

        Raises:
            DataError: names the file, the column, the nearest header and the place in the mapping.
        """
        needed = feed.raw_columns()
        if self.obj.load == "upsert":
            needed = {**dict.fromkeys(self.obj.key, self.obj.line), **needed}
        for group in self.groups:
            missing = [column for column in needed if column not in group.types]
            if not missing:
                continue
            first, headers = missing[0], [column for column in group.types if column not in ADDED]
            others = f" (nor {', '.join(missing[1:])})" if len(missing) > 1 else ""
            files = [self.live[number].source_file for number in group.numbers]
            more = f" and {len(files) - 1} more file(s)" if len(files) > 1 else ""
            raise DataError(
                f"{files[0]}{more}: there is no column '{first}'{others}, which the mapping to {feed.entity} needs",
                file=self.mapping.file,
                line=needed[first],
                hint=f"{nearest(first, headers)}; correct the name in the mapping. If only some files have the column, "
                f"write {{from: {first}, optional: true}}",
            )


def read_landed(
    connection: duckdb.DuckDBPyConnection, mapping: SourceMapping, obj: SourceObject, batches: list[Batch]
) -> Landed:
    """Look at the files of the current batches.

    Raises:
        DataError: a landed file is gone or cannot be read.
    """
    live, superseded = in_play(obj, batches)
    return Landed(mapping, obj, live, superseded, _groups(connection, live))


def in_play(obj: SourceObject, batches: Sequence[Batch]) -> tuple[tuple[Batch, ...], tuple[Batch, ...]]:
    """The contents that are read, and those that a later one of a snapshot replaced as a whole; oldest first."""
    batches = [batch for batch in batches if batch.is_current]
    if obj.load != "snapshot":
        return tuple(batches), ()
    # a table of a database is one state, whatever name its rows landed under
    whole = obj.snapshot_per == "object" or obj.is_database
    latest = {("" if whole else batch.source_file): batch for batch in batches}
    kept = {batch.ingest_id for batch in latest.values()}
    return (
        tuple(batch for batch in batches if batch.ingest_id in kept),
        tuple(batch for batch in batches if batch.ingest_id not in kept),
    )


def _groups(connection: duckdb.DuckDBPyConnection, batches: tuple[Batch, ...]) -> tuple[FileGroup, ...]:
    for batch in batches:
        if not batch.landed_path.is_file():
            raise DataError(
                f"the landed copy of {batch.source_file} is gone",
                file=batch.landed_path,
                hint="restore .triloop/landing from a backup, or remove .triloop and run again from the source files",
            )
    if not batches:
        return ()
    numbers = {str(batch.landed_path): number for number, batch in enumerate(batches)}
    try:
        rows = connection.execute(
            "SELECT file_name, concat_ws(chr(31), name, type, converted_type, logical_type, precision, scale) "
            f"FROM parquet_schema([{literals(numbers)}])"
        ).fetchall()
        columns: dict[str, list[str]] = {}
        for path, column in rows:
            columns.setdefault(path, []).append(column)
        by_signature: dict[tuple[str, ...], list[int]] = {}
        for path, signature in columns.items():
            by_signature.setdefault(tuple(signature), []).append(numbers[path])
        groups = []
        for members in by_signature.values():
            path = str(batches[min(members)].landed_path)
            described = connection.execute(f"DESCRIBE SELECT * FROM read_parquet({literal(path)}, {_PLAIN})").fetchall()
            groups.append(FileGroup(tuple(sorted(members)), {str(row[0]): str(row[1]) for row in described}))
    except duckdb.Error as error:
        raise DataError(
            f"a landed file cannot be read: {str(error).splitlines()[0]}",
            hint="restore .triloop/landing from a backup, or remove .triloop and run again from the source files",
        ) from error
    return tuple(sorted(groups, key=lambda group: group.numbers))


def raw_row_json(group: FileGroup) -> str:
    """SQL of a whole raw row as JSON text."""
    fields = ", ".join(f"{name(column)} := {name(column)}" for column in group.types if column not in ADDED)
    row = f"CAST(to_json(struct_pack({fields})) AS VARCHAR)" if fields else "'{}'"
    if FAULT not in group.types:
        return row
    return f"CASE WHEN {FAULT} IS NULL THEN {row} ELSE CAST(to_json(struct_pack({RAW} := {RAW})) AS VARCHAR) END"
