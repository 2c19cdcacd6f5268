"""MetricFlow as a SQL compiler: one query per cut and period kind, all simple metrics of the cut in it.

Only this module imports MetricFlow. It never runs a query through it; the SQL is kept in the workspace and is
compiled again only when the semantic manifest, the dimensions or MetricFlow change.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from orchestration.lib import shared_cache
from orchestration.lib.metrics.dimensions import DIMENSIONS, PERIODS, cut_name
from orchestration.lib.metrics.model import Registry

# Stands in the compiled SQL for the day up to which events count; put in when the query runs.
AS_OF_MARK: Final = "1999-09-09"
TIME_COLUMN: Final = "metric_time"
_ANY_PERIOD: Final = "fiscal_quarter"
_KIND: Final = "metricflow"
_FORMAT = 1  # raise when the text of the queries changes for a reason that the key below does not see


@dataclass(frozen=True)
class CompiledQuery:
    """SQL that gives one row per period and member of the cut: the time column, the dimensions, the simple metrics."""

    cut: tuple[str, ...]
    period_kind: str
    metrics: tuple[str, ...]
    time_column: str | None
    sql: str


def compiled_queries(registry: Registry, state_dir: Path) -> tuple[CompiledQuery, ...]:
    """The queries of the registry, from the cache if it has them."""
    key = _cache_key(registry)
    folder = state_dir / "metrics"
    cached = folder / f"queries-{key[:32]}.json"
    if cached.is_file() or shared_cache.fetch(_KIND, key, [cached.name], folder):
        return tuple(_from_json(item) for item in json.loads(cached.read_text(encoding="utf-8")))
    queries = tuple(compile_queries(registry))
    folder.mkdir(parents=True, exist_ok=True)
    temporary = cached.with_suffix(".tmp")
    temporary.write_text(json.dumps([asdict(query) for query in queries], indent=1), encoding="utf-8")
    temporary.replace(cached)
    shared_cache.keep(_KIND, key, [cached])
    for old in folder.glob("queries-*.json"):
        if old != cached:
            old.unlink(missing_ok=True)
    return queries


def compile_queries(registry: Registry) -> Iterable[CompiledQuery]:
    """Compile every cut × period kind, without the cache."""
    from metricflow.engine.metricflow_engine import MetricFlowEngine, MetricFlowQueryRequest
    from metricflow_semantics.model.dbt_manifest_parser import (
        parse_manifest_from_dbt_generated_manifest,
    )
    from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup

    manifest = parse_manifest_from_dbt_generated_manifest(
        manifest_json_string=registry.file.read_text(encoding="utf-8")
    )
    engine = MetricFlowEngine(SemanticManifestLookup(manifest), _renderer_client())
    for cut, metrics in registry.cut_metrics().items():
        for timed in (True, False):
            time_column = f"{TIME_COLUMN}__{_ANY_PERIOD}" if timed else None
            request = MetricFlowQueryRequest.create(
                metric_names=list(metrics),
                group_by_names=[*([time_column] if time_column else []), *(DIMENSIONS[name].group_by for name in cut)],
                where_constraints=[f"{{{{ TimeDimension('{TIME_COLUMN}', 'day') }}}} <= '{AS_OF_MARK}'"],
            )
            statement = engine.explain(request).sql_statement.without_descriptions.sql
            for period in PERIODS.values():
                if (period.granularity is not None) == timed:
                    yield _for_period(
                        CompiledQuery(cut, period.kind, metrics, time_column, statement), period.granularity
                    )


def _for_period(query: CompiledQuery, granularity: str | None) -> CompiledQuery:
    """The query of one granularity, asked for another: periods are columns of the time spine, so only a name
    differs, and compiling each by itself would take two and a half times as long."""
    if granularity is None or query.time_column is None:
        return query
    return replace(
        query,
        time_column=query.time_column.replace(_ANY_PERIOD, granularity),
        sql=query.sql.replace(_ANY_PERIOD, granularity),
    )


def _renderer_client() -> Any:
    """The part of a SQL client that ``explain`` asks for: a renderer of DuckDB's dialect. It cannot run anything."""
    from metricflow.protocols.sql_client import SqlEngine
    from metricflow.sql.render.duckdb_renderer import DuckDbSqlPlanRenderer

    class RendererClient:
        sql_engine_type = SqlEngine.DUCKDB
        sql_plan_renderer = DuckDbSqlPlanRenderer()

        def render_bind_parameter_key(self, bind_parameter_key: str) -> str:
            return bind_parameter_key

        def close(self) -> None:
            """There is nothing open."""

    return RendererClient()


def _cache_key(registry: Registry) -> str:
    digest = hashlib.sha256(registry.sha256.encode())
    digest.update(f"{_FORMAT} {AS_OF_MARK} {importlib.metadata.version('metricflow')}".encode())
    digest.update(repr([*DIMENSIONS.values(), *PERIODS.values()]).encode())
    for cut, metrics in registry.cut_metrics().items():
        digest.update(f"\n{cut_name(cut)}: {','.join(metrics)}".encode())
    return digest.hexdigest()


def _from_json(item: dict[str, Any]) -> CompiledQuery:
    return CompiledQuery(
        tuple(item["cut"]), item["period_kind"], tuple(item["metrics"]), item["time_column"], item["sql"]
    )
