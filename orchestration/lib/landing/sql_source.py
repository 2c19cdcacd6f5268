"""A table or query of a database server, as a source of rows that can be read piece by piece."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from orchestration.lib.errors import DataError
from orchestration.lib.landing.changes import LANDED_AT
from orchestration.lib.landing.model import DELETED
from orchestration.lib.landing.scratch import Scratch, literal, quoted
from orchestration.lib.landing.sql_reader import read_sql, sql_name

if TYPE_CHECKING:
    from orchestration.lib.mapping.model import Cursor, SourceMapping, SourceObject

_NUMBERS = ("DECIMAL", "BIGINT", "INTEGER", "HUGEINT", "UBIGINT", "SMALLINT", "DOUBLE", "FLOAT")


class SqlSource:
    """See :class:`orchestration.lib.landing.changes.Server`."""

    one_state = True
    sparse = False

    def __init__(self, mapping: SourceMapping, obj: SourceObject) -> None:
        self._mapping, self._obj = mapping, obj
        self.name = sql_name(mapping, obj)

    def read(self, scratch: Scratch, *, table: str, since: str | None = None) -> tuple[str, ...]:
        """Load rows into ``table``."""
        return read_sql(scratch, self._mapping, self._obj, table=table, since=since)

    def read_keys(self, scratch: Scratch, *, table: str) -> None:
        """Never asked for: keys come with the rows, of the same state."""
        raise NotImplementedError(table)

    def since(self, scratch: Scratch) -> str | None:
        """The highest value seen, less the overlap."""
        cursor = self._obj.cursor
        return None if cursor is None else _since(scratch, cursor, self._mapping.timezone, self.name)


def _since(scratch: Scratch, cursor: Cursor, timezone: str, shown: str) -> str | None:
    """From where on the cursor has to be read.

    A time later than the moment at which it landed is left out: some clock was wrong, and everything that changes
    before that time would never be asked for.
    """
    column = quoted(cursor.column)
    kinds = scratch.connection.execute(
        f"select any_value(typeof({column})), count({column}), count(try_cast({column} as decimal(38,9))) "
        f"from state where not {DELETED} and {column} is not null"
    ).fetchall()[0]
    kind, count, numbers = str(kinds[0]), kinds[1], 0
    if not count:
        return None
    if kind == "VARCHAR" or kind.startswith(_NUMBERS):
        numbers = kinds[2]
    amount, _, unit = cursor.overlap.partition(" ")
    if numbers == count:
        if unit:
            raise DataError(
                f"the cursor column '{cursor.column}' of {shown} is a number, and its overlap is a time",
                hint="write overlap: 1000, in the numbers of the column",
            )
        # the highest text of numbers is not the highest number; and rounded up, it would pass over what is below
        highest = f"floor(max(try_cast({column} as decimal(38,9))))"
        query = f"select cast({highest} as decimal(38,0)) - {amount} from state where not {DELETED}"
        return str(scratch.connection.execute(query).fetchall()[0][0])
    if not unit and amount != "0":
        raise DataError(
            f"the cursor column '{cursor.column}' of {shown} is a time, and its overlap is a bare number",
            hint=f"write overlap: {amount} minutes (hours, days)",
        )
    aware = kind == "TIMESTAMP WITH TIME ZONE" or (
        kind == "VARCHAR" and _any(scratch, f"regexp_matches({column}, '[+-][0-9]{{2}}:?[0-9]{{2}}$')")
    )
    moment = f"try_cast({column} as {'timestamptz' if aware else 'timestamp'})"
    landed = LANDED_AT if aware else f"({LANDED_AT} at time zone {literal(ZoneInfo(timezone).key)})"
    less = f"interval {amount} {unit}" if unit else "interval 0 seconds"
    form = "%Y-%m-%d %H:%M:%S.%f" + ("+00:00" if aware else "")
    read, since = scratch.connection.execute(
        f"select count({moment}), strftime(max({moment}) filter ({moment} <= {landed}) - {less}, {literal(form)}) "
        f"from state where not {DELETED}"
    ).fetchall()[0]
    if not read:
        raise DataError(
            f"the cursor column '{cursor.column}' of {shown} is neither a time nor a number",
            hint="name a column that grows with every change of a row",
        )
    return None if since is None else str(since)


def _any(scratch: Scratch, condition: str) -> bool:
    found = scratch.connection.execute(f"select exists (select 1 from state where not {DELETED} and {condition})")
    return bool((found.fetchone() or (False,))[0])
