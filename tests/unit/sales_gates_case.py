"""What the sound company of gates_case.py did in the market and in sales."""

from __future__ import annotations

from typing import Any

SALES_ROWS: dict[str, list[dict[str, Any]]] = {
    "contact": [{"contact_id": "crm:p1", "customer_id": "crm:c1", "role": "buyer"}],
    "salesperson": [
        {"salesperson_id": "crm:e1", "name": "Wang", "active_from": "2025-01-01", "active_to": "2026-12-31"}
    ],
    "campaign_session": [
        {
            "campaign_session_id": "crm:cs1",
            "campaign_id": "crm:expo",
            "name": "Day 1",
            "starts_at": "2026-01-12 01:00:00",
            "ends_at": "2026-01-12 10:00:00",
            "visitors": 120,
        }
    ],
    "work_hours": [
        {
            "work_hours_id": "crm:w1",
            "campaign_id": "crm:expo",
            "salesperson_id": "crm:e1",
            "worked_on": "2026-01-12",
            "hours": "8",
            "activity": "booth",
        }
    ],
    "interaction": [
        {
            "interaction_id": "crm:i1",
            "lead_id": "crm:l1",
            "kind": "call",
            "occurred_at": "2026-01-20 02:00:00",
            "salesperson_id": "crm:e1",
        },
        {
            "interaction_id": "crm:i2",
            "opportunity_id": "crm:o1",
            "kind": "demo",
            "occurred_at": "2026-02-10 02:00:00",
            "salesperson_id": "crm:e1",
        },
    ],
    "quote": [
        {
            "quote_id": "crm:q1",
            "quote_no": "Q1",
            "opportunity_id": "crm:o1",
            "customer_id": "crm:c1",
            "quoted_at": "2026-02-10 02:00:00",
            "valid_until": "2026-03-31",
            "amount": "1100.00",
            "currency": "CNY",
            "version": 1,
            "status": "superseded",
        },
        # less the discount of the whole
        {
            "quote_id": "crm:q2",
            "quote_no": "Q1",
            "opportunity_id": "crm:o1",
            "customer_id": "crm:c1",
            "quoted_at": "2026-02-20 02:00:00",
            "valid_until": "2026-03-31",
            "amount": "990.00",
            "discount": "0.1",
            "currency": "CNY",
            "version": 2,
            "status": "accepted",
        },
    ],
    "quote_line": [
        {
            "quote_line_id": f"crm:{quote}-1",
            "quote_id": f"crm:{quote}",
            "product_id": "erp:p1",
            "quantity": "10",
            "unit_price": "110",
            "net_amount": "1100.00",
        }
        for quote in ("q1", "q2")
    ],
    "stage_event": [
        {
            "stage_event_id": f"crm:e{number}",
            "subject_kind": kind,
            "subject_id": subject,
            "stage": stage,
            "entered_at": moment,
        }
        for number, (kind, subject, stage, moment) in enumerate(
            [
                ("lead", "crm:l1", "new", "2026-01-15 02:00:00"),
                ("lead", "crm:l1", "mql", "2026-01-18 02:00:00"),
                ("opportunity", "crm:o1", "solution", "2026-02-01 02:00:00"),
                ("opportunity", "crm:o1", "won", "2026-03-01 02:00:00"),
            ],
            start=1,
        )
    ],
    "distributor": [
        {"distributor_id": "erp:d1", "name": "North", "contract_from": "2026-01-15", "contract_to": "2027-12-31"}
    ],
    "sell_out": [
        {
            "sell_out_id": "dms:s1",
            "distributor_id": "erp:d1",
            "product_id": "erp:p1",
            "month": "2026-01-01",
            "quantity": "1",
            "amount": "40.00",
            "currency": "CNY",
        }
    ],
}
