"""What a published metric is, once read: its meta, its sides down to simple metrics, and the registry of all."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from orchestration.lib.errors import ConfigurationError, nearest

STANDARD = "standard"


class Evidence(BaseModel):
    """A simple metric that must have something to count, and what it means when it has nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    metric: str
    reason_en: str
    reason_zh: str


class MetricMeta(BaseModel):
    """``config.meta.triloop`` of a published metric; its English label and its formulas are dbt's own ``label`` and
    ``description`` ("formula en · formula zh")."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    label_zh: str
    grain_en: str
    grain_zh: str
    caveat_en: str | None = None  # what a reader must know before using it
    caveat_zh: str | None = None
    unit: Literal["money", "ratio", "count", "days", "months", "number"]
    owner: Literal["marketing", "sales", "production", "quality", "finance"]
    metric_id: str | None = None  # the dbt metric's own name unless several variants share an id
    variant: str = STANDARD
    view: Literal["period", "cohort"] = "period"
    basis: Literal["booked", "invoiced", "collected"] | None = None
    is_attributed: bool = False  # uses the credits of attribution.default_model
    cuts: tuple[tuple[str, ...], ...] = ()  # beside the total
    n: str | None = None  # simple metric that counts what the value rests on
    interval: Literal["wilson"] | None = None  # 95 % interval of a proportion of counts
    low: str | None = None  # simple metrics that are the ends of an interval which the table itself gives
    high: str | None = None
    maturity_days: int = Field(default=0, ge=0)
    requires: tuple[str, ...] = ()
    # what is unknown, and would count as 0 in a sum with something known: a contribution without any cost of goods
    rests_on: tuple[Evidence, ...] = ()

    @model_validator(mode="after")
    def _pairs(self) -> MetricMeta:
        for one, other in (("caveat_en", "caveat_zh"), ("low", "high")):
            if (getattr(self, one) is None) != (getattr(self, other) is None):
                raise ValueError(f"{one} and {other} belong together")
        return self


@dataclass(frozen=True)
class SimpleMetric:
    """An aggregate of one column expression of one table.

    Of a period table (``is_period_table``) each row belongs to the cut, period kind and period that it names itself:
    such numbers, a closing balance or a share of customers kept, do not add up from months to years.
    """

    name: str
    schema: str
    table: str
    aggregation: str
    expression: str
    filter_sql: str | None
    time_column: str
    dimensions: dict[str, str]
    is_period_table: bool = False
    quantile: str | None = None
    """Of a median or percentile the share of rows below it, as decimal text: ``0.5``."""
    is_discrete: bool = False
    """Whether it is the value of one row, not a point between two."""

    @property
    def adds_up(self) -> bool:
        """Whether its values over months and members sum to those of the whole, and nothing is 0."""
        return not self.is_period_table and self.aggregation in {"sum", "count", "sum_boolean"}


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
    label_en: str
    formula_en: str
    formula_zh: str
    meta: MetricMeta
    numerator: Component
    denominator: Component | None
    # both sides with what closed months reported in the place of what is true today; None where nothing is restated
    reported: tuple[Component, Component | None] | None = None

    @property
    def cuts(self) -> tuple[tuple[str, ...], ...]:
        """All cuts, the total first."""
        return ((), *self.meta.cuts)

    @property
    def simple_metrics(self) -> tuple[str, ...]:
        """Every simple metric that the value or its n needs."""
        sides = [self.numerator, self.denominator, *(self.reported or ())]
        names = [name for side in sides if side is not None for name in side.metrics]
        beside = [name for name in (self.meta.n, self.meta.low, self.meta.high) if name]
        return tuple(dict.fromkeys([*names, *beside]))


@dataclass(frozen=True)
class Registry:
    """All published metrics, and the simple metrics under them."""

    metrics: tuple[MetricDefinition, ...]
    simple: dict[str, SimpleMetric]
    sha256: str
    file: Path

    def cut_metrics(self) -> dict[tuple[str, ...], tuple[str, ...]]:
        """Cut → the simple metrics that some published metric needs in it and that add up from events, in a stable
        order."""
        needed: dict[tuple[str, ...], set[str]] = {}
        for metric in self.metrics:
            added = {name for name in metric.simple_metrics if not self.simple[name].is_period_table}
            for cut in metric.cuts if added else ():
                needed.setdefault(cut, set()).update(added)
        return {cut: tuple(sorted(needed[cut])) for cut in sorted(needed, key=lambda cut: (len(cut), cut))}

    def period_tables(self) -> dict[tuple[str, str], tuple[SimpleMetric, ...]]:
        """(schema, table) → the simple metrics that published metrics read from that period table."""
        used = {name for metric in self.metrics for name in metric.simple_metrics}
        found: dict[tuple[str, str], list[SimpleMetric]] = {}
        for name in sorted(used):
            simple = self.simple[name]
            if simple.is_period_table:
                found.setdefault((simple.schema, simple.table), []).append(simple)
        return {table: tuple(simples) for table, simples in sorted(found.items())}

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
