"""The rows behind one cell of ``metric_value``, and the proof that they add up to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb

from orchestration.lib.errors import ConfigurationError, DataError
from orchestration.lib.publish.content import quote
from orchestration.lib.publish.definitions import Definition, Part, Side, find, read_definitions
from orchestration.lib.publish.metric_view import FLAVOURS, Answer, Question, ask
from orchestration.lib.publish.periods import end_of
from orchestration.lib.publish.reader import Snapshot
from orchestration.lib.trace.ranked import AMOUNT, NUMBER, PICKED, rows_around

__all__ = ["AMOUNT", "PICKED", "CellTrace", "PartTrace", "SideTrace", "evaluate", "trace_cell"]

# How one row adds to an aggregate; a distinct count is won by the first row of each value.
_PER_ROW = {
    "sum": "({expression})",
    "count": "case when ({expression}) is not null then 1 else 0 end",
    "sum_boolean": "case when ({expression}) then 1 else 0 end",
    "max": "({expression})",  # of a period table, where a cell has one row
    "count_distinct": (
        "case when ({expression}) is not null "
        "and row_number() over (partition by {expression} order by all_columns) = 1 then 1 else 0 end"
    ),
}


@dataclass(frozen=True)
class PartTrace:
    """One part of a side: its total and rows. ``rows`` are the largest; ``row_count`` counts all that contribute.

    Each row has its share under ``AMOUNT``; of a median or percentile its value, and under ``PICKED`` if that is it.
    """

    part: Part
    coefficient: Decimal
    total: Decimal
    row_count: int
    rows: list[dict[str, Any]]

    @property
    def is_ranked(self) -> bool:
        """Whether ``total`` is a median or percentile: its rows are those nearest to it, with ``PICKED``."""
        return self.part.quantile is not None


@dataclass(frozen=True)
class SideTrace:
    """Numerator or denominator: its published value, which the parts reproduce exactly."""

    name: str
    formula: str
    value: Decimal
    parts: list[PartTrace]


@dataclass(frozen=True)
class CellTrace:
    """A traced cell."""

    definition: Definition
    cell: Mapping[str, Any]
    answer: Answer
    sides: list[SideTrace]


def trace_cell(snapshot: Snapshot, metric_id: str, where: Mapping[str, str], *, limit: int = 10) -> CellTrace:
    """Trace one cell.

    Args:
        where: dimensions, a period and flavours (variant, view, basis, model) that single out the cell.
        limit: rows kept per part; sums cover all of them.

    Raises:
        ConfigurationError: no such metric or cell, or several cells fit.
        DataError: the rows do not add up to the published value.
    """
    definitions = find(read_definitions(snapshot.definitions), metric_id)
    answer = ask(snapshot, Question((metric_id,), (), where))
    cell = _one_cell(answer, metric_id)
    definition = next(
        d for d in definitions if (d.variant, d.basis, d.view) == (cell["variant"], cell["basis"], cell["view"])
    )
    sides = [_side(snapshot, "numerator", definition.numerator, cell=cell, answer=answer, limit=limit)]
    if definition.denominator is not None:
        sides.append(_side(snapshot, "denominator", definition.denominator, cell=cell, answer=answer, limit=limit))
    return CellTrace(definition, cell, answer, sides)


def _one_cell(answer: Answer, metric_id: str) -> dict[str, Any]:
    if not answer.rows:
        raise ConfigurationError(
            f"{metric_id} has no published value there", hint=f"see what there is: triloop metrics -m {metric_id}"
        )
    if len(answer.rows) > 1:
        differ = [
            name
            for name in (*FLAVOURS, "period_start", *answer.dimensions)
            if len({row[name] for row in answer.rows}) > 1
        ]
        options = "; ".join(
            f"{name}: {', '.join(sorted({str(row[name]) for row in answer.rows})[:8])}" for name in differ
        )
        raise ConfigurationError(
            f"{len(answer.rows)} cells of {metric_id} fit", hint=f"name one with --where - {options}"
        )
    return answer.rows[0]


def _side(
    snapshot: Snapshot, name: str, side: Side, *, cell: Mapping[str, Any], answer: Answer, limit: int
) -> SideTrace:
    parts = [_part(snapshot, side, part, cell=cell, answer=answer, limit=limit) for part in side.parts]
    totals = {trace.part.name: trace.total for trace in parts}
    added = evaluate(snapshot.connection, side.formula, totals)
    value: Decimal = cell[name] if cell[name] is not None else Decimal(0)
    if added != value:
        raise DataError(
            f"the rows behind the {name} of {cell['metric_id']} add up to {added:f}, but {value:f} is published",
            hint="please report this: published values and their rows must agree to the last digit",
        )
    return SideTrace(name, side.formula, value, parts)


def evaluate(connection: duckdb.DuckDBPyConnection, formula: str, values: Mapping[str, Decimal]) -> Decimal:
    """The value of a formula over named numbers, as metric_value stores it."""
    columns = ", ".join(f"cast(? as {NUMBER}) as {quote(name)}" for name in values)
    row = connection.execute(
        f"select cast({formula} as {NUMBER}) from (select {columns})", list(values.values())
    ).fetchone()
    return Decimal(row[0]) if row else Decimal(0)


def _part(
    snapshot: Snapshot, side: Side, part: Part, *, cell: Mapping[str, Any], answer: Answer, limit: int
) -> PartTrace:
    snapshot.require(part.table)
    if part.aggregation not in _PER_ROW and part.quantile is None:
        raise ConfigurationError(
            f"{part.name} is a {part.aggregation}: no row has a share in it", hint="trace a metric that is a sum"
        )
    conditions, values = cell_conditions(snapshot, part, cell, answer)
    zero = {other.name: Decimal(0) for other in side.parts}
    base = evaluate(snapshot.connection, side.formula, zero)
    coefficient = evaluate(snapshot.connection, side.formula, {**zero, part.name: Decimal(1)}) - base
    if part.quantile is not None:
        ranked = rows_around(snapshot, part, conditions, values, limit=limit)
        return PartTrace(part, coefficient, ranked.value, ranked.row_count, ranked.rows)
    amount = _PER_ROW[part.aggregation].format(expression=part.expression)
    every_column = ", ".join(quote(name) for name in snapshot.columns(part.table))
    amount = amount.replace("all_columns", every_column)
    rows_sql = f"select *, {amount} as {AMOUNT} from {quote(part.table)} where {conditions}"
    [summed] = snapshot.rows(
        f"select cast(coalesce(sum({AMOUNT}), 0) as {NUMBER}) as total, count(*) filter ({AMOUNT} <> 0) as n "
        f"from ({rows_sql})",
        values,
    )
    rows = snapshot.rows(
        f"select * from ({rows_sql}) where {AMOUNT} <> 0 "
        f"order by abs({AMOUNT}) desc, {every_column} limit {int(limit)}",
        values,
    )
    return PartTrace(part, coefficient, summed["total"], summed["n"], rows)


def cell_conditions(snapshot: Snapshot, part: Part, cell: Mapping[str, Any], answer: Answer) -> tuple[str, list[Any]]:
    """Which rows fall into the cell: the metric's own filter, its members, its period, and nothing after as_of."""
    conditions = [f"({part.filter_sql})"] if part.filter_sql else []
    values: list[Any] = []
    for column in answer.dimensions:
        if column not in part.dimensions:
            raise ConfigurationError(f"{part.name} ({part.table}) cannot be traced by {column}")
        conditions.append(f"({part.dimensions[column]}) is not distinct from ?")
        values.append(cell[column])
    day = f"cast({part.time_column} as date)"
    start: date | None = cell["period_start"]
    if part.is_period_table:
        conditions += ["cut = ?", "period_kind = ?", f"{day} is not distinct from ?"]
        return " and ".join(conditions), [*values, cell["cut"], cell["period_kind"], start]
    if start is not None:
        conditions.append(f"{day} >= ? and {day} < ?")
        values += [start, end_of(cell["period_kind"], start)]
    if snapshot.manifest.as_of is not None:
        conditions.append(f"{day} <= ?")
        values.append(date.fromisoformat(snapshot.manifest.as_of))
    else:
        conditions.append(f"{day} is not null")
    return " and ".join(conditions), values
