"""Released rows on their way back in: their corrected raw values, and what is waived for each.

A released row goes through the same SQL as every other one, once: read with the values that were set, and compiled
without the rules that were waived. What is still wrong with it keeps it in quarantine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import duckdb

from orchestration.lib.canonical.landed import FileGroup, Landed
from orchestration.lib.contract import Entity
from orchestration.lib.landing.model import FAULT, Batch
from orchestration.lib.landing.releases import Release
from orchestration.lib.mapping.compile import BATCH, DROP, ROW, CompiledFeed
from orchestration.lib.mapping.model import Feed
from orchestration.lib.mapping.sql import name

FeedKey = tuple[str, str, str]
"""Source, object and name of a feed."""

KEY_CONFLICT = "key_conflict"
WINS, MERGED = KEY_CONFLICT, f"{KEY_CONFLICT}:merged"  # what may be waived of a conflict: it stands, or the first one
PRECISION = "precision"


@dataclass(frozen=True)
class FeedReleases:
    """The releases of one feed whose files are live, as a temporary table of one row each.

    Attributes:
        variants: the different sets of waived rules; the first is that of rows without a waiver.
        columns: raw columns that some release sets.
    """

    table: str
    releases: tuple[Release, ...] = ()
    variants: tuple[tuple[str, ...], ...] = ((),)
    columns: tuple[str, ...] = ()
    batches: frozenset[int] = field(default_factory=frozenset)

    def __bool__(self) -> bool:
        return bool(self.releases)

    @property
    def settles_conflicts(self) -> bool:
        """Whether one of them says which of two rows of one id stands."""
        return any(rule in (WINS, MERGED) for one in self.releases for rule in one.waived)

    def touches(self, group: FileGroup) -> bool:
        """Whether some release is of a row of the group's files."""
        return not self.batches.isdisjoint(group.numbers)

    def relation(self, raw: str, group: FileGroup, variant: int) -> str:
        """The rows of ``raw`` that belong to a variant, with the values that were set."""
        kind = "LEFT JOIN" if variant == 0 else "JOIN"
        told = "coalesce(p.variant, 0) = 0" if variant == 0 else f"p.variant = {variant}"
        new = [
            f"CASE WHEN p.set_{number} THEN CAST(p.value_{number} AS {group.types[column]}) ELSE r.{name(column)} END "
            f"AS {name(column)}"
            for number, column in enumerate(self.columns)
            if column in group.types
        ]
        if FAULT in group.types:
            new.append(f"CASE WHEN coalesce(p.is_changed, false) THEN NULL ELSE r.{FAULT} END AS {FAULT}")
        replaced = f" REPLACE ({', '.join(new)})" if new else ""
        return f"(SELECT r.*{replaced} FROM {raw} AS r {kind} {self.table} AS p USING ({BATCH}, {ROW}) WHERE {told})"

    def drop(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Give the space back."""
        connection.execute(f"DROP TABLE IF EXISTS {self.table}")


def stage_releases(
    connection: duckdb.DuckDBPyConnection, number: int, landed: Landed, releases: Sequence[Release]
) -> FeedReleases:
    """Put the releases of a feed beside its rows; those of files that are not live wait."""
    table = f"temp.__release_{number}"
    places = {batch.sha256: place for place, batch in enumerate(landed.live)}
    live = tuple(one for one in releases if one.sha256 in places)
    if not live:
        return FeedReleases(table)
    variants = ((), *sorted({one.waived for one in live} - {()}))
    columns = tuple(sorted({column for one in live for column in one.changes}))
    fields = "".join(f", set_{index} BOOLEAN, value_{index} VARCHAR" for index in range(len(columns)))
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {table.removeprefix('temp.')} (release_id BIGINT, {BATCH} INTEGER, "
        f"{ROW} BIGINT, variant INTEGER, is_changed BOOLEAN, wins BIGINT, is_merged BOOLEAN{fields})"
    )
    rows = []
    for one in live:
        row: list[object] = [one.release_id, places[one.sha256], one.source_row, variants.index(one.waived)]
        row += [bool(one.changes), one.release_id if WINS in one.waived else None, MERGED in one.waived]
        for column in columns:
            row += [column in one.changes, one.changes.get(column)]
        rows.append(row)
    marks = ", ".join("?" * len(rows[0]))
    connection.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
    return FeedReleases(table, live, variants, columns, frozenset(places[one.sha256] for one in live))


def relaxed(feed: Feed, waived: Sequence[str]) -> Feed:
    """The feed with rounding where too many decimals were accepted."""
    columns = dict(feed.columns)
    for rule_id in waived:
        kind, _, column = rule_id.partition(":")
        if kind == PRECISION and column in columns:
            columns[column] = replace(columns[column], round_half_up=True)
    return replace(feed, columns=columns)


def without_rules(compiled: CompiledFeed, waived: Sequence[str]) -> CompiledFeed:
    """The compiled feed where a value that cannot be read is empty, for the optional columns that were waived."""
    rules = []
    for rule in compiled.rules:
        column = compiled.entity.columns.get(rule.column or "")
        if rule.rule_id in waived and may_be_empty(compiled.entity, rule.rule_id) and column is not None:
            value = compiled.values[column.name]
            compiled.values[column.name] = f"CASE WHEN {rule.condition} THEN NULL ELSE {value} END"
        else:
            rules.append(rule)
    compiled.rules = rules
    return compiled


def may_be_empty(entity: Entity, rule_id: str) -> bool:
    """Whether the rule is about reading the value of a column that may as well be empty."""
    kind, _, named = rule_id.partition(":")
    column = entity.columns.get(named)
    return column is not None and not column.required and kind not in {"allowed", "required", PRECISION}


def waivable(entity: Entity, rule_id: str) -> bool:
    """Whether a rule can be waived without anybody inventing a value."""
    kind, _, named = rule_id.partition(":")
    if kind == KEY_CONFLICT:
        return True
    return (kind == PRECISION and named in entity.columns) or may_be_empty(entity, rule_id)


def write_releases(
    connection: duckdb.DuckDBPyConnection,
    releases: FeedReleases,
    *,
    entity: str,
    rows: str,
    fates: str,
    bad: str,
    batches: Sequence[Batch],
    progress: Callable[[str], None],
) -> None:
    """Write down what became of each released row.

    Args:
        rows, fates: the staged rows of the feed, and those that are not simply loaded.
        bad: the column of ``rows`` that says whether something is wrong.
        batches: the live files of the feed, by number.
    """
    outcome = (
        f"coalesce(CASE x.fate WHEN 'conflict' THEN 'quarantined' ELSE x.fate END, CASE WHEN f.{DROP} IS NOT NULL "
        f"THEN 'filtered' WHEN f.{bad} THEN 'quarantined' ELSE 'loaded' END)"
    )
    found = connection.execute(
        f"SELECT p.release_id, {outcome} FROM {releases.table} AS p JOIN {rows} AS f USING ({BATCH}, {ROW}) "
        f"LEFT JOIN {fates} AS x USING ({BATCH}, {ROW})"
    ).fetchall()
    outcomes: Mapping[int, str] = dict(found)
    ingest_ids = {batch.sha256: batch.ingest_id for batch in batches}
    names = {batch.sha256: batch.source_file for batch in batches}
    written = []
    for one in releases.releases:
        if one.release_id not in outcomes:
            continue
        told = outcomes[one.release_id]
        if told == "quarantined":
            progress(f"release {one.release_id}: {one.source_file} row {one.source_row} is still held back ({entity})")
        written.append(
            [one.quarantine_id, one.source_system, one.source_object, entity, names[one.sha256], one.source_row,
             one.sha256, ingest_ids[one.sha256], one.release_id, one.feed, ",".join(one.rules), ",".join(one.waived),
             ",".join(one.changes), told, one.user, one.released_at]
        )  # fmt: skip
    if written:
        marks = ", ".join("?" * len(written[0]))
        connection.executemany(f"INSERT INTO canonical.release VALUES ({marks})", written)


def fingerprint_of(releases: Sequence[Release]) -> str:
    """What a build must know of the releases of a feed, as text."""
    return repr([(one.release_id, one.sha256, one.source_row, one.waived, sorted(one.changes.items(), key=str))
                 for one in releases])  # fmt: skip


def release_columns(feed_columns: Mapping[str, str]) -> dict[str, str]:
    """Columns of ``canonical.release``; values that were set are not among them."""
    return {
        "quarantine_id": "VARCHAR",
        **feed_columns,
        "source_file": "VARCHAR",
        "source_row": "BIGINT",
        "source_sha256": "VARCHAR",
        "ingest_id": "VARCHAR",
        "release_id": "BIGINT",
        "feed": "VARCHAR",
        "rule_ids": "VARCHAR",
        "waived": "VARCHAR",
        "changed_columns": "VARCHAR",
        "outcome": "VARCHAR",
        "released_by": "VARCHAR",
        "released_at": "TIMESTAMP",
    }
