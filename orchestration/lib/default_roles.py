"""Which published tables each role may read, unless the settings say otherwise."""

from __future__ import annotations

_REPORTS = ("metric_value", "metric_availability", "gate_result")
_MARKET = ("campaign_scorecard", "channel_month", "dim_channel", "dim_campaign", "dim_product")
_CREDIT = ("attribution_credit", "order_measure", "cost_allocation")
_PLANT = ("order_line_delivery", "lot_facts", "dim_product")
_MARKET_FACTS = ("touch_facts", "campaign_session_facts", "work_hours_facts", "marketing_spend_facts")
_SALES_FACTS = (
    "interaction_facts",
    "quote_facts",
    "quote_line_facts",
    "stage_event_facts",
    "dim_contact",
    "party_match",
)
_DISTRIBUTORS = ("dim_distributor", "sell_out_facts", "distributor_month")
# production, delivery, service, stock and the books
_SHIPPED = ("shipment_facts", "shipment_line_facts", "return_facts")
_MADE = ("production_order_facts", "inspection_facts", "inventory_facts", "capacity_facts")
_BOOKS = (
    "order_cost_facts",
    "production_order_facts",
    "shipment_facts",
    "return_facts",
    "ticket_facts",
    "inventory_facts",
    "ledger_balance_facts",
    "ledger_tie_out",
    "exchange_rate_facts",
)
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
        *_MARKET_FACTS,
        "stage_event_facts",
        "dim_contact",
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
        "touch_facts",
        "campaign_session_facts",
        "work_hours_facts",
        *_SALES_FACTS,
        *_DISTRIBUTORS,
        *_SHIPPED,
        "ticket_facts",
    ),
    "production": (*_REPORTS, *_PLANT, *_MADE, *_SHIPPED),
    "quality": (*_REPORTS, *_PLANT, *_MADE, *_SHIPPED, "ticket_facts", *_ACCOUNTS),
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
        "marketing_spend_facts",
        "work_hours_facts",
        *_DISTRIBUTORS,
        *_BOOKS,
    ),
    "audit": ("*",),
}
