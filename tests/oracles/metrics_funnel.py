"""Every metric of the funnel on the demo, from the raw files: each cut, each period, both sides and n."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from tests.oracles.demo import Demo
from tests.oracles.demo_rows import Row
from tests.oracles.marts_funnel import funnel_stage_facts
from tests.oracles.marts_leads import lead_facts
from tests.oracles.marts_prospects import prospect_facts
from tests.oracles.metric_cells import Aggregate, Key, Sides, cells, mean, quantile, share

COLUMNS = {
    "stage": "funnel_stage_id",
    "channel": "origin_channel_id",
    "campaign": "origin_campaign_id",
    "salesperson": "salesperson_id",
    "sales_team": "sales_team",
    "landing_page": "landing_page",
    "lead_form": "lead_form",
    "customer_segment": "segment",
    "customer_region": "region",
}
STAGE_CUTS = (("stage",), ("stage", "channel"), ("stage", "salesperson"), ("stage", "sales_team"))
LEAD_CUTS = (("channel",), ("campaign",), ("landing_page",), ("lead_form",), ("salesperson",), ("sales_team",))
PROSPECT_CUTS = (
    ("channel",), ("campaign",), ("salesperson",), ("sales_team",), ("customer_segment",), ("customer_region",),
)  # fmt: skip

Oracle = Callable[[Demo], dict[Key, Sides]]


def _stages(kind: str, aggregate: Aggregate) -> Oracle:
    def oracle(demo: Demo) -> dict[Key, Sides]:
        rows: list[Row] = [
            row
            for row in funnel_stage_facts(demo).to_dict("records")
            if row["subject_kind"] == kind and not row["is_closing"]
        ]
        return cells(rows, "entered_on", STAGE_CUTS, COLUMNS, aggregate)

    return oracle


def _leads(aggregate: Aggregate, *, valid: bool = True) -> Oracle:
    def oracle(demo: Demo) -> dict[Key, Sides]:
        rows = [row for row in lead_facts(demo).to_dict("records") if row["is_valid"] or not valid]
        return cells(rows, "created_on", LEAD_CUTS, COLUMNS, aggregate)

    return oracle


def _prospects(demo: Demo) -> dict[Key, Sides]:
    rows = [row for row in prospect_facts(demo).to_dict("records") if not row["has_earlier_order"]]
    won = share(lambda row: row["is_customer_within_window"])
    return cells(rows, "first_lead_on", PROSPECT_CUTS, COLUMNS, won)


# (metric, variant, basis) → its oracle
METRICS: dict[tuple[str, str, str | None], Oracle] = {}
for _kind in ("lead", "opportunity"):
    METRICS["stage_conversion_rate", _kind, None] = _stages(_kind, share(lambda row: row["has_moved_on"]))
    METRICS["stage_drop_off", _kind, None] = _stages(_kind, share(lambda row: row["is_lost_here"]))
    METRICS["stage_duration", f"{_kind}_median", None] = _stages(_kind, quantile("days_in_stage", Fraction(1, 2)))
    METRICS["stage_duration", f"{_kind}_p90", None] = _stages(_kind, quantile("days_in_stage", Fraction(9, 10)))

METRICS["lead_quality_rate", "mql_30d", None] = _leads(share(lambda row: row["is_mql_30d"]))
METRICS["lead_quality_rate", "mql_90d", None] = _leads(share(lambda row: row["is_mql_90d"]))
METRICS["lead_quality_rate", "sql_30d", None] = _leads(share(lambda row: row["is_sql_30d"]))
METRICS["lead_quality_rate", "sql_90d", None] = _leads(share(lambda row: row["is_sql_90d"]))
METRICS["lead_quality_rate", "invalid", None] = _leads(share(lambda row: not row["is_valid"]), valid=False)
METRICS["contribution_per_lead", "standard", "invoiced"] = _leads(mean("contribution"))
METRICS["customer_conversion_rate", "standard", None] = _prospects
