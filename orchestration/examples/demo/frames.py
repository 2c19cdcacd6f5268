"""What the frames of the market's half hold: one place to look a column up, and what the tests check.

Amounts are whole fen (cents for USD and EUR), moments local ``datetime64[s]``, a missing text the empty string. Ids of
one frame are the same text everywhere. Columns may be added; none is ever renamed.
"""

from __future__ import annotations

FRAMES: dict[str, tuple[str, ...]] = {
    "channel": ("channel", "name", "group", "paid"),
    "campaign": (
        "campaign", "name", "channel", "parent", "first", "last", "budget", "currency", "objective", "region", "owner",
        "booth",
    ),
    # days and stages of shows, and the single dates of webinars; starts/ends are moments
    "session": ("session", "campaign", "name", "starts", "ends", "venue", "visitors"),
    # daily media of the platforms, one row per day, campaign and placement
    "media": (
        "day", "utm_source", "utm_medium", "campaign", "placement", "impressions", "clicks", "net", "tax", "currency",
    ),
    # invoices of the market department, in the office's workbook: shows, webinars, tools; service_from/to: ISO texts
    "event_cost": (
        "cost", "campaign", "channel", "kind", "day", "service_from", "service_to", "net", "tax", "currency", "stage",
        # percent of the VAT that is reclaimed, what a fund for exhibitors abroad pays, shows that use it (0: one)
        "reclaimed", "subsidy", "shows",
    ),
    "rate": ("day", "currency", "micro"),
    "salesperson": ("sales", "name", "team", "region", "active_from", "active_to"),
    # contract_from/to are moments at midnight, NaT where open
    "distributor": ("distributor", "name", "region", "level", "parent", "contract_from", "contract_to"),
    # twin: the customer entered earlier for the same legal entity; agent: its distributor's code, for distributors
    "customer": (
        "customer", "name", "tax_id", "kind", "segment", "region", "group", "currency", "created", "twin", "agent",
    ),
    "product": ("product", "name", "family", "device_class", "udi_di", "unit", "list_price", "standard_cost"),
    "contact": ("contact", "name", "phone", "email", "role", "company", "customer"),
    "lead": (
        "lead", "contact", "created", "campaign", "channel", "name", "phone", "email", "company", "region", "segment",
        "interest", "score", "status", "owner", "customer", "mql", "sql", "landing_page",
    ),
    # quote: the accepted one, "" unless won; amount: its net when won, else of the last quote or the estimate.
    # agent: distributor code where one is involved. An order follows every one whose result is 赢单.
    "opportunity": (
        "opportunity", "lead", "customer", "created", "stage", "result", "amount", "currency", "expected", "closed",
        "reason", "owner", "agent", "quote",
    ),
    # net = Σ lines; basis_points: discount on the list price of all lines, in 1/10000
    "quote": (
        "quote", "opportunity", "customer", "sales", "version", "quoted", "valid_until", "status", "basis_points",
        "currency", "net",
    ),
    # one row per line; product_index is the row of ``product``; unit_price is after discount; net = quantity × it
    "quote_line": (
        "quote", "line", "product", "product_index", "quantity", "list_price", "percent", "unit_price", "net",
    ),
    "interaction": ("interaction", "lead", "opportunity", "customer", "kind", "at", "sales", "outcome"),
    # subject_kind: 线索 or 商机
    "stage_event": ("stage_event", "subject_kind", "subject", "stage", "at"),
}  # fmt: skip
