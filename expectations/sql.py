"""Building blocks of the violation queries. Each query yields: key, source_file, source_row, detail.

A detail is a formula on the data (``paid_on = 2031-01-01 > 2026-01-01``), so it needs no translation.
"""

from __future__ import annotations

from datetime import date, datetime

from expectations.model import Inputs

NO_SOURCE = "cast(null as varchar) as source_file, cast(null as bigint) as source_row"


def literal(value: str | date | datetime) -> str:
    """A SQL literal of a text, date or timestamp."""
    if isinstance(value, datetime):
        return f"timestamp '{value.isoformat(sep=' ')}'"
    if isinstance(value, date):
        return f"date '{value.isoformat()}'"
    return "'" + value.replace("'", "''") + "'"


def name(identifier: str) -> str:
    """A quoted identifier."""
    return '"' + identifier.replace('"', '""') + '"'


def shown(expression: str) -> str:
    """An expression as text for a detail; NULL is written out."""
    return f"coalesce(cast({expression} as varchar), 'NULL')"


def violations(table: str, key: str, where: str, detail: str, *, alias: str = "t") -> str:
    """Rows of one table that break a rule, each with its own file and row."""
    return (
        f"select cast({alias}.{key} as varchar) as key, {alias}.source_file, {alias}.source_row, {detail} as detail "
        f"from {table} as {alias} where {where}"
    )


def business_date(inputs: Inputs, moment: str) -> str:
    """The business date of a naive UTC timestamp."""
    return f"cast(({moment}) at time zone 'UTC' at time zone {literal(inputs.zone)} as date)"


def union(queries: list[str]) -> str:
    """All rows of all queries; at least one query is needed."""
    if not queries:
        raise ValueError("a check needs at least one query")
    return "\nunion all\n".join(queries)


def each_once(kept: str, key: str, into: str, *, may_add: bool = False) -> str:
    """Keys of ``kept`` (a query with key, source_file, source_row) that are not exactly once in table ``into``.

    This is the fan-out check: a join that multiplies or loses rows shows here, by key, file and row.

    Args:
        may_add: ``into`` may hold further keys; otherwise they are violations too.
    """
    extra = (
        ""
        if may_add
        else f"\nunion all select landed.key, {NO_SOURCE}, 'rows = 0 -> ' || landed.n "
        + "from landed left join kept on kept.key = landed.key where kept.key is null"
    )
    return f"""
with kept as ({kept}),
landed as (select cast({key} as varchar) as key, count(*) as n from {into} group by 1)
select kept.key, kept.source_file, kept.source_row, 'rows = 1 -> ' || coalesce(landed.n, 0) as detail
from kept left join landed on kept.key = landed.key
where coalesce(landed.n, 0) <> 1{extra}"""


def unequal_sums(
    expected: str, actual: str, by: tuple[str, ...], *, located: str | None = None, zero_is_absent: bool = True
) -> str:
    """Groups whose sums differ by as little as a cent.

    Args:
        expected, actual: queries with the columns of ``by`` and ``amount``; summed here.
        by: what identifies a group; its values joined with ``|`` are the violation's key.
        located: a query (first column of ``by`` as ``locator``, source_file, source_row): where a group is from.
        zero_is_absent: a group that is missing on one side counts as 0.
    """
    columns = ", ".join(by)
    key = " || '|' || ".join(f"coalesce(cast({column} as varchar), '-')" for column in by)
    expected_amount = "coalesce(expected.amount, 0)" if zero_is_absent else "expected.amount"
    actual_amount = "coalesce(actual.amount, 0)" if zero_is_absent else "actual.amount"
    same = " and ".join(f"expected.{column} is not distinct from actual.{column}" for column in by)
    groups = ", ".join(f"coalesce(expected.{column}, actual.{column}) as {column}" for column in by)
    place = f"left join ({located}) as place on place.locator = differing.{by[0]}" if located is not None else ""
    source = "place.source_file, place.source_row" if located is not None else NO_SOURCE
    return f"""
with expected as (select {columns}, sum(amount) as amount from ({expected}) group by {columns}),
actual as (select {columns}, sum(amount) as amount from ({actual}) group by {columns}),
differing as (
  select {groups}, {expected_amount} as expected_amount, {actual_amount} as actual_amount
  from expected full join actual on {same}
  where {expected_amount} is distinct from {actual_amount}
)
select {key} as key, {source}, {shown("expected_amount")} || ' <> ' || {shown("actual_amount")} as detail
from differing {place}"""
