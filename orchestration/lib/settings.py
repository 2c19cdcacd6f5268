"""The settings of a workspace (``triloop.yml``) as one typed model; what each means stands in the template."""

from __future__ import annotations

import re
import zoneinfo
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import (
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from orchestration.lib.cron import cron_fault
from orchestration.lib.currencies import CURRENCY_ALIASES, ISO_CURRENCIES
from orchestration.lib.errors import nearest
from orchestration.lib.settings_attribution import AttributionSettings
from orchestration.lib.settings_costs import CostSettings
from orchestration.lib.settings_distributors import DistributorSettings
from orchestration.lib.settings_funnel import FunnelSettings
from orchestration.lib.settings_types import AgeingDays, Count, Day, Exact, Group, Share
from orchestration.lib.workspace import Workspace
from orchestration.lib.yaml_source import FieldError, YamlDocument, load_yaml, validate

DEFAULT_ROLES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("marketing", "sales", "production", "quality", "finance"), ("default",)),
    "audit": ("*",),
}
Severity = Literal["block", "warn"]


class CompanySettings(Group):
    """Who the numbers belong to, and in which money and calendar they are told."""

    name: str = Field(default="My company", min_length=1)
    currency: str = "CNY"
    timezone: str = "Asia/Shanghai"
    fiscal_year_start_month: Annotated[int, Field(strict=True, ge=1, le=12)] = 1

    @field_validator("currency")
    @classmethod
    def _is_iso(cls, value: str) -> str:
        if value in ISO_CURRENCIES:
            return value
        meant = CURRENCY_ALIASES.get(value.upper(), value.upper())
        if meant in ISO_CURRENCIES:
            hint = f"did you mean '{meant}'?"
        else:
            hint = "write the three-letter ISO 4217 code, such as CNY, USD or EUR"
        raise FieldError(f"'{value}' is not a currency code", hint)

    @field_validator("timezone")
    @classmethod
    def _is_iana(cls, value: str) -> str:
        known = zoneinfo.available_timezones()
        if value in known:
            return value
        hint = nearest(value, known)
        if not hint.startswith("did"):
            hint = "write an IANA name, such as Asia/Shanghai or Europe/Berlin"
        raise FieldError(f"'{value}' is not a time zone", hint)


class DedupSettings(Group):
    """Which leads are the same."""

    lead_window_days: Count = 30


class IdentitySettings(Group):
    """How sure a proposal of who is who must be."""

    auto_probability: Share = Decimal("0.99")
    review_probability: Share = Decimal("0.50")
    rival_factor: Annotated[Exact, Field(ge=1)] = Decimal("10")
    shared_line_names: Annotated[int, Field(strict=True, ge=2)] = 3

    @field_validator("review_probability")
    @classmethod
    def _is_below(cls, value: Decimal, info: ValidationInfo) -> Decimal:
        above = info.data.get("auto_probability")
        if above is not None and value > above:
            raise FieldError(f"{value} is above auto_probability ({above})", "what merges by itself needs no review")
        return value


class CurrencySettings(Group):
    """How exchange rates may be used."""

    max_rate_age_days: Count = 7
    carried_rate_days: Count = 5
    neighbour_tolerance: Share = Decimal("0.10")


class DailySource(Group):
    """How often a source that comes by the day brings rows."""

    every: Literal["day", "weekday"] = "day"
    gap_days: Count = 0


class TimeSettings(Group):
    """Which dates can be true, in which order, and which days may be missing."""

    earliest: Day = date(2000, 1, 1)
    future_days: Count = 0
    order_tolerance_days: Count = 0
    order_tolerance_days_by_pair: dict[str, Count] = Field(
        default_factory=lambda: {"shipped_invoiced": 90, "invoiced_paid": 180}
    )
    severity_event_order: Severity = "warn"
    cut_off_days: Count = 31
    daily_sources: dict[str, DailySource] = Field(default_factory=dict)


class CheckThreshold(Group):
    """How one check departs from its default."""

    max_violations: Count = 0
    severity: Severity | None = None


class GateSettings(Group):
    """How strict the gates are."""

    quarantine_share_limit: Share = Decimal("0.05")
    quarantine_rows_tolerated: Count = 10
    missing_share_limit: Share = Decimal("0.20")
    ledger_tolerance: Share = Decimal("0.005")
    overrun_tolerance: Share = Decimal("0.10")
    volume_shrink_limit: Share = Decimal("0.30")
    volume_growth_limit: Annotated[Exact, Field(gt=1)] = Decimal("3")
    volume_least_rows: Count = 20
    unreadable_share_limit: Share = Decimal("0.20")
    silence_factor: Annotated[Exact, Field(ge=1)] = Decimal("2")
    thresholds: dict[str, CheckThreshold] = Field(default_factory=dict)


class LimitSettings(Group):
    """How large and how broken what comes in may be; see :class:`orchestration.lib.landing.limits.Limits`."""

    broken_row_share: Share = Decimal("0.05")
    broken_rows_tolerated: Count = 10
    max_columns: Annotated[int, Field(strict=True, ge=1)] = 2_000
    max_record_mb: Annotated[int, Field(strict=True, ge=1, le=512)] = 8
    max_unpacked_mb: Annotated[int, Field(strict=True, ge=1)] = 2_048
    max_cells: Annotated[int, Field(strict=True, ge=1)] = 60_000_000
    max_deleted_share: Share = Decimal("0.30")
    max_response_mb: Annotated[int, Field(strict=True, ge=1, le=1024)] = 64
    max_reading_minutes: Annotated[int, Field(strict=True, ge=1, le=24 * 60)] = 60


class MetricSettings(Group):
    """Windows of the cohort metrics, in days; the ages of receivables; what an hour of sales costs."""

    opportunity_window_days: Annotated[int, Field(strict=True, ge=1)] = 90
    order_window_days: Annotated[int, Field(strict=True, ge=1)] = 180
    return_window_days: Annotated[int, Field(strict=True, ge=1)] = 365
    # customers, distributors, product combinations
    affinity_least_baskets: Annotated[int, Field(strict=True, ge=1)] = 5
    repeat_from_days: Annotated[int, Field(strict=True, ge=1)] = 7
    repeat_window_days: Annotated[int, Field(strict=True, ge=1)] = 365
    ltv_horizon_days: Annotated[int, Field(strict=True, ge=1)] = 365
    ltv_least_customers: Annotated[int, Field(strict=True, ge=1)] = 300
    ltv_least_repeaters: Annotated[int, Field(strict=True, ge=1)] = 100
    customer_window_days: Annotated[int, Field(strict=True, ge=1)] = 365
    stage_mature_days: Annotated[int, Field(strict=True, ge=1)] = 90
    win_model_least_deals: Annotated[int, Field(strict=True, ge=20)] = 50
    # the scorecards
    scorecard_least_orders: Annotated[int, Field(strict=True, ge=1)] = 10
    realised_least_share: Share = Decimal("0.95")
    ageing_days: tuple[AgeingDays, AgeingDays, AgeingDays] = (30, 60, 90)
    sales_hour_cost: Annotated[Exact, Field(gt=0, max_digits=18, decimal_places=2)] | None = None

    @field_validator("ageing_days")
    @classmethod
    def _are_ascending(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if list(value) != sorted(set(value)):
            raise FieldError(
                f"the ages {', '.join(map(str, value))} do not ascend", "write three days overdue, such as [30, 60, 90]"
            )
        return value


class AnomalySettings(Group):
    """When a month of a metric or source counts as unusual."""

    threshold: Annotated[Exact, Field(gt=0)] = Decimal("3.5")
    least_months: Annotated[int, Field(strict=True, ge=4)] = 12
    least_change: Share = Decimal("0.10")
    least_n: Annotated[int, Field(strict=True, ge=1)] = 10
    cuts: tuple[str, ...] = ("channel", "distributor", "product_family")

    @field_validator("cuts")
    @classmethod
    def _are_dimensions(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        from orchestration.lib.metrics.dimensions import DIMENSIONS  # metrics imports the workspace

        for number, name in enumerate(value):
            if name not in DIMENSIONS:
                raise FieldError(f"'{name}' is not a dimension", nearest(name, DIMENSIONS), path=(number,))
        return value


class PublishSettings(Group):
    """What happens to old snapshots."""

    keep: Annotated[int, Field(strict=True, ge=1)] = 10


class ScheduleSettings(Group):
    """When the daemon runs by itself."""

    daily: str = "0 6 * * *"
    late_after_hours: Annotated[int, Field(strict=True, ge=1)] | None = 2

    @field_validator("daily")
    @classmethod
    def _is_cron(cls, value: str) -> str:
        fault = cron_fault(value)
        if fault is not None:
            raise FieldError(
                f"'{value}' is not a cron line: {fault}",
                "write minute hour day month weekday, such as '0 6 * * *' for six in the morning",
            )
        return value


class Settings(Group):
    """All settings of a workspace; ``as_of`` None means the latest business date in the data."""

    company: CompanySettings = CompanySettings()
    as_of: Day | None = None
    dedup: DedupSettings = DedupSettings()
    identity: IdentitySettings = IdentitySettings()
    currency: CurrencySettings = CurrencySettings()
    time: TimeSettings = TimeSettings()
    attribution: AttributionSettings = Field(default_factory=AttributionSettings)
    costs: CostSettings = Field(default_factory=CostSettings)
    gates: GateSettings = GateSettings()
    limits: LimitSettings = LimitSettings()
    metrics: MetricSettings = MetricSettings()
    distributors: DistributorSettings = DistributorSettings()
    anomalies: AnomalySettings = AnomalySettings()
    funnel: FunnelSettings = Field(default_factory=FunnelSettings)
    publish: PublishSettings = PublishSettings()
    roles: dict[str, tuple[str, ...]] = Field(default_factory=lambda: dict(DEFAULT_ROLES))
    schedule: ScheduleSettings = ScheduleSettings()

    @model_validator(mode="before")
    @classmethod
    def _empty_group_is_default(cls, data: Any) -> Any:
        # a group whose keys are all commented out reads as null
        if not isinstance(data, dict):
            return data
        return {key: value for key, value in data.items() if value is not None or key not in cls.model_fields}

    @field_validator("roles")
    @classmethod
    def _tables_are_published(cls, value: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        from orchestration.lib.publish.roles import DEFAULT, EVERYTHING, default_tables  # publish imports settings
        from orchestration.lib.publish.tables import TABLES_BY_NAME

        for role, tables in value.items():
            if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", role):
                raise FieldError(
                    f"the role '{role}' cannot be a folder name", "use letters, digits, - and _", path=(role,)
                )
            for number, table in enumerate(tables):
                if table == DEFAULT and not default_tables(role):
                    raise FieldError(
                        f"the role '{role}' has no default tables",
                        f"list its tables; {', '.join(DEFAULT_ROLES)} have a default",
                        path=(role, number),
                    )
                if table not in (EVERYTHING, DEFAULT) and table not in TABLES_BY_NAME:
                    raise FieldError(
                        f"'{table}' is not a published table", nearest(table, TABLES_BY_NAME), path=(role, number)
                    )
        return value

    def dbt_vars(self) -> dict[str, Any]:
        """The settings that dbt needs, as its flat variables; decimals as text so that they stay exact."""
        return {
            "functional_currency": self.company.currency,
            "company_timezone": self.company.timezone,
            "fiscal_year_start_month": self.company.fiscal_year_start_month,
            "as_of": self.as_of.isoformat() if self.as_of else None,
            "lead_dedup_window_days": self.dedup.lead_window_days,
            "shared_line_names": self.identity.shared_line_names,
            "max_rate_age_days": self.currency.max_rate_age_days,
            **self.attribution.dbt_vars(),
            **self.costs.dbt_vars(),
            "opportunity_window_days": self.metrics.opportunity_window_days,
            "order_window_days": self.metrics.order_window_days,
            "return_window_days": self.metrics.return_window_days,
            "affinity_least_baskets": self.metrics.affinity_least_baskets,
            "repeat_from_days": self.metrics.repeat_from_days,
            "repeat_window_days": self.metrics.repeat_window_days,
            "customer_window_days": self.metrics.customer_window_days,
            "stage_mature_days": self.metrics.stage_mature_days,
            "scorecard_least_orders": self.metrics.scorecard_least_orders,
            "realised_least_share": str(self.metrics.realised_least_share),
            "funnel_stages": self.funnel.dbt_stages(),
            **self.distributors.dbt_vars(),
            "ageing_days": list(self.metrics.ageing_days),
            "sales_hour_cost": None if self.metrics.sales_hour_cost is None else str(self.metrics.sales_hour_cost),
        }


def load_settings(workspace: Workspace) -> Settings:
    """The settings of ``workspace``.

    Raises:
        ConfigurationError: ``triloop.yml`` is wrong; lists each problem with file, line, key and nearest valid name.
    """
    return read_settings(load_yaml(workspace.settings_file))


def read_settings(document: YamlDocument) -> Settings:
    """The settings that ``document`` makes, with the defaults for what it leaves out."""
    return validate(Settings, document)
