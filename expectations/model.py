"""What a check and a gate are. A check is one SQL query whose rows are the violations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from orchestration.lib.contract import Label
from orchestration.lib.settings import Settings

Family = Literal["contract", "dedup", "currency", "time", "reconciliation", "money", "privacy"]
Severity = Literal["block", "warn"]
Status = Literal["passed", "warned", "failed", "not_evaluated", "not_applicable"]

__all__ = ["Check", "Family", "Gate", "Inputs", "Label", "Severity", "Status"]


@dataclass(frozen=True)
class Inputs:
    """What a check's SQL may depend on.

    Attributes:
        settings: the workspace's settings.
        today: the current business date in the company's zone; what is later is the future.
        columns: ``schema.table`` → column → SQL type, of the tables that are there.
        now: the present moment, UTC, naive.
    """

    settings: Settings
    today: date
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    now: datetime = field(default_factory=lambda: datetime.now(UTC).replace(tzinfo=None))

    @property
    def zone(self) -> str:
        return self.settings.company.timezone

    def day_start(self, day: date) -> datetime:
        """The UTC moment, naive, at which a business date begins."""
        local = datetime.combine(day, time(), tzinfo=ZoneInfo(self.zone))
        return local.astimezone(ZoneInfo("UTC")).replace(tzinfo=None)

    @property
    def last_day(self) -> date:
        """The last business date that is not the future."""
        return self.today + timedelta(days=self.settings.time.future_days)


@dataclass(frozen=True)
class Check:
    """One rule about data.

    Attributes:
        id: unique, stable, ``gate.family.subject`` as far as it helps; thresholds in triloop.yml name it.
        gate: the gate that evaluates it.
        family: which kind of rule.
        tables: ``schema.table`` it reads; the first is what it is about.
        severity: ``block`` keeps the gate shut, ``warn`` is reported.
        owner: who in the company can mend the data.
        reason: why a violation matters, for people.
        sql: gives the query of violations: columns key, source_file, source_row, detail.
        requires: entities that must be mapped; if one is not, the check does not apply.
        max_violations: how many are tolerated.
        severity_setting: a setting that decides the severity instead.
    """

    id: str
    gate: str
    family: Family
    tables: tuple[str, ...]
    severity: Severity
    owner: str
    reason: Label
    sql: Callable[[Inputs], str]
    requires: tuple[str, ...] = ()
    max_violations: int = 0
    severity_setting: Callable[[Settings], Severity] | None = None

    @property
    def table_name(self) -> str:
        return self.tables[0]

    def severity_under(self, settings: Settings) -> Severity:
        """The severity that counts: the workspace's threshold, else the setting of the family, else the check's own."""
        threshold = settings.gates.thresholds.get(self.id)
        if threshold is not None and threshold.severity is not None:
            return threshold.severity
        return self.severity_setting(settings) if self.severity_setting else self.severity

    def limit_under(self, settings: Settings) -> int:
        """How many violations the workspace tolerates."""
        threshold = settings.gates.thresholds.get(self.id)
        return self.max_violations if threshold is None else threshold.max_violations


@dataclass(frozen=True)
class Gate:
    """One gate between two floors.

    Attributes:
        schemas: the schemas whose every table its token covers: all that the floor below may read.
        after: keys (schema, table) of the tables that its checks read.
    """

    name: str
    label: Label
    description: Label
    schemas: tuple[str, ...]
    after: tuple[tuple[str, ...], ...] = ()
