"""What moved an unusual value: the members of its other cuts, and of a source its files.

For each member the value is computed once more with the member's own numerator and denominator at their usual level
(the median of the twelve months before); the difference is the member's effect. Effects of a sum add up to its change
as far as the members' medians add up to the whole's; those of a ratio need not.
"""

from __future__ import annotations

from typing import Any

import duckdb

from orchestration.lib.anomalies.baseline import JUDGED
from orchestration.lib.anomalies.series import adds_up
from orchestration.lib.metrics.dimensions import DIMENSIONS
from orchestration.lib.metrics.model import MetricDefinition, Registry

MOVERS = "temp.main.movers"
MOST = 3  # members of each cut
_KEYS = ("kind", "subject", "variant", "basis", "model", "cut", "member", "month")


def write_movers(database: duckdb.DuckDBPyConnection, registry: Registry) -> None:
    """Write :data:`MOVERS`: the keys of the unusual value, then mover_cut, mover, value, usual, effect, rank."""
    database.execute(
        "create or replace temporary table movers (kind varchar, subject varchar, variant varchar, basis varchar, "
        "model varchar, cut varchar, member varchar, month date, mover_cut varchar, mover varchar, "
        "value decimal(28, 9), usual decimal(28, 9), effect double, rank bigint)"
    )
    unusual = database.execute(f"select {', '.join(_KEYS)} from {JUDGED} where is_unusual order by all").fetchall()
    metrics = {(metric.metric_id, metric.meta.variant): metric for metric in registry.metrics}
    for row in unusual:
        found = dict(zip(_KEYS, row, strict=True))
        if found["kind"] == "source":
            _rank(database, found, "file", _files_sql(found["subject"]), [found["member"]])
            continue
        metric = metrics[found["subject"], found["variant"]]
        if metric.denominator is None and not adds_up(metric, registry):
            continue  # the median of all does not follow from the medians of its members
        for cut, query, values in _member_queries(metric, found):
            _rank(database, found, cut, query, values)


def _member_queries(metric: MetricDefinition, found: dict[str, Any]) -> list[tuple[str, str, list[Any]]]:
    """(the dimension, SQL of mover, month, numerator, denominator; its parameters) for each cut one finer."""
    own = () if found["cut"] == "total" else (found["cut"],)
    queries = []
    for cut in metric.cuts:
        finer = [name for name in cut if name not in own]
        if len(cut) != len(own) + 1 or len(finer) != 1:
            continue
        same = "".join(f" and {DIMENSIONS[name].column} is not distinct from ?" for name in own)
        queries.append(
            (
                finer[0],
                f"select cast({DIMENSIONS[finer[0]].column} as varchar) as mover, period_start as month, numerator, "
                "denominator from metrics.metric_value where metric_id = ? and variant = ? and basis is not distinct "
                f"from ? and model is not distinct from ? and cut = '{'+'.join(cut)}' and period_kind = 'month'{same}",
                [
                    *(found[key] for key in ("subject", "variant", "basis", "model")),
                    *(found["member"] for _name in own),
                ],
            )
        )
    return queries


def _files_sql(entity: str) -> str:
    from orchestration.lib.anomalies.series import happened_column
    from orchestration.lib.contract import load_contract

    column = happened_column(load_contract().entities[entity].columns.values())
    assert column is not None
    return (
        f"select source_file as mover, cast(date_trunc('month', \"{column.name}\") as date) as month, "
        f'count(*) as numerator, null as denominator from canonical."{entity}" '
        "where source_system || '.' || source_object = ? group by all"
    )


def _rank(database: duckdb.DuckDBPyConnection, found: dict[str, Any], cut: str, query: str, values: list[Any]) -> None:
    keys = ", ".join(f"cast(? as {'date' if key == 'month' else 'varchar'})" for key in _KEYS)
    database.execute(
        f"""
insert into {MOVERS}
with cells as ({query}),
span as (
  select mover, cast(step.month as date) as month
  from (select distinct mover from cells) as members,
    lateral (select unnest(generate_series(?::date - interval 12 month, ?::date, interval 1 month)) as month) as step
),
filled as (
  select span.mover, span.month, cast(coalesce(cells.numerator, 0) as decimal(28, 9)) as numerator,
    cast(coalesce(cells.denominator, 0) as decimal(28, 9)) as denominator
  from span left join cells on span.mover is not distinct from cells.mover and span.month = cells.month
),
compared as (
  select mover,
    sum(numerator) filter (month = ?::date) as numerator, sum(denominator) filter (month = ?::date) as denominator,
    median(numerator) filter (month < ?::date) as usual_numerator,
    median(denominator) filter (month < ?::date) as usual_denominator
  from filled group by mover
),
whole as (select numerator, denominator from {JUDGED} where is_unusual and ({", ".join(_KEYS)}) is not distinct from
  ({keys})),
moved as (
  select compared.mover,
    case when whole.denominator is null then compared.numerator
      else compared.numerator / nullif(cast(compared.denominator as double), 0) end as value,
    case when whole.denominator is null then compared.usual_numerator
      else compared.usual_numerator / nullif(cast(compared.usual_denominator as double), 0) end as usual,
    case when whole.denominator is null then cast(compared.numerator - compared.usual_numerator as double)
      else cast(whole.numerator as double) / nullif(cast(whole.denominator as double), 0)
        - cast(whole.numerator - compared.numerator + compared.usual_numerator as double)
        / nullif(cast(whole.denominator - compared.denominator + compared.usual_denominator as double), 0) end as effect
  from compared, whole
),
ranked as (
  select *, row_number() over (order by abs(effect) desc, mover) as rank from moved where effect <> 0
)
select {keys}, ?, mover, value, usual, effect, rank from ranked where rank <= {MOST}""",
        [
            *values,
            *([found["month"]] * 6),
            *(found[key] for key in _KEYS),
            *(found[key] for key in _KEYS),
            cut,
        ],
    )
