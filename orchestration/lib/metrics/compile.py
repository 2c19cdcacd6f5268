"""MetricFlow as a SQL compiler: one query per cut and period kind, all simple metrics of the cut in it.

Only this module imports MetricFlow. It never runs a query through it; the SQL is kept in the workspace and is
compiled again only when the semantic models, the cut's metrics, the dimensions or MetricFlow change.
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
from orchestration.lib.metrics.dimensions import DIMENSIONS, PERIODS
from orchestration.lib.metrics.model import Registry

# Stands in the compiled SQL for the day up to which events count; put in when the query runs.
AS_OF_MARK: Final = "1999-09-09"
TIME_COLUMN: Final = "metric_time"
_ANY_PERIOD: Final = "fiscal_quarter"
_KIND: Final = "metricflow"
_TOLD_ONLY: Final = {"description", "label", "metadata", "config"}  # of a metric: no SQL follows from them
_CACHED: Final = 300  # cuts in the user's cache: a dozen states of a registry
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
    """The queries of the registry; those cuts are compiled that neither the workspace nor the user's cache has."""
    folder = state_dir / "metrics"
    folder.mkdir(parents=True, exist_ok=True)
    keys = _cache_keys(registry)
    files = {cut: folder / f"queries-{key[:32]}.json" for cut, key in keys.items()}
    missing = [
        cut
        for cut, file in files.items()
        if not file.is_file() and not shared_cache.fetch(_KIND, keys[cut], [file.name], folder)
    ]
    made: dict[tuple[str, ...], list[CompiledQuery]] = {cut: [] for cut in missing}
    for query in compile_queries(registry, missing) if missing else ():
        made[query.cut].append(query)
    for cut, queries in made.items():
        temporary = files[cut].with_suffix(".tmp")
        temporary.write_text(json.dumps([asdict(query) for query in queries], indent=1), encoding="utf-8")
        temporary.replace(files[cut])
        shared_cache.keep(_KIND, keys[cut], [files[cut]], kept=_CACHED)
    for old in set(folder.glob("queries-*.json")) - set(files.values()):
        old.unlink(missing_ok=True)
    return tuple(_from_json(item) for file in files.values() for item in json.loads(file.read_text(encoding="utf-8")))


def compile_queries(registry: Registry, cuts: Iterable[tuple[str, ...]]) -> Iterable[CompiledQuery]:
    """Compile these cuts × every period kind, without the cache."""
    from metricflow.engine.metricflow_engine import MetricFlowEngine, MetricFlowQueryRequest
    from metricflow_semantics.model.dbt_manifest_parser import (
        parse_manifest_from_dbt_generated_manifest,
    )
    from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup

    manifest = parse_manifest_from_dbt_generated_manifest(
        manifest_json_string=registry.file.read_text(encoding="utf-8")
    )
    engine = MetricFlowEngine(SemanticManifestLookup(manifest), _renderer_client())
    needed = registry.cut_metrics()
    for cut in cuts:
        metrics = needed[cut]
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


def _cache_keys(registry: Registry) -> dict[tuple[str, ...], str]:
    """Cut → SHA-256 of all that its SQL follows from: semantic models, its metrics, dimensions, periods, MetricFlow.

    Not of other metrics nor of labels, so a metric that is added or edited has only its own cuts compiled again.
    """
    manifest = json.loads(registry.file.read_text(encoding="utf-8"))
    definitions = {
        metric["name"]: {name: part for name, part in metric.items() if name not in _TOLD_ONLY}
        for metric in manifest.pop("metrics")
    }
    digest = hashlib.sha256(json.dumps(manifest, sort_keys=True).encode())
    digest.update(f"{_FORMAT} {AS_OF_MARK} {importlib.metadata.version('metricflow')}".encode())
    digest.update(repr([*DIMENSIONS.values(), *PERIODS.values()]).encode())
    keys = {}
    for cut, metrics in registry.cut_metrics().items():
        own = digest.copy()
        own.update(json.dumps([cut, [definitions[name] for name in metrics]], sort_keys=True).encode())
        keys[cut] = own.hexdigest()
    return keys


def _from_json(item: dict[str, Any]) -> CompiledQuery:
    return CompiledQuery(
        tuple(item["cut"]), item["period_kind"], tuple(item["metrics"]), item["time_column"], item["sql"]
    )
