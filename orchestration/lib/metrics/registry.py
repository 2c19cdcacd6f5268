"""The metric registry, read from dbt's semantic manifest.

A published metric is a dbt metric of type ``simple``, ``ratio`` or ``derived`` whose ``config.meta.triloop`` says
how it is published (:class:`MetricMeta`). This module resolves each to simple metrics, which alone are asked of
MetricFlow: a ratio's two sides are linear expressions over simple metrics, and the division is ours, because
MetricFlow divides in DOUBLE.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import sqlglot
from pydantic import ValidationError
from sqlglot import expressions as sql

from orchestration.lib.errors import ConfigurationError, nearest
from orchestration.lib.metrics.dimensions import DIMENSIONS, TOTAL, UNKNOWN, cut_name
from orchestration.lib.metrics.model import Component, MetricDefinition, MetricMeta, Registry, SimpleMetric

META_KEY = "triloop"
SEMANTIC_MANIFEST = "semantic_manifest.json"
REPORTED = "_reported"  # what is restated has a simple metric of this ending beside it: as closed months reported it
PERIOD_KIND = "period_kind"  # the dimension of a semantic model that makes its table a period table


def load_registry(manifest_dir: Path) -> Registry:
    """Read and check the registry.

    Raises:
        ConfigurationError: no semantic manifest, or a metric's meta, cut or reference is wrong; the text names the
        metric.
    """
    file = manifest_dir / SEMANTIC_MANIFEST
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        raise ConfigurationError(
            f"{file} is not there", hint="dbt writes it when the project is parsed; run: triloop run"
        ) from None
    manifest = json.loads(content)
    return _Reader(manifest, file).registry(hashlib.sha256(content).hexdigest())


class _Reader:
    def __init__(self, manifest: dict[str, Any], file: Path) -> None:
        self.file = file
        self.metrics: dict[str, dict[str, Any]] = {metric["name"]: metric for metric in manifest["metrics"]}
        self.measures: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
            measure["name"]: (model, measure) for model in manifest["semantic_models"] for measure in model["measures"]
        }
        self.lookups: dict[str, dict[str, Any]] = {
            entity["name"]: model
            for model in manifest["semantic_models"]
            for entity in model["entities"]
            if entity["type"] == "primary"
        }
        self.simple: dict[str, SimpleMetric] = {}

    def registry(self, sha256: str) -> Registry:
        published = []
        for name, metric in sorted(self.metrics.items()):
            meta = ((metric.get("config") or {}).get("meta") or {}).get(META_KEY)
            if meta is not None:
                published.append(self._definition(name, metric, meta))
        seen: dict[tuple[str, str], str] = {}
        for definition in published:
            key = (definition.metric_id, definition.meta.variant)
            if key in seen:
                raise self._error(definition.name, f"has the id and variant of metric '{seen[key]}'")
            seen[key] = definition.name
        return Registry(tuple(published), dict(sorted(self.simple.items())), sha256, self.file)

    def _definition(self, name: str, metric: dict[str, Any], raw: dict[str, Any]) -> MetricDefinition:
        try:
            meta = MetricMeta.model_validate(raw)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            hint = nearest(place, MetricMeta.model_fields) if first["type"] == "extra_forbidden" else None
            raise self._error(name, f"has a wrong config.meta.{META_KEY}: {place}: {first['msg']}", hint) from None
        if metric["type"] == "ratio":
            parameters = metric["type_params"]
            numerator = self._component(parameters["numerator"]["name"])
            denominator = self._component(parameters["denominator"]["name"])
        else:
            numerator, denominator = self._component(name), None
        formulas = [part.strip() for part in (metric.get("description") or "").split(" · ")]
        if len(formulas) != 2 or not all(formulas):
            raise self._error(name, "needs a description 'formula in English · 中文公式'")
        if not metric.get("label"):
            raise self._error(name, "has no label")
        definition = MetricDefinition(
            name, meta.metric_id or name, metric["label"], formulas[0], formulas[1], meta, numerator, denominator,
            self._as_reported(numerator, denominator),
        )  # fmt: skip
        for beside in (meta.n, meta.low, meta.high):
            if beside is not None:
                self._simple(beside)
        for evidence in meta.rests_on:
            self._simple(evidence.metric)
        for cut in meta.cuts:
            self._check_cut(definition, cut)
        return definition

    def _check_cut(self, definition: MetricDefinition, cut: tuple[str, ...]) -> None:
        if cut_name(cut) == TOTAL:
            raise self._error(definition.name, "lists an empty cut; the total is always there")
        for dimension in cut:
            if dimension not in DIMENSIONS:
                raise self._error(
                    definition.name, f"has the unknown dimension '{dimension}'", nearest(dimension, DIMENSIONS)
                )
            for simple in definition.simple_metrics:
                if dimension not in self.simple[simple].dimensions:
                    raise self._error(
                        definition.name,
                        f"is cut by '{dimension}', but '{simple}' ({self.simple[simple].table}) has no entity "
                        f"of that name",
                    )

    def _component(self, name: str) -> Component:
        """A simple metric as itself; a derived one as its expression, down to simple metrics."""
        metric = self._known(name)
        if metric["type"] == "simple":
            self._simple(name)
            return Component(name, (name,))
        if metric["type"] != "derived":
            raise self._error(name, f"of type {metric['type']} cannot stand within a published metric")
        parts = {
            part.get("alias") or part["name"]: self._component(part["name"])
            for part in metric["type_params"]["metrics"]
        }
        tree = sqlglot.parse_one(metric["type_params"]["expr"], dialect="duckdb")

        def resolve(node: sql.Expression) -> sql.Expression:
            if isinstance(node, sql.Column) and node.name in parts:
                return sql.paren(sqlglot.parse_one(parts[node.name].expression, dialect="duckdb"))
            return node

        used = tuple(dict.fromkeys(metric_name for part in parts.values() for metric_name in part.metrics))
        return Component(tree.transform(resolve).sql(dialect="duckdb"), used)

    def _simple(self, name: str) -> SimpleMetric:
        if name in self.simple:
            return self.simple[name]
        metric = self._known(name)
        if metric["type"] != "simple":
            raise self._error(name, "must be a simple metric here")
        if metric.get("filter"):
            raise self._error(
                name, "has a filter", "write it as CASE WHEN … THEN … END in the measure, where trace reads it"
            )
        model, measure = self.measures[metric["type_params"]["measure"]["name"]]
        time_name = measure.get("agg_time_dimension") or (model.get("defaults") or {})["agg_time_dimension"]
        time = next(item for item in model["dimensions"] if item["name"] == time_name)
        expression, filter_sql = _split_condition(measure.get("expr") or measure["name"])
        self.simple[name] = SimpleMetric(
            name=name,
            schema=model["node_relation"]["schema_name"],
            table=model["node_relation"]["alias"],
            aggregation=measure["agg"],
            quantile=_quantile(measure),
            is_discrete=bool((measure.get("agg_params") or {}).get("use_discrete_percentile")),
            expression=expression,
            filter_sql=filter_sql,
            time_column=time.get("expr") or time["name"],
            dimensions=self._dimensions(model),
            is_period_table=_is_period_table(model),
        )
        return self.simple[name]

    def _dimensions(self, model: dict[str, Any]) -> dict[str, str]:
        """Dimension → SQL over the model's table; one that stands on a dimension table is looked up there."""
        own = _entities(model)
        table = model["node_relation"]["alias"]
        found = {}
        for name, dimension in DIMENSIONS.items():
            if name in own and (dimension.through is None or _is_period_table(model)):
                found[name] = own[name]  # a period table names the member of each of its cuts itself
                continue
            if dimension.through is None:
                continue
            lookup = self.lookups.get(dimension.through)
            if lookup is None or dimension.through not in own:
                continue
            key = sqlglot.parse_one(own[dimension.through], dialect="duckdb")
            for column in key.find_all(sql.Column):
                column.set("table", sql.to_identifier(table))
            members, columns = lookup["node_relation"]["alias"], _entities(lookup)
            found[name] = (
                f"coalesce((select {columns[name]} from {members} where {members}.{columns[dimension.through]} = "
                f"{key.sql(dialect='duckdb')}), '{UNKNOWN}')"
            )
        return found

    def _as_reported(
        self, numerator: Component, denominator: Component | None
    ) -> tuple[Component, Component | None] | None:
        """Both sides over the metrics that tell what was reported; None when no part of them is ever restated."""
        sides = [numerator, denominator]
        twins = {
            name: f"{name}{REPORTED}"
            for side in sides
            if side is not None
            for name in side.metrics
            if f"{name}{REPORTED}" in self.metrics
        }
        if not twins:
            return None
        for twin in twins.values():
            self._simple(twin)

        def renamed(side: Component) -> Component:
            tree = sqlglot.parse_one(side.expression, dialect="duckdb")
            named = tree.transform(
                lambda node: sql.column(twins.get(node.name, node.name)) if isinstance(node, sql.Column) else node
            )
            return Component(named.sql(dialect="duckdb"), tuple(twins.get(name, name) for name in side.metrics))

        return renamed(numerator), renamed(denominator) if denominator is not None else None

    def _known(self, name: str) -> dict[str, Any]:
        if name not in self.metrics:
            raise self._error(name, "is not defined", nearest(name, self.metrics))
        return self.metrics[name]

    def _error(self, metric: str, problem: str, hint: str | None = None) -> ConfigurationError:
        return ConfigurationError(f"metric '{metric}' {problem}", hint=hint, file=self.file)


def _entities(model: dict[str, Any]) -> dict[str, str]:
    return {entity["name"]: entity.get("expr") or entity["name"] for entity in model["entities"]}


def _quantile(measure: dict[str, Any]) -> str | None:
    """Which quantile a measure is, as decimal text; None of all other aggregations."""
    if measure["agg"] == "median":
        return "0.5"
    return str(measure["agg_params"]["percentile"]) if measure["agg"] == "percentile" else None


def _is_period_table(model: dict[str, Any]) -> bool:
    return any(item["name"] == PERIOD_KIND for item in model["dimensions"])


def _split_condition(expression: str) -> tuple[str, str | None]:
    """``case when C then X end`` → (X, C): the rows that count, and what of them. Anything else counts every row."""
    tree = sqlglot.parse_one(expression, dialect="duckdb")
    if isinstance(tree, sql.Case) and tree.this is None and tree.args.get("default") is None:
        branches = tree.args["ifs"]
        if len(branches) == 1:
            branch = branches[0]
            return branch.args["true"].sql(dialect="duckdb"), branch.this.sql(dialect="duckdb")
    return expression, None
