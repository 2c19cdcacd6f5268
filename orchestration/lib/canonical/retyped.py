"""Columns that used to read and now do not: numbers that became text, dates in another format, other words.

A row that does not read goes to quarantine; a column that does not read is a change of the source. It is told from what
quarantine holds: where a rule keeps a large share of a content back, the contents before it are read by the same rule.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import duckdb

from orchestration.lib.canonical.landed import read_landed
from orchestration.lib.contract import Contract, Label
from orchestration.lib.landing.acknowledgements import Acknowledgement
from orchestration.lib.landing.model import Batch
from orchestration.lib.mapping.compile import compile_feed
from orchestration.lib.mapping.model import Feed, SourceMapping, SourceObject

_LOOKED_BACK = 12  # contents
_FEWEST = 3  # rows that do not read: fewer are slips, not a change
_NOT_VALUES = ("structure", "key_conflict", "filter")

Batches = Mapping[tuple[str, str], Sequence[Batch]]


@dataclass(frozen=True)
class Retyped:
    """One column of one content that does not read any more."""

    mapping: SourceMapping
    obj: SourceObject
    feed: Feed
    batch: Batch
    rule_id: str
    unreadable: int
    rows: int
    proposal: Label

    @property
    def subject(self) -> str:
        """What an acknowledgement calls it."""
        return f"{self.mapping.source}.{self.obj.name}"

    def as_row(self) -> list[object]:
        """The row of ``canonical.retyped_column``, but for the acknowledgement."""
        column = raw_column(self.feed, self.rule_id) or self.rule_id.partition(":")[2]
        return [
            self.mapping.source, self.obj.name, self.batch.source_file, self.batch.sha256, column, self.rule_id,
            self.unreadable, self.rows, self.proposal.en, self.proposal.zh,
        ]  # fmt: skip


def raw_column(feed: Feed, rule_id: str) -> str | None:
    """The column of the file that a rule is about; None where an expression makes the value."""
    rule = feed.columns.get(rule_id.partition(":")[2])
    return rule.column if rule is not None else None


def find_retyped(
    connection: duckdb.DuckDBPyConnection,
    contract: Contract,
    mappings: Sequence[SourceMapping],
    batches: Batches,
    *,
    company_zone: str,
    limit: Decimal,
    said: Sequence[Acknowledgement],
) -> list[Retyped]:
    """The columns of contents in canonical that do not read in more than ``limit`` of their rows, and did before.

    Contents before one that was acknowledged (``types``) are no measure any more.
    """
    objects = {(mapping.source, name): (mapping, obj) for mapping in mappings for name, obj in mapping.objects.items()}
    found: list[Retyped] = []
    for source, name, feed_name, sha256, rule_id, unreadable, rows in _suspects(connection, limit):
        mapping, obj = objects[source, name]
        feed = next(one for one in obj.all_feeds() if one.name == feed_name)
        contents = [batch for batch in batches[source, name] if batch.is_current]
        place = next(index for index, batch in enumerate(contents) if batch.sha256 == sha256)
        right = {one.content for one in said if one.kind == "types" and one.subject == f"{source}.{name}"}
        shares = (
            _share(connection, contract, mapping, obj, feed=feed, batch=batch, rule_id=rule_id, zone=company_zone)
            for batch in _measure(contents[:place], right)
        )
        if any(share is not None and 2 * share < limit for share in shares):
            from orchestration.lib.canonical.retyped_proposal import propose

            proposal = propose(obj, contract.entity(feed.entity), feed, contents[place], rule_id)
            found.append(Retyped(mapping, obj, feed, contents[place], rule_id, unreadable, rows, proposal))
    return sorted(found, key=lambda one: (one.subject, one.batch.sequence, one.rule_id))


def _measure(earlier: Sequence[Batch], right: Collection[str]) -> list[Batch]:
    """The contents to compare with, the latest first: back to the last acknowledged one, itself included."""
    found: list[Batch] = []
    for batch in reversed(earlier[-_LOOKED_BACK:]):
        found.append(batch)
        if batch.sha256 in right:
            break
    return found


def _suspects(connection: duckdb.DuckDBPyConnection, limit: Decimal) -> list[tuple[str, str, str, str, str, int, int]]:
    """Source, object, feed, content, rule, rows that the rule holds back, rows that were to be read."""
    kinds = ", ".join(f"'{kind}'" for kind in _NOT_VALUES)
    rows: list[tuple[str, str, str, str, str, int, int]] = connection.execute(
        f"""
        WITH held AS (
            SELECT source_system, source_object, entity, feed, source_sha256,
                unnest(string_split(rule_ids, ',')) AS rule
            FROM canonical.quarantine
        ),
        counted AS (
            SELECT *, count(*) AS held FROM held WHERE split_part(rule, ':', 1) NOT IN ({kinds}) GROUP BY ALL
        )
        SELECT source_system, source_object, feed, source_sha256, rule, c.held, a.rows_in - a.filtered
        FROM counted AS c JOIN canonical.row_account AS a USING (source_system, source_object, entity, source_sha256)
        WHERE c.held >= {_FEWEST} AND c.held > CAST({limit} AS DECIMAL(9,6)) * (a.rows_in - a.filtered)
        ORDER BY ALL
        """
    ).fetchall()
    return rows


def _share(
    connection: duckdb.DuckDBPyConnection,
    contract: Contract,
    mapping: SourceMapping,
    obj: SourceObject,
    *,
    feed: Feed,
    batch: Batch,
    rule_id: str,
    zone: str,
) -> Decimal | None:
    """Share of the rows of an earlier content that the rule would hold back; None if it has no such rows or column."""
    landed = read_landed(connection, mapping, obj, [batch])
    (group,) = landed.groups
    if any(column not in group.types for column in feed.raw_columns()):
        return None
    entity = contract.entity(feed.entity)
    compiled = compile_feed(mapping, obj, feed, entity, raw_types=group.types, company_zone=zone)
    query = compiled.share_held_by(landed.relation(group), rule_id)
    if query is None:
        return None
    (held, rows) = connection.execute(query).fetchone() or (0, 0)
    return Decimal(held) / Decimal(rows) if rows else None
