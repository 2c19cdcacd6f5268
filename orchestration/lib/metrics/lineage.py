"""From a metric down to the columns of the canonical model that it is made of, by the models' own column lineage."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import sqlglot
from sqlglot import expressions as sql

from orchestration.lib.column_lineage import LineageCache
from orchestration.lib.metrics.model import MetricDefinition, Registry, SimpleMetric

CANONICAL = "canonical"
# where a row came from and when: of every row, so it says nothing of a metric
_OF_EVERY_ROW = {"source_system", "source_object", "source_file", "source_row", "source_sha256", "ingest_id"}
Field = tuple[str, str]
"""Relation (``schema.table``) and column."""


def read_columns(metric: MetricDefinition, registry: Registry) -> dict[str, list[str]]:
    """Relation → the columns that the metric's sums, conditions and dates read, sorted."""
    found: dict[str, set[str]] = {}
    for name in metric.simple_metrics:
        simple = registry.simple[name]
        found.setdefault(f"{simple.schema}.{simple.table}", set()).update(_columns_of(simple))
    return {relation: sorted(columns) for relation, columns in sorted(found.items())}


def source_columns(
    registry: Registry, dbt_target_dir: Path, columns: Mapping[str, Iterable[str]], lineage: LineageCache
) -> dict[str, list[str]]:
    """Metric (its dbt name) → ``entity.column`` of the canonical model that it is made of, sorted.

    Args:
        columns: relation → its columns, of the working database.
        lineage: what is known of the models' lineage; new statements are added to it.

    A model that was not built (its entity has no source) ends the way there.
    """
    manifest = json.loads((dbt_target_dir / "manifest.json").read_text(encoding="utf-8"))
    compiled = dbt_target_dir / "compiled" / str(manifest["metadata"]["project_name"])
    models = {
        f"{node['schema']}.{node.get('alias') or node['name']}": node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
    }

    @cache
    def parents_of(relation: str) -> Mapping[str, list[Field]]:
        file = compiled / models[relation]["original_file_path"]
        if not file.is_file():
            return {}
        upstream = {name: list(columns[name]) for name in _upstream(manifest, models[relation]) if name in columns}
        return lineage.get(file.read_text(encoding="utf-8"), upstream)

    def below(start: Iterable[Field]) -> set[str]:
        waiting = list(start)
        seen, found = set(waiting), set()
        while waiting:
            relation, column = waiting.pop()
            schema, _, table = relation.partition(".")
            if schema == CANONICAL:
                found.add(f"{table}.{column}")
            for parent in parents_of(relation).get(column, ()) if relation in models else ():
                if parent not in seen:
                    seen.add(parent)
                    waiting.append(parent)
        return {name for name in found if name.partition(".")[2] not in _OF_EVERY_ROW}

    return {
        metric.name: sorted(
            below((relation, column) for relation, names in read_columns(metric, registry).items() for column in names)
        )
        for metric in registry.metrics
    }


def _columns_of(simple: SimpleMetric) -> set[str]:
    texts = [simple.expression, simple.time_column, simple.filter_sql]
    return {
        column.name
        for text in texts
        if text
        for column in sqlglot.parse_one(text, dialect="duckdb").find_all(sql.Column)
    }


def _upstream(manifest: Mapping[str, Any], node: Mapping[str, Any]) -> Iterable[str]:
    for unique_id in node["depends_on"]["nodes"]:
        parent = manifest["nodes"].get(unique_id) or manifest["sources"][unique_id]
        yield f"{parent['schema']}.{parent.get('alias') or parent['name']}"
