"""Metric definitions as a snapshot carries them (``metric_definitions.json``)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from orchestration.lib.errors import ConfigurationError, DataError, nearest


@dataclass(frozen=True)
class Part:
    """What one name in a side's formula adds up: rows of one published table.

    ``aggregation`` is dbt's (sum, count, count_distinct …) over ``expression``; ``dimensions`` maps a dimension column
    of metric_value to the SQL by which the table's rows fall into it.
    """

    name: str
    table: str
    aggregation: str
    expression: str
    filter_sql: str | None
    time_column: str
    dimensions: Mapping[str, str]
    is_period_table: bool = False  # its rows name their cut, period kind and period themselves
    quantile: Decimal | None = None  # of a median (0.5) or percentile; None for what is added up
    is_discrete: bool = False  # whether the quantile is the value of one row, not a point between two


@dataclass(frozen=True)
class Side:
    """A numerator or denominator: a linear formula over its parts."""

    formula: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Definition:
    """One variant and basis of a metric."""

    metric_id: str
    variant: str
    view: str
    basis: str | None
    unit: str
    owner: str
    cuts: tuple[str, ...]
    numerator: Side
    denominator: Side | None
    texts: Mapping[str, str]
    source_columns: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()

    def text(self, field: str, lang: str) -> str:
        """``label``, ``formula``, ``grain`` or ``caveat`` in a language."""
        return self.texts.get(f"{field}_{lang}", "")


def read_definitions(raw: Any) -> list[Definition]:
    """All definitions, in their order.

    Raises:
        DataError: the file has another shape.
    """
    if not isinstance(raw, list):
        raise DataError("the metric definitions of the snapshot are not a list of metrics")
    try:
        return [_definition(item) for item in raw]
    except (KeyError, TypeError, AttributeError) as error:
        raise DataError(f"the metric definitions of the snapshot cannot be read: {error!r}") from error


def find(definitions: Iterable[Definition], metric_id: str) -> list[Definition]:
    """Every variant and basis of a metric.

    Raises:
        ConfigurationError: there is none; names the nearest.
    """
    known = list(definitions)
    found = [definition for definition in known if definition.metric_id == metric_id]
    if not found:
        options = {definition.metric_id for definition in known}
        raise ConfigurationError(
            f"there is no metric '{metric_id}'",
            hint=f"{nearest(metric_id, options)}; list them with: triloop metrics --list",
        )
    return found


def _definition(raw: Mapping[str, Any]) -> Definition:
    return Definition(
        metric_id=raw["metric_id"],
        variant=raw["variant"],
        view=raw["view"],
        basis=raw.get("basis"),
        unit=raw["unit"],
        owner=raw.get("owner", ""),
        cuts=tuple(raw.get("cuts", ())),
        numerator=_side(raw["numerator"]),
        denominator=_side(raw["denominator"]) if raw.get("denominator") else None,
        source_columns=tuple(raw.get("source_columns", ())),
        requires=tuple(raw.get("requires", ())),
        texts={key: value for key, value in raw.items() if key.endswith(("_en", "_zh"))},
    )


def _side(raw: Mapping[str, Any]) -> Side:
    parts = tuple(
        Part(
            name=part["name"],
            table=part["table"],
            aggregation=part["aggregation"],
            expression=part["expression"],
            filter_sql=part.get("filter_sql"),
            time_column=part["time_column"],
            dimensions=dict(part.get("dimensions") or {}),
            is_period_table=bool(part.get("is_period_table")),
            quantile=Decimal(part["quantile"]) if part.get("quantile") else None,
            is_discrete=bool(part.get("is_discrete")),
        )
        for part in raw["parts"]
    )
    return Side(raw["formula"], parts)
