"""What stands behind each metric, as plain data: for ``triloop trace``, the dashboard and the published snapshot."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from orchestration.lib.metrics.dimensions import DIMENSIONS, cut_name
from orchestration.lib.metrics.model import Component, MetricDefinition, Registry
from orchestration.lib.metrics.registry import load_registry


def metric_definitions(
    manifest_dir: Path, made_of: Callable[[Registry], Mapping[str, list[str]]] | None = None
) -> list[dict[str, Any]]:
    """One JSON-ready entry per published metric, variant and basis.

    Args:
        made_of: gives by metric the columns of the canonical model it is made of (``source_columns``).

    ``numerator`` and ``denominator`` (None when the metric is no ratio) are ``{formula, parts, …}``: ``formula`` is
    SQL over the names of the parts, and each part says which rows of which table it adds up: ``{name, table,
    aggregation, expression, filter_sql, time_column, is_period_table, quantile, is_discrete, dimensions}``, where
    ``quantile`` is that of a median or percentile (None for sums) and ``dimensions`` gives the SQL by which the table's
    rows fall into a dimension column of ``metric_value``. The fields of the first part stand beside ``parts`` too, as
    most sides have one only.
    """
    registry = load_registry(manifest_dir)
    columns = made_of(registry) if made_of is not None else {}
    return [_entry(registry, metric, columns.get(metric.name, [])) for metric in registry.metrics]


def _entry(registry: Registry, metric: MetricDefinition, source_columns: list[str]) -> dict[str, Any]:
    meta = metric.meta
    return {
        "name": metric.name,
        "metric_id": metric.metric_id,
        "variant": meta.variant,
        "label_en": metric.label_en,
        "label_zh": meta.label_zh,
        "formula_en": metric.formula_en,
        "formula_zh": metric.formula_zh,
        "grain_en": meta.grain_en,
        "grain_zh": meta.grain_zh,
        "caveat_en": meta.caveat_en or "",
        "caveat_zh": meta.caveat_zh or "",
        "unit": meta.unit,
        "owner": meta.owner,
        "view": meta.view,
        "basis": meta.basis,
        "is_attributed": meta.is_attributed,
        "maturity_days": meta.maturity_days,
        "requires": list(meta.requires),
        "source_columns": source_columns,
        "cuts": [cut_name(cut) for cut in metric.cuts],
        "numerator": _side(registry, metric.numerator),
        "denominator": _side(registry, metric.denominator) if metric.denominator else None,
    }


def _side(registry: Registry, component: Component) -> dict[str, Any]:
    parts = []
    for name in component.metrics:
        simple = registry.simple[name]
        parts.append(
            {
                "name": name,
                "table": simple.table,
                "aggregation": simple.aggregation,
                "expression": simple.expression,
                "filter_sql": simple.filter_sql,
                "time_column": simple.time_column,
                "is_period_table": simple.is_period_table,
                "quantile": simple.quantile,
                "is_discrete": simple.is_discrete,
                "dimensions": {DIMENSIONS[key].column: column for key, column in simple.dimensions.items()},
            }
        )
    first = {key: value for key, value in parts[0].items() if key != "name"}
    return {"formula": component.expression, **first, "parts": parts}
