"""Which columns quote the keys of other tables: what the database declares, and what the values show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice, product

import duckdb

from orchestration.lib.mapping.sql import name
from orchestration.lib.profile.model import ColumnProfile, JointReference, Reference, TableProfile
from orchestration.lib.profile.vocabulary import Vocabulary

_LEAST = 0.9  # share of the distinct values that must be found: old records may be gone
_FEWEST = 3
_MOST_CHECKS = 3000
_MOST_JOINT = 8
_TEXTS = {"code", "category", "text", "person_name", "tax_id"}


def with_references(
    connection: duckdb.DuckDBPyConnection,
    tables: Sequence[TableProfile],
    samples: Mapping[str, str],
    vocabulary: Vocabulary,
) -> tuple[TableProfile, ...]:
    """The tables, each with its references; ``samples`` has the DuckDB table of each."""
    targets = [(one, one.column(one.keys[0][0])) for one in tables if one.keys and len(one.keys[0]) == 1]
    checks = 0
    found: list[TableProfile] = []
    for table in tables:
        references = list(table.references)
        declared = {one.column for one in references}
        for column in table.columns:
            if column.name in declared or not _may_refer(column):
                continue
            best: tuple[float, float, Reference] | None = None
            for other, key in targets:
                if other is table or checks >= _MOST_CHECKS:
                    continue
                likeness = _likeness(column, other, vocabulary)
                if not _may_be_found(column, key, likeness):
                    continue
                checks += 1
                share = _share(connection, samples[table.name], column.name, samples[other.name], key.name)
                rank = (likeness, share)
                if share >= _LEAST and (best is None or rank > best[:2]):
                    best = (*rank, Reference(column.name, other.name, key.name, round(share, 4)))
            if best is not None:
                references.append(best[2])
        joint = _joint(connection, table, tables, samples, vocabulary)
        found.append(replace(table, references=tuple(references), joint=joint))
    return tuple(found)


def _joint(
    connection: duckdb.DuckDBPyConnection,
    table: TableProfile,
    tables: Sequence[TableProfile],
    samples: Mapping[str, str],
    vocabulary: Vocabulary,
) -> tuple[JointReference, ...]:
    """Columns that together quote a key of several columns: order number and order line number."""
    found: list[JointReference] = []
    for other in tables:
        if other is table or not other.keys or len(other.keys[0]) < 2:
            continue
        options = [_called_like(table, part, vocabulary) for part in other.keys[0]]
        best: JointReference | None = None
        for columns in islice(product(*options), _MOST_JOINT):
            if len(set(columns)) < len(columns):
                continue
            mine, theirs = (
                ", ".join(f"cast({name(one)} as varchar)" for one in part) for part in (columns, other.keys[0])
            )
            filled = " and ".join(f"{name(one)} is not null" for one in columns)
            (share,) = connection.execute(
                f"select avg(cast(k in (select ({theirs}) from {samples[other.name]}) as integer)) "
                f"from (select distinct ({mine}) as k from {samples[table.name]} where {filled})"
            ).fetchall()[0]
            if share is not None and share >= _LEAST and (best is None or share > best.share):
                best = JointReference(columns, other.name, round(float(share), 4))
        if best is not None:
            found.append(best)
    return tuple(found)


def _called_like(table: TableProfile, part: str, vocabulary: Vocabulary) -> list[str]:
    """Columns called like a part of another table's key, those of a longer name first: 订单行号 rather than 行号."""
    wanted = vocabulary.normal(part)
    names = [one.name for one in table.columns if one.filled and vocabulary.normal(one.name).endswith(wanted)]
    return sorted(names, key=lambda one: -len(one))


def _may_refer(column: ColumnProfile) -> bool:
    return column.kind in _TEXTS | {"integer"} and column.filled > 0 and column.max_length <= 80


def _likeness(column: ColumnProfile, other: TableProfile, vocabulary: Vocabulary) -> float:
    """1 when the column is called like the other table (customer_id, customers), 0 when nothing is alike."""
    ids = {vocabulary.normal(word) for word in vocabulary.ids}
    said = vocabulary.normal(column.name)
    words = [word for word in said.split(" ") if word not in ids]
    for word in sorted(ids, key=len, reverse=True):
        if words and not word.isascii() and words[-1].endswith(word) and words[-1] != word:
            words[-1] = words[-1].removesuffix(word)
            break
    table = {word for word in vocabulary.normal(other.name).split(" ") if not word.isdigit()}
    if not words:
        return 0.0
    if set(words) <= table:
        return len(words) / max(len(table), 1) * 0.5 + 0.5
    joined = "".join(words)
    return 0.6 if not joined.isascii() and any(joined in word for word in table) else 0.0


def _may_be_found(column: ColumnProfile, key: ColumnProfile, likeness: float) -> bool:
    """A cheap look before values are compared."""
    if (column.kind == "integer") != (key.kind == "integer"):
        return False
    if column.kind == "integer" and likeness < 0.5:
        return False  # the numbers 1 to 20 are found in every table
    if column.distinct < _FEWEST and likeness == 0:
        return False
    fits = key.min_length <= column.min_length and column.max_length <= key.max_length
    return fits and column.distinct <= key.distinct * 1.1


def _share(connection: duckdb.DuckDBPyConnection, table: str, column: str, other: str, key: str) -> float:
    one, two = f"cast({name(column)} as varchar)", f"cast({name(key)} as varchar)"
    (share,) = connection.execute(
        f"select avg(cast(v in (select {two} from {other}) as integer)) "
        f"from (select distinct trim({one}) as v from {table} where trim({one}) <> '')"
    ).fetchall()[0]
    return float(share or 0)
