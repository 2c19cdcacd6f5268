"""The metric registry, read from dbt's semantic manifest.

A published metric is a dbt metric of type ``simple``, ``ratio`` or ``derived`` whose ``config.meta.triloop`` says
how it is published (:class:`MetricMeta`). This module resolves each to simple metrics, which alone are asked of
MetricFlow: a ratio's two sides are linear expressions over simple metrics, and the division is ours, because
MetricFlow divides in DOUBLE.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import sqlglot
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlglot import expressions as sql

from orchestration.lib.errors import ConfigurationError, nearest
from orchestration.lib.metrics.dimensions import DIMENSIONS, TOTAL, UNKNOWN, cut_name

META_KEY = "triloop"
SEMANTIC_MANIFEST = "semantic_manifest.json"
STANDARD = "standard"


class Evidence(BaseModel):
    """A simple metric that must have something to count, and what it means when it has nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    metric: str
    reason_en: str
    reason_zh: str


class MetricMeta(BaseModel):
    """``config.meta.triloop`` of a published metric."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    label_en: str
    label_zh: str
    formula_en: str
    formula_zh: str
    grain_en: str
    grain_zh: str
    unit: Literal["money", "ratio", "count", "days"]
    owner: Literal["marketing", "sales", "production", "quality", "finance"]
    metric_id: str | None = None  # the dbt metric's own name unless several variants share an id
    variant: str = STANDARD
    view: Literal["period", "cohort"] = "period"
    basis: Literal["booked", "invoiced", "collected"] | None = None
    is_attributed: bool = False  # uses the credits of attribution.default_model
    cuts: tuple[tuple[str, ...], ...] = ()  # beside the total
    n: str | None = None  # simple metric that counts what the value rests on
    maturity_days: int = Field(default=0, ge=0)
    requires: tuple[str, ...] = ()
    # what is unknown, and would count as 0 in a sum with something known: a contribution without any cost of goods
    rests_on: tuple[Evidence, ...] = ()


@dataclass(frozen=True)
class SimpleMetric:
    """An aggregate of one column expression of one table."""

    name: str
    schema: str
    table: str
    aggregation: str
    expression: str
    filter_sql: str | None
    time_column: str
    dimensions: dict[str, str]


@dataclass(frozen=True)
class Component:
    """One side of a metric: SQL over simple metrics, each named once in ``metrics``."""

    expression: str
    metrics: tuple[str, ...]


@dataclass(frozen=True)
class MetricDefinition:
    """A published metric, resolved."""

    name: str
    metric_id: str
    meta: MetricMeta
    numerator: Component
    denominator: Component | None

    @property
    def cuts(self) -> tuple[tuple[str, ...], ...]:
        """All cuts, the total first."""
        return ((), *self.meta.cuts)

    @property
    def simple_metrics(self) -> tuple[str, ...]:
        """Every simple metric that the value or its n needs."""
        names = [*self.numerator.metrics, *(self.denominator.metrics if self.denominator else ())]
        return tuple(dict.fromkeys([*names, *([self.meta.n] if self.meta.n else [])]))


@dataclass(frozen=True)
class Registry:
    """All published metrics, and the simple metrics under them."""

    metrics: tuple[MetricDefinition, ...]
    simple: dict[str, SimpleMetric]
    sha256: str
    file: Path

    def cut_metrics(self) -> dict[tuple[str, ...], tuple[str, ...]]:
        """Cut → the simple metrics that some published metric needs in it, both in a stable order."""
        needed: dict[tuple[str, ...], set[str]] = {}
        for metric in self.metrics:
            for cut in metric.cuts:
                needed.setdefault(cut, set()).update(metric.simple_metrics)
        return {cut: tuple(sorted(needed[cut])) for cut in sorted(needed, key=lambda cut: (len(cut), cut))}

    def metric(self, metric_id: str, variant: str | None = None) -> MetricDefinition:
        """The metric of this id (and variant; else its first).

        Raises:
            ConfigurationError: there is none; the text names the nearest.
        """
        found = [metric for metric in self.metrics if metric.metric_id == metric_id]
        if not found:
            known = {metric.metric_id for metric in self.metrics}
            raise ConfigurationError(f"there is no metric '{metric_id}'", hint=nearest(metric_id, known))
        for metric in found:
            if variant in (None, metric.meta.variant):
                return metric
        variants = [metric.meta.variant for metric in found]
        raise ConfigurationError(
            f"metric '{metric_id}' has no variant '{variant}'", hint=nearest(str(variant), variants)
        )


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
        definition = MetricDefinition(name, meta.metric_id or name, meta, numerator, denominator)
        if meta.n is not None:
            self._simple(meta.n)
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
            expression=expression,
            filter_sql=filter_sql,
            time_column=time.get("expr") or time["name"],
            dimensions=self._dimensions(model),
        )
        return self.simple[name]

    def _dimensions(self, model: dict[str, Any]) -> dict[str, str]:
        """Dimension → SQL over the model's table; one that stands on a dimension table is looked up there."""
        own = _entities(model)
        table = model["node_relation"]["alias"]
        found = {}
        for name, dimension in DIMENSIONS.items():
            if dimension.through is None:
                if name in own:
                    found[name] = own[name]
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

    def _known(self, name: str) -> dict[str, Any]:
        if name not in self.metrics:
            raise self._error(name, "is not defined", nearest(name, self.metrics))
        return self.metrics[name]

    def _error(self, metric: str, problem: str, hint: str | None = None) -> ConfigurationError:
        return ConfigurationError(f"metric '{metric}' {problem}", hint=hint, file=self.file)


def _entities(model: dict[str, Any]) -> dict[str, str]:
    return {entity["name"]: entity.get("expr") or entity["name"] for entity in model["entities"]}


def _split_condition(expression: str) -> tuple[str, str | None]:
    """``case when C then X end`` → (X, C): the rows that count, and what of them. Anything else counts every row."""
    tree = sqlglot.parse_one(expression, dialect="duckdb")
    if isinstance(tree, sql.Case) and tree.this is None and tree.args.get("default") is None:
        branches = tree.args["ifs"]
        if len(branches) == 1:
            branch = branches[0]
            return branch.args["true"].sql(dialect="duckdb"), branch.this.sql(dialect="duckdb")
    return expression, None
