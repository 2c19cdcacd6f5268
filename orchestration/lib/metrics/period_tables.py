"""Numbers that do not add up from months to years - a closing balance, the share of customers kept - come from period
tables, whose rows name their cut, period kind and period; here they join the sums of events in one base table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from orchestration.lib.errors import ConfigurationError
from orchestration.lib.metrics.dimensions import DIMENSIONS, cut_name
from orchestration.lib.metrics.model import Registry, SimpleMetric

_AGGREGATES = ("sum", "min", "max")


def period_table_inserts(registry: Registry, base: str, number: str, as_of: dt.date) -> Iterator[str]:
    """One insert into ``base`` per period table and cut that a published metric asks of it.

    Raises:
        ConfigurationError: a measure of a period table is aggregated as no row of it can be.
    """
    for (schema, table), simples in registry.period_tables().items():
        for simple in simples:
            if simple.aggregation not in _AGGREGATES:
                raise ConfigurationError(
                    f"'{simple.name}' is a {simple.aggregation} over the period table {table}",
                    hint=f"each cell is a row there: use one of {', '.join(_AGGREGATES)}",
                )
        for cut in _cuts(registry, simples):
            usable = [simple for simple in simples if all(name in simple.dimensions for name in cut)]
            keys = [(DIMENSIONS[name].column, simples[0].dimensions[name]) for name in cut]
            names = ["cut", "period_kind", "period_start", *(column for column, _ in keys)]
            groups = ["cut", "period_kind", f"cast({simples[0].time_column} as date)", *(sql for _, sql in keys)]
            sums = [
                f"cast({one.aggregation}({one.expression})"
                + (f" filter ({one.filter_sql})" if one.filter_sql else "")
                + f" as {number})"
                for one in usable
            ]
            day = f"cast({simples[0].time_column} as date)"
            yield (
                f"insert into {base} ({', '.join([*names, *(_quoted(one) for one in usable)])}) "
                f"select {', '.join([*groups, *sums])} from {schema}.{table} "
                f"where cut = '{cut_name(cut)}' and ({day} is null or {day} <= date '{as_of.isoformat()}') "
                f"group by {', '.join(groups)}"
            )


def merged_base_sql(registry: Registry, base: str) -> str:
    """A statement that puts the rows of one cell together: each column is filled in one of them."""
    keys = ["cut", "period_kind", "period_start", *(dimension.column for dimension in DIMENSIONS.values())]
    values = ", ".join(f'max("{name}") as "{name}"' for name in registry.simple)
    return (
        f"create or replace temporary table metric_base as select {', '.join(keys)}, {values} from {base} group by all"
    )


def _cuts(registry: Registry, simples: tuple[SimpleMetric, ...]) -> list[tuple[str, ...]]:
    names = {simple.name for simple in simples}
    cuts = {cut for metric in registry.metrics if names & set(metric.simple_metrics) for cut in metric.cuts}
    return sorted(cuts, key=lambda cut: (len(cut), cut))


def _quoted(simple: SimpleMetric) -> str:
    return f'"{simple.name}"'
