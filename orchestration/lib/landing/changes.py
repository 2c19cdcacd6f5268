"""Reading a table, or an object of an API, piece by piece: what changed since the last time, and what is gone.

What is known of it is worked out from the rows that were landed before (their originals in the archive), so that there
is no second truth beside them: a mark that runs ahead of the data, or behind, cannot be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from orchestration.lib.errors import DataError
from orchestration.lib.landing.model import ADDED, DELETED, ROW
from orchestration.lib.landing.scratch import Scratch, literal, quoted

if TYPE_CHECKING:
    from orchestration.lib.mapping.model import SourceObject

LANDED_AT = "__landed_at"
_LANDED = "__landed"


class Server(Protocol):
    """Something that is asked for rows over the network.

    Attributes:
        name: what a person finds the rows under; ends in published lineage.
        one_state: rows and keys of a reading are of the same moment.
        sparse: a record may leave out what is empty, so a column that no record has is not one that is gone.
    """

    name: str
    one_state: bool
    sparse: bool

    def read(self, scratch: Scratch, *, table: str, since: str | None = None) -> tuple[str, ...]:
        """Load rows into ``table``, and the keys of all rows into ``<table>_keys`` if the cursor compares them."""

    def read_keys(self, scratch: Scratch, *, table: str) -> None:
        """Load the keys of all rows into ``table``."""

    def since(self, scratch: Scratch) -> str | None:
        """From where on the cursor has to be read, from the table ``state``; None: from the beginning."""


@dataclass(frozen=True)
class Known:
    """The original of what landed before; ``landed_at`` is UTC, naive."""

    path: Path
    landed_at: datetime


@dataclass(frozen=True)
class Changes:
    """What a reading brought into the table ``raw``.

    Attributes:
        columns: the raw columns, in order.
        rows: new and changed records and, with ``_deleted``, those that are gone.
    """

    columns: tuple[str, ...]
    rows: int


def read_changes(scratch: Scratch, server: Server, obj: SourceObject, known: Sequence[Known]) -> Changes:
    """Load what is not known yet into ``raw``: rows of a new or changed content, and tombstones.

    Args:
        known: what landed before, oldest first.

    Raises:
        ConfigurationError: the connection is not set up, or there is no such cursor column.
        DataError: the server cannot be reached, or so many records are gone at once that it is more likely a fault.
    """
    cursor = obj.cursor
    if cursor is None:
        raise ValueError(f"{obj.name} has no cursor")
    connection = scratch.connection
    remembered = bool(known) and _remember(scratch, obj, known)
    since = server.since(scratch) if remembered else None
    fresh = "fresh"
    columns = server.read(scratch, table=fresh, since=since)
    if since is not None and cursor.compare_keys and _unseen(scratch, obj, fresh):
        # Records are there that are neither known nor among what changed: they came with an older cursor (committed
        # late, restored from a backup, taken back after a deletion). Only reading everything brings them.
        fresh = "again"
        columns = server.read(scratch, table=fresh)
    _require(scratch, server, obj, columns, fresh)
    if not remembered:
        picked = ", ".join(quoted(name) for name in columns)
        connection.execute(f"create temp view raw as select {ROW}, {picked} from {fresh}")
        return Changes(columns, _count(scratch, "raw"))
    there = set(scratch.columns("state"))
    if server.sparse:
        left_out = [one for one in scratch.columns("state") if one not in {*columns, *ADDED, _LANDED, LANDED_AT}]
        nothing = "".join(f", null::varchar as {quoted(one)}" for one in left_out)
        connection.execute(f"create temp view filled as select *{nothing} from {fresh}")
        fresh, columns = "filled", (*columns, *left_out)
    same_key = _same(obj, "f", "s")
    differs = " or ".join(
        f"not ({_equal(f'f.{quoted(one)}', f's.{quoted(one)}')})" if one in there else f"f.{quoted(one)} is not null"
        for one in columns
    )
    picked = ", ".join(quoted(name) for name in columns)
    connection.execute(
        f"create temp table changed as select f.{ROW}, {', '.join(f'f.{quoted(one)}' for one in columns)}, "
        f"false as {DELETED} from {fresh} as f left join state as s on {same_key} "
        f"where s.{DELETED} is null or s.{DELETED} or {differs}"
    )
    source = "changed"
    if cursor.compare_keys and _gone(scratch, server, obj, "again_keys" if fresh == "again" else "fresh_keys"):
        # by name, and in a type that holds both: the type of a column may have changed at the source
        source = f"(select * from changed union all by name select *, true as {DELETED} from gone)"
    keys = ", ".join(quoted(one) for one in obj.key)
    flag = f", {DELETED}" if source != "changed" else ""
    connection.execute(
        f"create temp table raw as select row_number() over (order by {DELETED}, {ROW}, {keys}) as {ROW}, "
        f"{picked}{flag} from {source}"
    )
    return Changes(columns, _count(scratch, "raw"))


def _require(scratch: Scratch, server: Server, obj: SourceObject, columns: tuple[str, ...], fresh: str) -> None:
    wanted = {*obj.key, *((obj.cursor.column,) if obj.cursor is not None else ())}
    missing = sorted(wanted - set(columns))
    if missing and (not server.sparse or _count(scratch, fresh)):
        raise DataError(
            f"{server.name} has no column '{missing[0]}', which key or cursor name",
            hint="correct key or cursor of the object in the mapping",
        )


def _remember(scratch: Scratch, obj: SourceObject, known: Sequence[Known]) -> bool:
    """Make ``state``: the last version of every record that landed, also of those that are gone.

    False when what landed knows nothing of the present key or cursor: the mapping named others then.
    """
    parts = []
    for number, one in enumerate(known):
        place = f"read_parquet({literal(str(one.path))})"
        names = {row[0] for row in scratch.connection.execute(f"describe select * from {place}").fetchall()}
        flag = "" if DELETED in names else f", false as {DELETED}"
        moment = f"{literal(one.landed_at.isoformat(sep=' ') + '+00')}::timestamptz as {LANDED_AT}"
        parts.append(f"select *{flag}, {number} as {_LANDED}, {moment} from {place}")
    whole = " union all by name ".join(parts)
    there = {row[0] for row in scratch.connection.execute(f"describe {whole}").fetchall()}
    if obj.cursor is None or not {*obj.key, obj.cursor.column} <= there:
        return False
    keys = ", ".join(f"cast({quoted(one)} as varchar)" for one in obj.key)
    scratch.connection.execute(
        f"create temp table state as select * from ({whole}) "
        f"qualify row_number() over (partition by {keys} order by {_LANDED} desc, {ROW} desc) = 1"
    )
    return True


def _unseen(scratch: Scratch, obj: SourceObject, fresh: str) -> bool:
    """Whether a key is at the source that is neither known as alive nor among the rows that came."""
    if not set(obj.key) <= set(scratch.columns(fresh)):
        came = ""
    else:
        came = f"and not exists (select 1 from {fresh} as f where {_same(obj, 'f', 'k')})"
    (found,) = scratch.connection.execute(
        f"select exists (select 1 from {fresh}_keys as k where not exists "
        f"(select 1 from state as s where not s.{DELETED} and {_same(obj, 's', 'k')}) {came})"
    ).fetchone() or (False,)
    return bool(found)


def _gone(scratch: Scratch, server: Server, obj: SourceObject, keys: str) -> int:
    """Make ``gone``: the keys of records that were alive and are no longer at the source; how many they are."""
    picked = ", ".join(f"s.{quoted(one)}" for one in obj.key)
    scratch.connection.execute(
        f"create temp table gone as select {picked} from state as s where not s.{DELETED} "
        f"and not exists (select 1 from {keys} as k where {_same(obj, 's', 'k')})"
    )
    gone, alive = _count(scratch, "gone"), _count(scratch, f"state where not {DELETED}")
    if gone and not server.one_state:
        # between its pages a list may move on, and a record that is there be missed: only twice is believed
        server.read_keys(scratch, table="second_keys")
        scratch.connection.execute(
            f"delete from gone as s where exists (select 1 from second_keys as k where {_same(obj, 's', 'k')})"
        )
        gone = _count(scratch, "gone")
    share = scratch.limits.max_deleted_share
    if gone > scratch.limits.broken_rows_tolerated and gone > share * alive:
        raise DataError(
            f"{gone:,} of {alive:,} records of {server.name} are gone from the source: nothing is landed",
            hint=f"more than {share:.0%} at once is more likely a fault there (a filter, a lost right, an emptied "
            "table); if it is right, raise limits: {max_deleted_share: ...} in triloop.yml for one run",
        )
    return gone


def _same(obj: SourceObject, left: str, right: str) -> str:
    return " and ".join(_equal(f"{left}.{quoted(one)}", f"{right}.{quoted(one)}") for one in obj.key)


def _equal(left: str, right: str) -> str:
    """As text: the same value may have landed under another type, before the column was changed at the source."""
    return f"cast({left} as varchar) is not distinct from cast({right} as varchar)"


def _count(scratch: Scratch, table: str) -> int:
    return int(scratch.connection.execute(f"select count(*) from {table}").fetchall()[0][0])
