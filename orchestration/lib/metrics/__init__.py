"""Metrics: one registry (dbt metrics), computed once into ``metrics.metric_value``, read by everything after."""

from orchestration.lib.metrics.compare import COMPARISONS, comparison_sql
from orchestration.lib.metrics.definitions import metric_definitions
from orchestration.lib.metrics.dimensions import DIMENSIONS, PERIODS, Dimension, Period, cut_name
from orchestration.lib.metrics.materialise import materialise_metrics
from orchestration.lib.metrics.model import MetricDefinition, Registry, SimpleMetric
from orchestration.lib.metrics.registry import load_registry

__all__ = [
    "COMPARISONS",
    "DIMENSIONS",
    "PERIODS",
    "Dimension",
    "MetricDefinition",
    "Period",
    "Registry",
    "SimpleMetric",
    "comparison_sql",
    "cut_name",
    "load_registry",
    "materialise_metrics",
    "metric_definitions",
]
