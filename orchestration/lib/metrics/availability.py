"""Which metrics the data can carry: a metric whose entities no source feeds, or that rests on something nobody knows,
is switched off, visibly, with the reason."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from orchestration.lib.contract import load_contract
from orchestration.lib.metrics.model import MetricDefinition, Registry


@dataclass(frozen=True)
class Availability:
    """Whether a metric can be computed; the reasons are None when it can. Additive: both its sides are sums of events,
    so they add up over the members of a cut and over months."""

    name: str
    metric_id: str
    variant: str
    is_additive: bool
    missing: tuple[str, ...]
    reason_en: str | None
    reason_zh: str | None

    @property
    def is_available(self) -> bool:
        return self.reason_en is None


def metric_availability(database: duckdb.DuckDBPyConnection, registry: Registry) -> list[Availability]:
    """One per metric and variant, from ``canonical.entity_presence`` and the facts it rests on."""
    state = {
        entity: "empty" if is_mapped else "unmapped"
        for entity, is_mapped, row_count in database.execute(
            "select entity, is_mapped, row_count from canonical.entity_presence"
        ).fetchall()
        if not is_mapped or not row_count
    }
    found = []
    for metric in registry.metrics:
        missing = tuple(entity for entity in metric.meta.requires if entity in state)
        english, chinese = _reasons({entity: state[entity] for entity in missing})
        if not missing:
            english, chinese = _unknown(database, registry, metric)
        found.append(
            Availability(
                metric.name,
                metric.metric_id,
                metric.meta.variant,
                _is_additive(registry, metric),
                missing,
                english,
                chinese,
            )
        )
    return found


def _is_additive(registry: Registry, metric: MetricDefinition) -> bool:
    sides = [*metric.numerator.metrics, *(metric.denominator.metrics if metric.denominator else ())]
    return all(registry.simple[name].adds_up for name in sides)


def _unknown(
    database: duckdb.DuckDBPyConnection, registry: Registry, metric: MetricDefinition
) -> tuple[str | None, str | None]:
    for evidence in metric.meta.rests_on:
        simple = registry.simple[evidence.metric]
        known = database.execute(
            f"select 1 from {simple.schema}.{simple.table} where ({simple.filter_sql or 'true'}) "
            f"and ({simple.expression}) is not null limit 1"
        ).fetchone()
        if known is None:
            return evidence.reason_en, evidence.reason_zh
    return None, None


def _reasons(missing: dict[str, str]) -> tuple[str | None, str | None]:
    if not missing:
        return None, None
    entities = load_contract().entities
    english, chinese = [], []
    for kind, en, zh in (
        ("unmapped", "no source is mapped to", "没有数据源映射到"),
        ("empty", "no rows arrived for", "没有收到任何记录："),
    ):
        names = [entity for entity, state in missing.items() if state == kind]
        if names:
            english.append(f"{en} " + ", ".join(entities[name].label.en.lower() for name in names))
            chinese.append(zh + "、".join(entities[name].label.zh for name in names))
    return "; ".join(english), "；".join(chinese)


def write_availability(database: duckdb.DuckDBPyConnection, availability: list[Availability]) -> None:
    """Write ``metrics.metric_availability``."""
    database.execute(
        "create or replace table metrics.metric_availability (metric_id varchar not null, variant varchar not null, "
        "is_available boolean not null, is_additive boolean not null, missing_entities varchar, reason_en varchar, "
        "reason_zh varchar)"
    )
    rows = [
        [
            item.metric_id,
            item.variant,
            item.is_available,
            item.is_additive,
            ", ".join(item.missing) or None,
            item.reason_en,
            item.reason_zh,
        ]
        for item in sorted(availability, key=lambda item: (item.metric_id, item.variant))
    ]
    if rows:
        database.executemany("insert into metrics.metric_availability values (?, ?, ?, ?, ?, ?, ?)", rows)
