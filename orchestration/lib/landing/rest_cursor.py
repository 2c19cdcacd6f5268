"""From which moment on an API is asked for changes, worked out from the records that landed before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from orchestration.lib.errors import DataError
from orchestration.lib.landing.model import DELETED
from orchestration.lib.landing.scratch import Scratch, literal, quoted

if TYPE_CHECKING:
    from orchestration.lib.mapping.model import Cursor, SourceMapping, SourceObject

_DEFAULT = "%Y-%m-%dT%H:%M:%SZ"
_EPOCH = {"epoch_s": 1, "epoch_ms": 1_000}
_SECONDS = {"minute": 60, "hour": 3_600, "day": 86_400}


def since_parameter(scratch: Scratch, mapping: SourceMapping, obj: SourceObject, cursor: Cursor) -> str | None:
    """What the cursor's parameter says: the highest value known, less the overlap and one, in the API's writing.

    One second (or one) less, because some APIs mean "after" and some "from"; what is known is not landed again. A value
    later than the moment it landed is no reason to skip what comes before it: some clock was wrong.

    Returns:
        None: nothing is known, so everything has to be asked for.

    Raises:
        DataError: the values are neither times that can be read nor whole numbers.
    """
    amount, _, unit = cursor.overlap.partition(" ")
    column = quoted(cursor.column)
    if not unit and cursor.format is None:
        counted = scratch.connection.execute(
            f"select count({column}), count(try_cast({column} as decimal(38,0))), "
            f"cast(max(try_cast({column} as decimal(38,0))) as varchar) from state where not {DELETED}"
        ).fetchall()[0]
        if counted[0] and counted[0] == counted[1]:
            return str(int(counted[2]) - int(amount) - 1)
    moment = _highest(scratch, mapping, obj, cursor)
    if moment is None:
        return None
    seconds = int(amount) * _SECONDS[unit.removesuffix("s")] if unit else 0
    return written(moment - timedelta(seconds=seconds + 1), cursor.format, mapping.timezone)


def written(moment: datetime, form: str | None, timezone: str) -> str:
    """A moment as an API wants it: in UTC where the writing ends in Z, else in the source's zone; whole seconds.

    >>> written(datetime(2026, 1, 31, 0, 30, tzinfo=UTC), "%Y-%m-%d %H:%M:%S", "Asia/Shanghai")
    '2026-01-31 08:30:00'
    """
    if form in _EPOCH:
        return str(int(moment.timestamp()) * _EPOCH[form or ""])
    form = form or _DEFAULT
    zone = UTC if form.endswith("Z") else ZoneInfo(timezone)
    return moment.astimezone(zone).strftime(form)


def _highest(scratch: Scratch, mapping: SourceMapping, obj: SourceObject, cursor: Cursor) -> datetime | None:
    column, zone = quoted(cursor.column), literal(mapping.timezone)
    readings = []
    if cursor.format in _EPOCH:
        readings.append(f"to_timestamp(try_cast({column} as decimal(20,3)) / {_EPOCH[cursor.format or '']})")
    for form in obj.format.timestamp:
        read = f"try_strptime({column}, {literal(form)})"
        readings.append(read if "%z" in form else f"{read} at time zone {zone}")
    readings.append(
        f"case when regexp_matches({column}, '(Z|[+-][0-9]{{2}}:?[0-9]{{2}})$') then try_cast({column} as timestamptz) "
        f"else try_cast({column} as timestamp) at time zone {zone} end"
    )
    count, read, highest = scratch.connection.execute(
        f"select count(value), count(moment), epoch(max(moment) filter (moment <= landed)) from "
        f"(select {column} as value, coalesce({', '.join(readings)}) as moment, __landed_at as landed "
        f"from state where not {DELETED})"
    ).fetchall()[0]
    if count and not read:
        raise DataError(
            f"the cursor column '{cursor.column}' of {mapping.source}.{obj.name} is neither a time nor a whole number",
            file=mapping.file,
            line=obj.line,
            hint="name a column that grows with every change; format: {timestamp: [...]} says how it is written",
        )
    return None if highest is None else datetime.fromtimestamp(int(highest), UTC)
