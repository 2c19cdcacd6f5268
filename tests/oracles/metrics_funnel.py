"""Every metric of the funnel on the demo, from the raw files: each cut, each period, both sides and n."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

from tests.oracles.demo import Demo
from tests.oracles.demo_rows import Row, erp
from tests.oracles.exact import total
from tests.oracles.marts_funnel import funnel_stage_facts
from tests.oracles.marts_leads import lead_facts, opportunity_facts
from tests.oracles.marts_losses import loss_facts, opportunity_product_facts
from tests.oracles.marts_prospects import prospect_facts
from tests.oracles.marts_win_drivers import interaction_win_lift
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
DEAL_COLUMNS = COLUMNS | {
    "customer_segment": "customer_segment",
    "customer_region": "customer_region",
    "stage": "last_stage_id",
    "loss_reason": "loss_reason",
    "product": "product_id",
    "product_family": "product_family",
}
STAGE_CUTS = (("stage",), ("stage", "channel"), ("stage", "salesperson"), ("stage", "sales_team"))
PEOPLE_CUTS = (("salesperson",), ("sales_team",))
PEOPLE_STAGE_CUTS = (*PEOPLE_CUTS, ("stage", "salesperson"), ("stage", "sales_team"))
LEAD_CUTS = (("channel",), ("campaign",), ("landing_page",), ("lead_form",), ("salesperson",), ("sales_team",))
PROSPECT_CUTS = (
    ("channel",), ("campaign",), ("salesperson",), ("sales_team",), ("customer_segment",), ("customer_region",),
)  # fmt: skip

Cuts = tuple[tuple[str, ...], ...]
Oracle = Callable[[Demo], dict[Key, Sides]]


def _stages(kind: str, aggregate: Aggregate, cuts: Cuts = STAGE_CUTS) -> Oracle:
    def oracle(demo: Demo) -> dict[Key, Sides]:
        rows: list[Row] = [
            row
            for row in funnel_stage_facts(demo).to_dict("records")
            if row["subject_kind"] == kind and not row["is_closing"]
        ]
        return cells(rows, "entered_on", cuts, COLUMNS, aggregate)

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


DEAL_CUTS = (
    ("channel",), ("campaign",), ("salesperson",), ("sales_team",), ("customer_segment",), ("customer_region",),
)  # fmt: skip
LOSS_CUTS = (
    ("stage",),
    ("loss_reason",),
    ("stage", "loss_reason"),
    *(cut for cut in DEAL_CUTS if cut[0] != "campaign"),
)


def _wins(*, by_amount: bool, cuts: Cuts = DEAL_CUTS) -> Oracle:
    def aggregate(rows: list[Row]) -> Sides:
        won = [row for row in rows if row["is_won"]]
        if by_amount:
            return Sides(_value(won), _value(rows), len(rows))
        return Sides(Decimal(len(won)), Decimal(len(rows)), len(rows))

    def oracle(demo: Demo) -> dict[Key, Sides]:
        return cells(decided(demo), "closed_on", cuts, DEAL_COLUMNS, aggregate)

    return oracle


def decided(demo: Demo) -> list[Row]:
    """Opportunities won or lost."""
    return [row for row in opportunity_facts(demo).to_dict("records") if row["is_won"] or row["is_lost"]]


def _value(rows: list[Row]) -> Decimal:
    return total(row["amount_functional"] for row in rows)


def _wins_by_product(demo: Demo) -> dict[Key, Sides]:
    family = {erp(row["产品编码"]): row["系列"] for row in demo.facts.files.products().to_dict("records")}
    rows = [
        row | {"product_family": family.get(row["product_id"])}
        for row in opportunity_product_facts(demo).to_dict("records")
        if row["is_won"] or row["is_lost"]
    ]

    def aggregate(group: list[Row]) -> Sides:
        deals = {row["opportunity_id"] for row in group}
        won = {row["opportunity_id"] for row in group if row["is_won"]}
        return Sides(Decimal(len(won)), Decimal(len(deals)), len(deals))

    return cells(rows, "closed_on", (("product",), ("product_family",)), DEAL_COLUMNS, aggregate)


def _losses(*, by_amount: bool) -> Oracle:
    def oracle(demo: Demo) -> dict[Key, Sides]:
        return cells(
            loss_facts(demo).to_dict("records"),
            "closed_on",
            LOSS_CUTS,
            DEAL_COLUMNS,
            lambda rows: Sides(_value(rows) if by_amount else Decimal(len(rows)), None, len(rows)),
        )

    return oracle


def _cycles(demo: Demo) -> dict[Key, Sides]:
    rows = [row for row in decided(demo) if row["is_won"]]
    return cells(rows, "closed_on", PEOPLE_CUTS, DEAL_COLUMNS, quantile("days_to_close", Fraction(1, 2)))


def _lift(top: str, below: str, *n: str) -> Oracle:
    """Cells of the period table as its own oracle has them."""

    def oracle(demo: Demo) -> dict[Key, Sides]:
        return {
            Key("driver", (row["driver"],), row["period_kind"], row["period_start"]): Sides(
                Decimal(row[top]), Decimal(row[below]), sum(row[name] for name in n)
            )
            for row in interaction_win_lift(demo).to_dict("records")
        }

    return oracle


# (metric, variant, basis) → its oracle
METRICS: dict[tuple[str, str, str | None], Oracle] = {}
for _kind in ("lead", "opportunity"):
    METRICS["stage_conversion_rate", _kind, None] = _stages(_kind, share(lambda row: row["has_advanced"]))
    METRICS["stage_drop_off", _kind, None] = _stages(_kind, share(lambda row: row["is_lost_here"]))
    METRICS["salesperson_stage_conversion", f"{_kind}_stage", None] = _stages(
        _kind, share(lambda row: row["has_advanced"]), PEOPLE_STAGE_CUTS
    )
    METRICS["stage_duration", f"{_kind}_median", None] = _stages(_kind, quantile("days_in_stage", Fraction(1, 2)))
    METRICS["stage_duration", f"{_kind}_p90", None] = _stages(_kind, quantile("days_in_stage", Fraction(9, 10)))

METRICS["lead_quality_rate", "mql_30d", None] = _leads(share(lambda row: row["is_mql_30d"]))
METRICS["lead_quality_rate", "mql_90d", None] = _leads(share(lambda row: row["is_mql_90d"]))
METRICS["lead_quality_rate", "sql_30d", None] = _leads(share(lambda row: row["is_sql_30d"]))
METRICS["lead_quality_rate", "sql_90d", None] = _leads(share(lambda row: row["is_sql_90d"]))
METRICS["lead_quality_rate", "invalid", None] = _leads(share(lambda row: not row["is_valid"]), valid=False)
METRICS["contribution_per_lead", "standard", "invoiced"] = _leads(mean("contribution"))
METRICS["customer_conversion_rate", "standard", None] = _prospects
METRICS["win_rate", "count", None] = _wins(by_amount=False)
METRICS["win_rate", "amount", None] = _wins(by_amount=True)
METRICS["win_rate", "product", None] = _wins_by_product
METRICS["opportunities_lost", "count", None] = _losses(by_amount=False)
METRICS["opportunities_lost", "amount", None] = _losses(by_amount=True)
METRICS["salesperson_stage_conversion", "win_rate", None] = _wins(by_amount=False, cuts=PEOPLE_CUTS)
METRICS["salesperson_stage_conversion", "cycle_time", None] = _cycles
METRICS["interaction_win_lift", "lift", None] = _lift("lift_numerator", "lift_denominator", "n_with", "n_without")
METRICS["interaction_win_lift", "with", None] = _lift("won_with", "n_with", "n_with")
METRICS["interaction_win_lift", "without", None] = _lift("won_without", "n_without", "n_without")
