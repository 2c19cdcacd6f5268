"""Reading a table of a database piece by piece: what changed since the last time, and what is gone.

What is known of the table is worked out from the rows that were landed before (their originals in the archive), so that
there is no second truth beside them: a mark that runs ahead of the data, or behind, cannot be.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.lib.errors import DataError
from orchestration.lib.landing.model import DELETED, ROW
from orchestration.lib.landing.scratch import Scratch, literal, quoted
from orchestration.lib.landing.sql_reader import read_sql, sql_name

if TYPE_CHECKING:
    from orchestration.lib.mapping.model import Cursor, SourceMapping, SourceObject

_PLAIN = re.compile(r"-?[0-9]+(\.[0-9]+)?")


@dataclass(frozen=True)
class Changes:
    """What a reading brought into the table ``raw``.

    Attributes:
        columns: the raw columns, in order.
        rows: new and changed records and, with ``_deleted``, those that are gone.
    """

    columns: tuple[str, ...]
    rows: int


def read_changes(scratch: Scratch, mapping: SourceMapping, obj: SourceObject, known: Sequence[Path]) -> Changes:
    """Load what is not known yet into ``raw``: rows of a new or changed content, and tombstones.

    Args:
        known: the originals of what landed before, oldest first.

    Raises:
        ConfigurationError: the connection is not set up, or there is no such cursor column.
        DataError: the database cannot be reached, or so many records are gone at once that it is more likely a fault.
    """
    cursor = obj.cursor
    if cursor is None:
        raise ValueError(f"{obj.name} has no cursor")
    connection = scratch.connection
    since = None
    if known:
        _remember(scratch, obj, known)
        since = _since(scratch, cursor)
    columns = read_sql(scratch, mapping, obj, table="fresh", since=since)
    missing = sorted({cursor.column, *obj.key} - set(columns))
    if missing:
        raise DataError(
            f"{sql_name(mapping, obj)} has no column '{missing[0]}', which key or cursor name",
            file=mapping.file,
            line=obj.line,
        )
    picked = ", ".join(quoted(name) for name in columns)
    if not known:
        connection.execute(f"create temp view raw as select {ROW}, {picked} from fresh")
        return Changes(columns, _count(scratch, "raw"))
    there = set(scratch.columns("state"))
    same_key = " and ".join(_equal(f"f.{quoted(one)}", f"s.{quoted(one)}") for one in obj.key)
    differs = " or ".join(
        f"not ({_equal(f'f.{quoted(one)}', f's.{quoted(one)}')})" if one in there else f"f.{quoted(one)} is not null"
        for one in columns
    )
    connection.execute(
        f"create temp table changed as select f.* exclude ({ROW}), false as {DELETED} from fresh as f "
        f"left join state as s on {same_key} where s.{DELETED} is null or s.{DELETED} or {differs} order by f.{ROW}"
    )
    if cursor.compare_keys:
        _bury(scratch, mapping, obj, columns)
    flag = f", {DELETED}" if _count(scratch, f"changed where {DELETED}") else ""
    connection.execute(f"create temp table raw as select row_number() over () as {ROW}, {picked}{flag} from changed")
    return Changes(columns, _count(scratch, "raw"))


def _remember(scratch: Scratch, obj: SourceObject, known: Sequence[Path]) -> None:
    """Make ``state``: the last version of every record that landed, also of those that are gone."""
    parts = []
    for number, path in enumerate(known):
        place = f"read_parquet({literal(str(path))})"
        names = {row[0] for row in scratch.connection.execute(f"describe select * from {place}").fetchall()}
        flag = "" if DELETED in names else f", false as {DELETED}"
        parts.append(f"select *{flag}, {number} as __landed from {place}")
    keys = ", ".join(f"cast({quoted(one)} as varchar)" for one in obj.key)
    scratch.connection.execute(
        f"create temp table state as select * from ({' union all by name '.join(parts)}) "
        f"qualify row_number() over (partition by {keys} order by __landed desc, {ROW} desc) = 1"
    )


def _since(scratch: Scratch, cursor: Cursor) -> str | None:
    """From where on the cursor has to be read: the highest value seen, less the overlap."""
    column = quoted(cursor.column)
    (highest,) = scratch.connection.execute(f"select max({column}) from state where not {DELETED}").fetchone() or (
        None,
    )
    if highest is None:
        return None
    amount, _, unit = cursor.overlap.partition(" ")
    kind = scratch.connection.execute(f"select any_value(typeof({column})) from state").fetchall()[0][0]
    if kind == "VARCHAR" and not _PLAIN.fullmatch(str(highest)):
        moment = f"try_cast({literal(str(highest))} as timestamp)"
    elif kind == "VARCHAR" or kind.startswith(("DECIMAL", "BIGINT", "INTEGER", "HUGEINT", "UBIGINT", "SMALLINT")):
        # the highest text of numbers is not the highest number
        query = f"select max(try_cast({column} as decimal(38,0))) - {amount} from state where not {DELETED}"
        return str(scratch.connection.execute(query).fetchall()[0][0])
    else:
        moment = f"cast({literal(str(highest))} as {kind})"
    less = f"interval {amount} {unit}" if unit else "interval 0 seconds"
    found = scratch.connection.execute(f"select cast({moment} - {less} as varchar)").fetchall()[0][0]
    if found is None:
        raise DataError(
            f"the cursor column '{cursor.column}' is neither a time nor a number",
            hint="name a column that grows with every change of a row",
        )
    return str(found)


def _bury(scratch: Scratch, mapping: SourceMapping, obj: SourceObject, columns: tuple[str, ...]) -> None:
    """Add a tombstone for every record whose key is no longer at the source."""
    same = " and ".join(_equal(f"s.{quoted(one)}", f"k.{quoted(one)}") for one in obj.key)
    keys = ", ".join(f"s.{quoted(one)}" for one in obj.key)
    scratch.connection.execute(
        f"create temp table gone as select {keys} from state as s where not s.{DELETED} "
        f"and not exists (select 1 from fresh_keys as k where {same})"
    )
    gone, alive = _count(scratch, "gone"), _count(scratch, f"state where not {DELETED}")
    share = scratch.limits.max_deleted_share
    if gone > scratch.limits.broken_rows_tolerated and gone > share * alive:
        raise DataError(
            f"{gone:,} of {alive:,} records of {sql_name(mapping, obj)} are gone from the source: nothing is landed",
            file=mapping.file,
            line=obj.line,
            hint=f"more than {share:.0%} at once is more likely a fault there (a filter, a lost right, an emptied "
            "table); if it is right, raise limits: {max_deleted_share: ...} in triloop.yml for one run",
        )
    picked = ", ".join(
        f"cast(g.{quoted(one)} as {kind}) as {quoted(one)}" if one in obj.key else f"null as {quoted(one)}"
        for one, kind in _types(scratch, columns)
    )
    order = ", ".join(quoted(one) for one in obj.key)
    scratch.connection.execute(
        f"insert into changed by name select {picked}, true as {DELETED} "
        f"from (select * from gone order by {order}) as g"
    )


def _types(scratch: Scratch, columns: tuple[str, ...]) -> list[tuple[str, str]]:
    kinds = dict(row[:2] for row in scratch.connection.execute("describe changed").fetchall())
    return [(one, kinds[one]) for one in columns]


def _equal(left: str, right: str) -> str:
    """As text: the same value may have landed under another type, before the column was changed at the source."""
    return f"cast({left} as varchar) is not distinct from cast({right} as varchar)"


def _count(scratch: Scratch, table: str) -> int:
    return int(scratch.connection.execute(f"select count(*) from {table}").fetchall()[0][0])
