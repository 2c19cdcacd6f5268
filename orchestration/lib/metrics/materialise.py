"""Compute every published metric into ``metrics.metric_value``, and what cannot be computed into
``metrics.metric_availability``.

``metric_value``: one row per metric, variant, basis, cut, member of the cut and period in which it has anything.
Numerator, denominator and value are exact: the sides come from MetricFlow's SQL as DECIMAL, the quotient is an integer
division rounded half away from zero. A denominator of 0 gives NULL. ``reported`` is the value by what closed months
said of attributed money when they were closed; NULL of a metric that is never restated.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

import duckdb
import sqlglot
from sqlglot import expressions as sql

from orchestration.lib import warehouse
from orchestration.lib.errors import DataError
from orchestration.lib.metrics.availability import Availability, metric_availability, write_availability
from orchestration.lib.metrics.compile import AS_OF_MARK, CompiledQuery, compiled_queries
from orchestration.lib.metrics.dimensions import DIMENSIONS, PERIODS, UNKNOWN, cut_name
from orchestration.lib.metrics.exact import quotient_sql
from orchestration.lib.metrics.intervals import PLACES, wilson_sql
from orchestration.lib.metrics.model import Component, MetricDefinition, Registry
from orchestration.lib.metrics.period_tables import merged_base_sql, period_table_inserts
from orchestration.lib.metrics.registry import load_registry
from orchestration.lib.workspace import Workspace

# as many places as an attribution weight has: a cost divided by a rounded weight is off by whole yuan
NUMBER: Final = "decimal(28, 9)"
_BASE: Final = "temp.main.metric_base"


class AttributionSettings(Protocol):
    """The part of the settings that the metrics need."""

    def dbt_vars(self) -> dict[str, object]: ...


def materialise_metrics(
    workspace: Workspace,
    settings: AttributionSettings,
    manifest_dir: Path,
    connection: duckdb.DuckDBPyConnection | None = None,
) -> int:
    """Rebuild both tables in one transaction.

    Args:
        manifest_dir: where dbt wrote ``semantic_manifest.json`` (``workspace.dbt_target_dir``).
        connection: to the working database, outside a transaction; opened and closed here when not given.

    Returns:
        The number of rows of ``metrics.metric_value``.

    Raises:
        ConfigurationError: the registry is wrong.
        DataError: a table that a metric reads is missing.
    """
    registry = load_registry(manifest_dir)
    queries = compiled_queries(registry, workspace.state_dir)
    default_model = str(settings.dbt_vars()["default_attribution_model"])
    with _connection(workspace, connection) as database:
        database.execute("begin transaction")
        try:
            rows = _rebuild(database, registry, queries, default_model)
        except duckdb.CatalogException as error:
            database.execute("rollback")
            raise DataError(
                f"a metric needs a table that is not there: {str(error).splitlines()[0]}",
                hint="the floors below build it; run: triloop run",
            ) from error
        except BaseException:
            database.execute("rollback")
            raise
        database.execute("commit")
    return rows


@contextmanager
def _connection(workspace: Workspace, given: duckdb.DuckDBPyConnection | None) -> Iterator[duckdb.DuckDBPyConnection]:
    if given is not None:
        yield given
        return
    opened = warehouse.connect(workspace)
    try:
        yield opened
    finally:
        opened.close()


def _rebuild(
    database: duckdb.DuckDBPyConnection,
    registry: Registry,
    queries: tuple[CompiledQuery, ...],
    default_model: str,
) -> int:
    database.execute("create schema if not exists metrics")
    as_of = _as_of(database)
    availability = metric_availability(database, registry)
    write_availability(database, availability)
    _fill_base(database, registry, queries, as_of)
    _write_values(database, registry, availability, default_model, as_of)
    database.execute(f"drop table {_BASE}")
    count = database.execute("select count(*) from metrics.metric_value").fetchone()
    assert count is not None
    return int(count[0])


def _as_of(database: duckdb.DuckDBPyConnection) -> dt.date:
    row = database.execute("select as_of_on from intermediate.int_as_of").fetchone()
    if row is None or row[0] is None:
        raise DataError("there is no business date in the data", hint="map at least one table that carries dates")
    day = row[0]
    assert isinstance(day, dt.date)
    return day


def _fill_base(
    database: duckdb.DuckDBPyConnection, registry: Registry, queries: tuple[CompiledQuery, ...], as_of: dt.date
) -> None:
    """One temporary table: cut, period, dimensions, and a column per simple metric."""
    columns = ["cut varchar", "period_kind varchar", "period_start date"]
    columns += [f"{dimension.column} varchar" for dimension in DIMENSIONS.values()]
    columns += [f'"{name}" {NUMBER}' for name in registry.simple]
    database.execute(f"create or replace temporary table metric_base ({', '.join(columns)})")
    for query in queries:
        names = ["cut", "period_kind", "period_start", *(DIMENSIONS[name].column for name in query.cut)]
        values = [
            f"'{cut_name(query.cut)}'",
            f"'{query.period_kind}'",
            f'cast("{query.time_column}" as date)' if query.time_column else "null",
            *(f"coalesce(\"{DIMENSIONS[name].group_by}\", '{UNKNOWN}')" for name in query.cut),
        ]
        names += [f'"{name}"' for name in query.metrics]
        values += [f'cast("{name}" as {NUMBER})' for name in query.metrics]
        statement = query.sql.replace(AS_OF_MARK, as_of.isoformat())
        database.execute(
            f"insert into {_BASE} ({', '.join(names)}) select {', '.join(values)} from ({statement}) as compiled"
        )
    if registry.period_tables():
        for insert in period_table_inserts(registry, _BASE, NUMBER, as_of):
            database.execute(insert)
        database.execute(merged_base_sql(registry, _BASE))


def _write_values(
    database: duckdb.DuckDBPyConnection,
    registry: Registry,
    availability: list[Availability],
    default_model: str,
    as_of: dt.date,
) -> None:
    available = {item.name for item in availability if item.is_available}
    parts = [_metric_sql(metric, default_model, as_of) for metric in registry.metrics if metric.name in available]
    dimensions = ", ".join(f"{dimension.column} varchar" for dimension in DIMENSIONS.values())
    database.execute(
        f"create or replace table metrics.metric_value (metric_id varchar not null, variant varchar not null, "
        f"cut varchar not null, {dimensions}, period_kind varchar not null, period_start date, view varchar not null, "
        f"basis varchar, model varchar, numerator {NUMBER} not null, denominator {NUMBER}, value decimal(28, 8), "
        f"value_low {PLACES}, value_high {PLACES}, n bigint, is_mature boolean not null, reported decimal(28, 8))"
    )
    if parts:
        keys = ", ".join(dimension.column for dimension in DIMENSIONS.values())
        database.execute(
            "insert into metrics.metric_value " + "\nunion all\n".join(parts) + "\norder by metric_id, variant, basis "
            f"nulls first, cut, period_kind, period_start nulls first, {keys}"
        )


def _metric_sql(metric: MetricDefinition, default_model: str, as_of: dt.date) -> str:
    meta = metric.meta
    keys = ", ".join(dimension.column for dimension in DIMENSIONS.values())
    cuts = ", ".join(f"'{cut_name(cut)}'" for cut in metric.cuts)
    sides = [*metric.numerator.metrics, *(metric.denominator.metrics if metric.denominator else ())]
    denominator = _component_sql(metric.denominator) if metric.denominator else f"cast(null as {NUMBER})"
    value = _value_sql(metric, "numerator", "denominator")
    count = f'cast(coalesce("{meta.n}", 0) as bigint)' if meta.n else "cast(null as bigint)"
    reported, reported_denominator = _reported_sql(metric)
    low, high = _interval_sql(metric)
    anything = " or ".join(f'"{name}" is not null' for name in dict.fromkeys(sides))
    return (
        f"select '{metric.metric_id}' as metric_id, '{meta.variant}' as variant, cut, {keys}, period_kind, "
        f"period_start, "
        f"'{meta.view}' as view, {_text(meta.basis)} as basis, "
        f"{_text(default_model if meta.is_attributed else None)} as model, numerator, denominator, {value} as "
        f"value, {low} as value_low, {high} as value_high, n, "
        f"{_maturity_sql(meta.maturity_days, as_of)} as is_mature, "
        f"{_value_sql(metric, 'reported_numerator', 'reported_denominator')} as reported "
        f"from (select *, {_component_sql(metric.numerator)} as numerator, {denominator} as denominator, {count} as n, "
        f"{reported} as reported_numerator, {reported_denominator} as reported_denominator "
        f"from {_BASE} where cut in ({cuts}) and ({anything}))"
    )


def _value_sql(metric: MetricDefinition, numerator: str, denominator: str) -> str:
    return quotient_sql(numerator, denominator) if metric.denominator else f"cast({numerator} as decimal(28, 8))"


def _reported_sql(metric: MetricDefinition) -> tuple[str, str]:
    """Both sides as reported; NULL for a metric that is never restated."""
    numerator, denominator = metric.reported or (None, None)
    return tuple(  # type: ignore[return-value]
        f"cast(null as {NUMBER})" if side is None else _component_sql(side) for side in (numerator, denominator)
    )


def _interval_sql(metric: MetricDefinition) -> tuple[str, str]:
    """Both ends of the interval; NULL for a metric that has none."""
    meta = metric.meta
    if meta.interval:
        return wilson_sql("numerator", "denominator")
    if meta.low and meta.high:
        return f'cast("{meta.low}" as {PLACES})', f'cast("{meta.high}" as {PLACES})'
    return f"cast(null as {PLACES})", f"cast(null as {PLACES})"


def _component_sql(component: Component) -> str:
    """The component over the columns of the base table: what a period has nothing of is 0 in it."""

    def filled(node: sql.Expression) -> sql.Expression:
        if isinstance(node, sql.Column):
            return sqlglot.parse_one(f'coalesce("{node.name}", 0)', dialect="duckdb")
        return node

    tree = sqlglot.parse_one(component.expression, dialect="duckdb").transform(filled)
    return f"cast({tree.sql(dialect='duckdb')} as {NUMBER})"


def _maturity_sql(maturity_days: int, as_of: dt.date) -> str:
    """True when the last day of the period lies at least so many days before the day after ``as_of``."""
    steps = " ".join(
        f"when '{period.kind}' then period_start + interval {period.months} month - interval 1 day"
        for period in PERIODS.values()
        if period.months is not None
    )
    day = f"date '{as_of.isoformat()}'"
    return f"cast(case period_kind {steps} else {day} end as date) + {maturity_days} <= {day}"


def _text(value: str | None) -> str:
    return "cast(null as varchar)" if value is None else f"'{value}'"
