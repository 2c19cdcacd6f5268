"""Every metric of the funnel on the demo, from the raw files: each cut, each period, both sides and n."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from tests.oracles.demo import Demo
from tests.oracles.demo_rows import Row
from tests.oracles.marts_funnel import funnel_stage_facts
from tests.oracles.metric_cells import Aggregate, Key, Sides, cells, quantile, share

COLUMNS = {
    "stage": "funnel_stage_id",
    "channel": "origin_channel_id",
    "campaign": "origin_campaign_id",
    "salesperson": "salesperson_id",
    "sales_team": "sales_team",
}
STAGE_CUTS = (("stage",), ("stage", "channel"), ("stage", "salesperson"), ("stage", "sales_team"))

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


# (metric, variant, basis) → its oracle
METRICS: dict[tuple[str, str, str | None], Oracle] = {}
for _kind in ("lead", "opportunity"):
    METRICS["stage_conversion_rate", _kind, None] = _stages(_kind, share(lambda row: row["has_moved_on"]))
    METRICS["stage_drop_off", _kind, None] = _stages(_kind, share(lambda row: row["is_lost_here"]))
    METRICS["stage_duration", f"{_kind}_median", None] = _stages(_kind, quantile("days_in_stage", Fraction(1, 2)))
    METRICS["stage_duration", f"{_kind}_p90", None] = _stages(_kind, quantile("days_in_stage", Fraction(9, 10)))
