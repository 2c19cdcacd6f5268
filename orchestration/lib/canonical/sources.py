"""What every source object has brought over time: freshness, volume and columns against its own past."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median_low

import duckdb

from orchestration.lib.canonical.retyped import Retyped
from orchestration.lib.canonical.tables import OTHER_TABLES, table
from orchestration.lib.landing.acknowledgements import Acknowledgement
from orchestration.lib.landing.model import Batch
from orchestration.lib.mapping.model import SourceMapping, SourceObject

REMEMBERED = 12  # observations that make the baseline: a year of months, two weeks of working days


@dataclass(frozen=True)
class Observation:
    """How many rows a source object brought, or held, at one time; ``batch`` is the last that belongs to it."""

    rows: int
    batch: Batch


def observations(obj: SourceObject, batches: Sequence[Batch]) -> list[Observation]:
    """The volumes of an object, oldest first.

    Where each content is a whole state (a table of a database, a snapshot of everything), every content is one. Files
    that each bring a part count by the day they arrived; of a snapshot per file, all files as they stood that day.
    """
    if obj.is_database or (obj.load == "snapshot" and obj.snapshot_per == "object"):
        return [Observation(batch.row_count, batch) for batch in batches]
    found: dict[object, Observation] = {}
    state: dict[str, int] = {}
    for batch in batches:
        day = batch.first_seen_at.date()
        if obj.load == "snapshot":
            state[batch.source_file] = batch.row_count
            found[day] = Observation(sum(state.values()), batch)
        else:
            before = found[day].rows if day in found else 0
            found[day] = Observation(before + batch.row_count, batch)
    return list(found.values())


def write_sources(
    connection: duckdb.DuckDBPyConnection,
    mappings: Sequence[SourceMapping],
    batches: Mapping[tuple[str, str], Sequence[Batch]],
    said: Sequence[Acknowledgement],
    retyped: Sequence[Retyped],
) -> None:
    """Fill ``source_freshness``, ``source_volume``, ``schema_change`` and ``retyped_column``.

    Args:
        retyped: rows of ``retyped_column`` but for the acknowledgement.
    """
    because = {(one.kind, one.subject, one.content): f"{one.reason} ({one.user})" for one in said}
    fresh: list[list[object]] = []
    volumes: list[list[object]] = []
    changes: list[list[object]] = []
    for mapping in mappings:
        for obj in mapping.objects.values():
            place, subject = [mapping.source, obj.name], f"{mapping.source}.{obj.name}"
            several = batches[mapping.source, obj.name]
            fresh.append([*place, *_freshness(subject, several, because), mapping.freshness_hours])
            seen = observations(obj, several)
            if seen:
                last, before = seen[-1], [one.rows for one in seen[:-1][-REMEMBERED:]]
                told = because.get(("volume", subject, last.batch.sha256))
                volumes.append(
                    [
                        *place, last.batch.source_file, last.batch.sha256, last.rows, before[-1] if before else None,
                        median_low(before) if before else None, len(seen), told,
                    ]
                )  # fmt: skip
            changes += [
                [
                    *place,
                    batch.source_file,
                    batch.sha256,
                    column,
                    change,
                    because.get(("columns", subject, batch.sha256)),
                ]
                for batch, column, change in _changed_columns(several)
            ]
    _insert(connection, "source_freshness", fresh)
    _insert(connection, "source_volume", volumes)
    _insert(connection, "schema_change", changes)
    _insert(
        connection,
        "retyped_column",
        [[*one.as_row(), because.get(("types", one.subject, one.batch.sha256))] for one in retyped],
    )


def _freshness(subject: str, batches: Sequence[Batch], because: Mapping[tuple[str, str, str], str]) -> list[object]:
    """When the source last told something new, and how many days it usually and at most lets pass in between."""
    if not batches:
        return [0, None, None, 0, None, None, None]
    last = max(batches, key=lambda batch: batch.first_seen_at)
    days = sorted({batch.first_seen_at.date() for batch in batches})
    gaps = [(later - earlier).days for earlier, later in pairwise(days)][-REMEMBERED:]
    return [
        len(batches), last.first_seen_at, last.sha256, len(days), median_low(gaps) if gaps else None,
        max(gaps, default=None), because.get(("silence", subject, last.sha256)),
    ]  # fmt: skip


def _changed_columns(batches: Sequence[Batch]) -> list[tuple[Batch, str, str]]:
    """Columns of the newest content that the one before it had not, and the other way round; their order is nothing."""
    if len(batches) < 2:
        return []
    before, last = batches[-2:]
    return [(last, column, "added") for column in last.columns if column not in before.columns] + [
        (last, column, "removed") for column in before.columns if column not in last.columns
    ]


def _insert(connection: duckdb.DuckDBPyConnection, name: str, rows: list[list[object]]) -> None:
    if rows:
        marks = ", ".join("?" * len(OTHER_TABLES[name]))
        connection.executemany(f"INSERT INTO {table(name)} VALUES ({marks})", rows)
