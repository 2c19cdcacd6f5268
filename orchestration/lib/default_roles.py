"""Which published tables each role may read, unless the settings say otherwise."""

from __future__ import annotations

_REPORTS = ("metric_value", "metric_availability", "gate_result")
_MARKET = ("campaign_scorecard", "channel_month", "dim_channel", "dim_campaign", "dim_product")
_CREDIT = ("attribution_credit", "order_measure", "cost_allocation")
_PLANT = ("order_line_delivery", "lot_facts", "dim_product")
_ACCOUNTS = ("row_account", "quarantine_summary")
DEFAULT_ROLES: dict[str, tuple[str, ...]] = {
    "marketing": (
        *_REPORTS,
        *_MARKET,
        *_CREDIT,
        "lead_facts",
        "opportunity_facts",
        "journey_touch",
        "new_customer_weight",
        "lead_merge",
    ),
    "sales": (
        *_REPORTS,
        *_MARKET,
        "lead_facts",
        "opportunity_facts",
        "order_facts",
        "order_line_facts",
        "customer_facts",
        "journey_touch",
        "dim_salesperson",
    ),
    "production": (*_REPORTS, *_PLANT),
    "quality": (*_REPORTS, *_PLANT, *_ACCOUNTS),
    "finance": (
        *_REPORTS,
        *_MARKET,
        *_CREDIT,
        *_ACCOUNTS,
        "order_facts",
        "order_line_facts",
        "invoice_line_facts",
        "payment_facts",
        "customer_facts",
        "document_source",
    ),
    "audit": ("*",),
}
