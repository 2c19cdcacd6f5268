"""No join multiplied a row: every table that a join makes has one row per key.

Tables that hold each row of another table once are compared with it (`fan_out_…` in the suites of their floors); these
here are made of several, so their own key is what can be asked.
"""

from __future__ import annotations

from dataclasses import dataclass

from expectations.model import Check, Inputs, Label
from expectations.sql import NO_SOURCE
from expectations.suites.dedup import Grain, fan_out

GRAINS = (
    Grain(
        "payment_allocation",
        "int_payment_allocation",
        "allocation_id",
        "finance",
        of="exists (select 1 from intermediate.int_payment as p where p.payment_id = s.payment_id) "
        "and exists (select 1 from staging.stg_invoice as i where i.invoice_id = s.invoice_id)",
    ),
)


@dataclass(frozen=True)
class Key:
    """A table and the columns that name one row of it."""

    gate: str
    table: str
    columns: tuple[str, ...]
    owner: str
    requires: tuple[str, ...] = ()


KEYS = (
    Key("staging", "intermediate.int_closing_month", ("month",), "finance"),
    Key("staging", "intermediate.int_contact_account", ("contact_id",), "sales", ("contact",)),
    Key("staging", "intermediate.int_exchange_rate_day", ("from_currency", "rate_on"), "finance", ("exchange_rate",)),
    Key("staging", "intermediate.int_invoice_merge", ("invoice_id",), "finance", ("invoice",)),
    Key("staging", "intermediate.int_lead_account", ("lead_id",), "sales", ("lead",)),
    Key("staging", "intermediate.int_lead_merge", ("lead_id",), "sales", ("lead",)),
    Key("staging", "intermediate.int_lead_person", ("lead_id",), "sales", ("lead",)),
    Key("staging", "intermediate.int_ledger_own", ("account", "month"), "finance", ("ledger_balance",)),
    Key("staging", "intermediate.int_lot", ("lot_id",), "quality"),
    Key("staging", "intermediate.int_order_cost", ("cost_id",), "finance"),
    Key("staging", "intermediate.int_order_cost_line", ("cost_line_id",), "finance"),
    Key("staging", "intermediate.int_order_line_lot_cost", ("order_line_id",), "finance", ("sales_order_line",)),
    Key("staging", "intermediate.int_payment_line", ("payment_line_id",), "finance", ("payment_allocation",)),
    Key("staging", "intermediate.int_payment_merge", ("payment_id",), "finance", ("payment",)),
    Key("staging", "intermediate.int_receivable", ("invoice_id", "happened_on"), "finance", ("invoice",)),
    Key("staging", "intermediate.int_receivable_open", ("invoice_id", "month"), "finance", ("invoice",)),
    Key("staging", "intermediate.int_advance", ("payment_id", "happened_on"), "finance", ("payment",)),
    Key("staging", "intermediate.int_touch_identified", ("touch_id",), "marketing"),
    Key("loops", "marts.customer_facts", ("account_id",), "sales"),
    Key("loops", "marts.dim_contact", ("contact_id",), "sales"),
    Key("loops", "marts.dim_distributor", ("distributor_id",), "sales"),
    Key(
        "loops",
        "marts.funnel_stage_facts",
        ("subject_kind", "subject_id", "funnel_stage_id"),
        "sales",
        ("stage_event",),
    ),
    Key("loops", "marts.ledger_tie_out", ("tie_out_id",), "finance", ("ledger_balance",)),
    Key("loops", "marts.distributor_month", ("distributor_id", "month"), "sales", ("distributor",)),
    Key("loops", "marts.touch_facts", ("touch_id",), "marketing", ("touchpoint",)),
    Key("loops", "marts.lot_facts", ("lot_id",), "quality"),
    Key("loops", "marts.order_cost_facts", ("cost_line_id",), "finance"),
    Key("loops", "marts.payment_line_facts", ("payment_line_id",), "finance", ("payment_allocation",)),
    Key("loops", "marts.receivable_month", ("account_id", "month"), "finance", ("invoice",)),
    Key("loops", "attribution.account_touch", ("touch_id",), "marketing"),
    Key("loops", "attribution.conversion", ("order_id",), "sales"),
    Key("loops", "attribution.journey_touch", ("order_id", "touch_id"), "marketing"),
    Key("loops", "attribution.journey_milestone", ("order_id", "milestone"), "sales"),
    Key("loops", "attribution.path_touch", ("journey_id", "touch_position"), "marketing"),
    Key(
        "attribution",
        "attribution.attribution_credit",
        ("posting_id", "measure", "version", "model", "touch_id", "stage"),
        "marketing",
    ),
    Key(
        "attribution",
        "attribution.new_customer_weight",
        ("order_id", "model", "channel_id", "campaign_id"),
        "marketing",
    ),
    Key("attribution", "attribution.attribution_weight", ("order_id", "model", "touch_id", "stage"), "marketing"),
    Key("attribution", "attribution.channel_effect", ("model", "level", "member_id"), "marketing"),
    Key("attribution", "attribution.cost_allocation", ("cost_allocation_id",), "marketing"),
    Key(
        "attribution",
        "attribution.attribution_weight_current",
        ("order_id", "model", "touch_id", "stage"),
        "marketing",
    ),
    Key(
        "attribution",
        "attribution.attribution_credit_current",
        ("posting_id", "measure", "model", "touch_id", "stage"),
        "marketing",
    ),
    Key(
        "attribution",
        "attribution.attribution_credit_frozen",
        ("posting_id", "measure", "model", "touch_id", "stage"),
        "finance",
    ),
    Key(
        "attribution",
        "attribution.attribution_restatement",
        ("posting_id", "measure", "model", "touch_id", "stage", "unattributed_reason"),
        "finance",
    ),
    Key("attribution", "attribution.attribution_model", ("model",), "marketing"),
    Key("attribution", "attribution.stage_pool", ("milestone",), "marketing"),
    Key("attribution", "attribution.cost_ledger", ("cost_ledger_id",), "marketing"),
    Key("attribution", "attribution.order_measure", ("posting_id", "measure"), "finance"),
    Key("metrics", "metrics.campaign_scorecard", ("campaign_id",), "marketing"),
    Key("metrics", "metrics.campaign_stage_cost", ("campaign_id", "stage"), "marketing"),
    Key("metrics", "metrics.attributed_payback", ("cut", "channel_id", "campaign_id"), "marketing"),
    Key("metrics", "metrics.channel_month", ("channel_id", "month"), "marketing"),
    Key("metrics", "metrics.interaction_win_lift", ("driver", "period_kind", "period_start"), "sales"),
    Key("metrics", "metrics.metric_anomaly", ("anomaly_id",), "finance"),
    Key("metrics", "metrics.salesperson_scorecard", ("grain", "sales_team", "salesperson_id"), "sales"),
    Key("metrics", "metrics.price_waterfall", ("waterfall_id",), "finance"),
    Key(
        "metrics",
        "metrics.receivable_period",
        ("cut", "period_kind", "period_start", "account_id", "customer_segment", "customer_region", "ageing_bucket"),
        "finance",
    ),
    Key("metrics", "metrics.scorecard_month", ("channel_id", "campaign_id", "month"), "marketing"),
    Key("metrics", "metrics.win_driver", ("driver",), "sales"),
    Key("metrics", "metrics.win_model", ("population",), "sales"),
)


def checks() -> list[Check]:
    """Each table's key occurs once."""
    return [*(fan_out(grain) for grain in GRAINS), *(_once(key) for key in KEYS)]


def _once(key: Key) -> Check:
    columns = ", ".join(key.columns)
    shown = " || '|' || ".join(f"coalesce(cast({column} as varchar), '-')" for column in key.columns)

    def sql(inputs: Inputs) -> str:
        lineage = {"source_file", "source_row"} <= inputs.columns.get(key.table, {}).keys()
        place = "min(source_file) as source_file, arg_min(source_row, source_file) as source_row"
        return (
            f"select {shown} as key, {place if lineage else NO_SOURCE}, 'rows = 1 -> ' || count(*) as detail "
            f"from {key.table} group by {columns} having count(*) > 1"
        )

    name = key.table.partition(".")[2]
    return Check(
        id=f"{key.gate}.dedup.grain_{name}",
        gate=key.gate,
        family="dedup",
        tables=(key.table,),
        severity="block",
        owner=key.owner,
        reason=Label(
            en=f"{name} has one row per {columns}: no join multiplied a row",
            zh=f"{name} 每个 {columns} 一行：关联没有放大数据",
        ),
        sql=sql,
        requires=key.requires,
    )
