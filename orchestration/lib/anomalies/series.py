"""The monthly series that are watched: each published metric, in total and by the members of some cuts, and the rows
that each source brought for each entity.

A series runs over every month from its first to the last closed one. A month without anything is 0 where values add up
and unknown where they are ratios.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import duckdb

from orchestration.lib.contract import Column, load_contract
from orchestration.lib.metrics.dimensions import DIMENSIONS
from orchestration.lib.metrics.model import MetricDefinition, Registry

SERIES = "temp.main.watched"
_FLAVOURS = ("variant", "basis", "model")


def last_closed_month(as_of: dt.date) -> dt.date:
    """First day of the last month that is over on the evening of ``as_of``."""
    after = (as_of + dt.timedelta(days=1)).replace(day=1)
    return (after - dt.timedelta(days=1)).replace(day=1)


def write_series(
    database: duckdb.DuckDBPyConnection,
    registry: Registry,
    *,
    cuts: Iterable[str],
    closed: dt.date,
    present: Iterable[tuple[str, str]],
) -> None:
    """Write :data:`SERIES`: kind, subject, variant, basis, model, cut, member, month, numerator, denominator, value, n.

    Args:
        cuts: single dimensions whose members are watched beside the total.
        closed: the last closed month.
        present: entity and the column that dates its rows, of those that have any.
    """
    database.execute(
        "create or replace temporary table watched (kind varchar, subject varchar, variant varchar, basis varchar, "
        "model varchar, cut varchar, member varchar, month date, numerator decimal(28, 9), denominator decimal(28, 9), "
        "value double, n bigint, is_additive boolean, is_count boolean, is_proportion boolean)"
    )
    wanted = set(cuts)
    for metric in registry.metrics:
        for cut in metric.cuts:
            if not cut or (len(cut) == 1 and cut[0] in wanted):
                database.execute(_metric_sql(metric, cut, closed, adds_up(metric, registry)))
    for entity, column in present:
        database.execute(_source_sql(entity, column, closed))


def adds_up(metric: MetricDefinition, registry: Registry) -> bool:
    """Whether a month or member without anything is 0: of a sum it is, of a ratio, median or balance it is unknown."""
    return metric.denominator is None and all(registry.simple[name].adds_up for name in metric.numerator.metrics)


def dated_entities(database: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """Entity and the column that says when its rows happened, of the entities that have rows."""
    filled = {
        entity
        for (entity,) in database.execute("select entity from canonical.entity_presence where row_count > 0").fetchall()
    }
    found = []
    for entity in load_contract().entities.values():
        column = happened_column(entity.columns.values())
        if column is not None and entity.name in filled:
            found.append((entity.name, column.name))
    return found


def happened_column(columns: Iterable[Column]) -> Column | None:
    """The date or moment that says when a row happened: the first that is not a plan."""
    from expectations.suites.time import PLANNED

    return next((one for one in columns if one.type in {"date", "timestamp"} and one.name not in PLANNED), None)


def _metric_sql(metric: MetricDefinition, cut: tuple[str, ...], closed: dt.date, is_additive: bool) -> str:
    member = DIMENSIONS[cut[0]].column if cut else "null"
    name = cut[0] if cut else "total"
    rows = (
        f"select variant, basis, model, cast({member} as varchar) as member, period_start as month, numerator, "
        f"denominator, cast(value as double) as value, n from metrics.metric_value "
        f"where metric_id = '{metric.metric_id}' and variant = '{metric.meta.variant}' and cut = '{name}' "
        f"and period_kind = 'month' and is_mature and period_start <= date '{closed.isoformat()}'"
    )
    empty = "0" if is_additive else "null"
    denominator = "null" if metric.denominator is None else "coalesce(found.denominator, 0)"
    return f"""
insert into {SERIES}
with found as ({rows}),
span as (
  select variant, basis, model, member, min(month) as first, (select max(month) from found) as last
  from found group by all
),
calendar as (
  select span.variant, span.basis, span.model, span.member, cast(step.month as date) as month
  from span, lateral (select unnest(generate_series(span.first, span.last, interval 1 month)) as month) as step
)
select 'metric', '{metric.metric_id}', calendar.variant, calendar.basis, calendar.model, '{name}', calendar.member,
  calendar.month, coalesce(found.numerator, 0), {denominator},
  coalesce(found.value, {empty}), coalesce(found.n, 0), {is_additive}, {metric.meta.unit == "count"},
  {metric.meta.interval is not None}
from calendar left join found
  on calendar.variant = found.variant and calendar.basis is not distinct from found.basis
  and calendar.model is not distinct from found.model and calendar.member is not distinct from found.member
  and calendar.month = found.month"""


def _source_sql(entity: str, column: str, closed: dt.date) -> str:
    """Rows by the month in which they happened. Until the month that the whole source reaches: a source that was not
    exported again is late, which is not an anomaly of its volume (a check of the canonical gate tells it)."""
    return f"""
insert into {SERIES}
with found as (
  select source_system || '.' || source_object as member, cast(date_trunc('month', "{column}") as date) as month,
    count(*) as rows
  from canonical."{entity}"
  where "{column}" is not null and cast(date_trunc('month', "{column}") as date) <= date '{closed.isoformat()}'
  group by all
),
span as (select member, min(month) as first, max(month) as last from found group by all),
calendar as (
  select span.member, cast(step.month as date) as month
  from span, lateral (select unnest(generate_series(span.first, span.last, interval 1 month)) as month) as step
)
select 'source', '{entity}', 'rows', null, null, 'source', calendar.member, calendar.month, coalesce(found.rows, 0),
  null, coalesce(found.rows, 0), coalesce(found.rows, 0), true, true, false
from calendar left join found on calendar.member = found.member and calendar.month = found.month"""
