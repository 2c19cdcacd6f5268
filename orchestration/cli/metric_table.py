"""Metric cells as a table for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import typer

from orchestration.cli.output import NULL_MARK, group_digits, print_table
from orchestration.cli.text import member, say
from orchestration.lib.publish.definitions import Definition
from orchestration.lib.publish.metric_view import FLAVOURS, Answer
from orchestration.lib.publish.periods import Calendar
from orchestration.lib.publish.reader import Snapshot
from orchestration.lib.trace.restated import is_restated

Column = tuple[Any, ...]  # metric_id and its flavours: what one column of the table shows
Line = tuple[Any, ...]  # members of the dimensions and the first day of the period: what one line shows


def shown_value(value: Decimal | None, unit: str) -> str:
    """A metric's value for people: money and days with 2 places, ratios in per cent, counts without idle zeros."""
    if value is None:
        return NULL_MARK
    if unit == "count":
        return f"{value.normalize():,f}"
    return f"{group_digits(value * 100, 2)} %" if unit == "ratio" else group_digits(value, 2)


def print_cells(snapshot: Snapshot, answer: Answer, definitions: Sequence[Definition], lang: str) -> None:
    """One line per member and period and one column per metric; a single line is turned, one line per metric."""
    if not answer.rows:
        typer.echo(say("no_cells", lang))
        return
    cells: dict[Line, dict[Column, dict[str, Any]]] = {}
    for row in answer.rows:
        line = (*(row[column] for column in answer.dimensions), row["period_start"])
        cells.setdefault(line, {})[_column(row)] = row
    columns = list(dict.fromkeys(_column(row) for row in answer.rows))
    columns.sort(key=lambda column: (answer.question.metrics.index(column[0]), *map(str, column[1:])))
    headings = _headings(columns, definitions, lang)
    units = {(one.metric_id, one.variant): one.unit for one in definitions}
    compare = answer.question.compare
    compared = [say(compare, lang), say("change", lang)] if compare else []
    calendar = Calendar(snapshot.manifest.company.fiscal_year_start_month)
    with_period = answer.period != "all"
    left = [say(column.removesuffix("_id"), lang) for column in answer.dimensions]
    left += [say(answer.period, lang)] if with_period else []

    def place(line: Line) -> list[str]:
        names = [
            member(answer.name_of(column, value), lang)
            for column, value in zip(answer.dimensions, line[:-1], strict=True)
        ]
        return [*names, calendar.label(answer.period, line[-1])] if with_period else names

    ordered = sorted(cells, key=lambda line: tuple(str(part or "") for part in line))
    if len(ordered) == 1:
        headers = [*left, say("metric", lang), say("value", lang), *compared]
        body = [
            [*place(ordered[0]), headings[column], *_shown(cells[ordered[0]].get(column), units[column[:2]], compare)]
            for column in columns
        ]
        right = range(len(left) + 1, len(headers))
    else:
        headers = [*left, *(word for column in columns for word in (headings[column], *compared))]
        body = [
            [
                *place(line),
                *(text for column in columns for text in _shown(cells[line].get(column), units[column[:2]], compare)),
            ]
            for line in ordered
        ]
        right = range(len(left), len(headers))
    print_table(headers, body, right=right)
    if any(row["is_mature"] is False for row in answer.rows):
        typer.echo(say("immature", lang))


def _column(row: Mapping[str, Any]) -> Column:
    return (row["metric_id"], *(row[flavour] for flavour in FLAVOURS))


def _headings(columns: Sequence[Column], definitions: Sequence[Definition], lang: str) -> dict[Column, str]:
    """A label per column; where two columns share one, what tells them apart is added."""
    labels = {(d.metric_id, d.variant, d.view, d.basis): d.text("label", lang) for d in definitions}
    plain: dict[Column, str] = {column: labels.get(column[:4]) or str(column[0]) for column in columns}
    headings: dict[Column, str] = {}
    for column, label in plain.items():
        twins = [other for other in columns if plain[other] == label]
        differing = [str(part) for i, part in enumerate(column) if i and part and len({t[i] for t in twins}) > 1]
        headings[column] = f"{label} ({' '.join(differing)})" if differing else label
    return headings


def _shown(cell: Mapping[str, Any] | None, unit: str, compare: str | None) -> list[str]:
    value = shown_value(cell["value"] if cell else None, unit)
    if cell and cell["is_mature"] is False:
        value += "*"
    if cell and is_restated(cell):
        value += "†"
    if not compare:
        return [value]
    rate: Decimal | None = cell["change_rate"] if cell else None
    change = NULL_MARK if rate is None else f"{'+' if rate > 0 else ''}{group_digits(rate * 100, 1)} %"
    return [value, shown_value(cell["compared_value"] if cell else None, unit), change]
