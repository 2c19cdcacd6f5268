"""Metric definitions as a snapshot carries them (``metric_definitions.json``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orchestration.lib.errors import ConfigurationError, DataError, nearest


@dataclass(frozen=True)
class Term:
    """A summand of a numerator or denominator: rows of one published table.

    ``expression`` is an aggregate (``sum(amount)``, ``count(*)``, ``count(distinct lead_id)``) or an amount per row;
    ``dimensions`` maps a dimension column of metric_value to an expression over the table.
    """

    table: str
    expression: str
    filter_sql: str
    time_column: str | None
    dimensions: Mapping[str, str]
    sign: int = 1


@dataclass(frozen=True)
class Definition:
    """One metric, in both languages."""

    metric_id: str
    label: Mapping[str, str]
    description: Mapping[str, str]
    formula: Mapping[str, str]
    unit: str
    numerator: tuple[Term, ...]
    denominator: tuple[Term, ...]
    defaults: Mapping[str, str]
    raw: Mapping[str, Any]

    def text(self, field: str, lang: str) -> str:
        """``label``, ``description`` or ``formula`` in the language, else in English."""
        texts: Mapping[str, str] = getattr(self, field)
        return texts.get(lang) or texts.get("en") or ""


def read_definitions(raw: Any) -> dict[str, Definition]:
    """All definitions by id, in the order they are written.

    Args:
        raw: ``{"metrics": [...]}``, a list, or a mapping of id to definition.

    Raises:
        DataError: the file has another shape.
    """
    body = raw.get("metrics", raw) if isinstance(raw, Mapping) else raw
    items: list[Any]
    if isinstance(body, Mapping):
        items = [{"id": name, **value} for name, value in body.items() if isinstance(value, Mapping)]
    elif isinstance(body, list):
        items = body
    else:
        raise DataError("the metric definitions of the snapshot are not a list of metrics")
    return {definition.metric_id: definition for definition in map(_definition, items)}


def find(definitions: Mapping[str, Definition], metric_id: str) -> Definition:
    """The definition of a metric.

    Raises:
        ConfigurationError: there is none; names the nearest.
    """
    if metric_id not in definitions:
        raise ConfigurationError(
            f"there is no metric '{metric_id}'",
            hint=f"{nearest(metric_id, definitions)}; list them with: triloop metrics --list",
        )
    return definitions[metric_id]


def _definition(raw: Mapping[str, Any]) -> Definition:
    metric_id = str(raw.get("id") or raw.get("metric_id") or raw.get("name"))
    return Definition(
        metric_id=metric_id,
        label=_texts(raw.get("label"), metric_id),
        description=_texts(raw.get("description"), ""),
        formula=_texts(raw.get("formula"), ""),
        unit=str(raw.get("unit") or ""),
        numerator=_terms(raw.get("numerator")),
        denominator=_terms(raw.get("denominator")),
        defaults={str(key): str(value) for key, value in (raw.get("defaults") or raw.get("default") or {}).items()},
        raw=raw,
    )


def _texts(raw: Any, fallback: str) -> dict[str, str]:
    if isinstance(raw, Mapping):
        return {str(key): str(value) for key, value in raw.items()}
    return {"en": str(raw) if raw else fallback}


def _terms(raw: Any) -> tuple[Term, ...]:
    if raw is None:
        return ()
    items = raw if isinstance(raw, list) else raw.get("terms", [raw])
    return tuple(_term(item) for item in items)


def _term(raw: Mapping[str, Any]) -> Term:
    dimensions = raw.get("dimensions") or {}
    if not isinstance(dimensions, Mapping):
        dimensions = {str(name): str(name) for name in dimensions}
    return Term(
        table=str(raw["table"]),
        expression=str(raw["expression"]),
        filter_sql=str(raw.get("filter_sql") or "true"),
        time_column=raw.get("time_column"),
        dimensions={str(name): str(column) for name, column in dimensions.items()},
        sign=int(raw.get("sign", 1)),
    )
