"""What the hand-made company of loops_case.py did in the market and in sales: sessions, hours, interactions, quotes,
stages, distributors. Moments are UTC; the company is in Shanghai (UTC+8), so its days begin at 16:00."""

from __future__ import annotations

from typing import Any

Row = dict[str, Any]


def _quote(number: str, moment: str, **more: Any) -> Row:
    return {"quote_id": f"crm:{number}", "quoted_at": moment, "currency": "CNY"} | more


def _event(number: int, subject_id: str, stage: str, moment: str) -> Row:
    kind = "opportunity" if subject_id.startswith("crm:O") else "lead"
    return {
        "stage_event_id": f"crm:e{number}",
        "subject_kind": kind,
        "subject_id": subject_id,
        "stage": stage,
        "entered_at": moment,
    }


SELLING: dict[str, list[Row]] = {
    "campaign_session": [
        # hours known, both ends included: L1 was created at its last moment
        {
            "campaign_session_id": "crm:cs1",
            "campaign_id": "crm:c1",
            "name": "Launch",
            "starts_at": "2024-01-01 01:00",
            "ends_at": "2024-01-01 10:00",
            "visitors": 40,
        },
        # no end: to the end of 3 January
        {"campaign_session_id": "crm:cs2", "campaign_id": "crm:c1", "starts_at": "2024-01-03 01:00"},
        # days only, 4 and 5 January
        {
            "campaign_session_id": "crm:cs3",
            "campaign_id": "crm:c2",
            "starts_at": "2024-01-03 16:00",
            "ends_at": "2024-01-04 16:00",
            "venue": "Hall 3",
        },
        # a campaign that no list holds
        {"campaign_session_id": "mkt:cs4", "campaign_id": "mkt:c9", "starts_at": "2024-01-03 16:00"},
    ],
    "work_hours": [
        {
            "work_hours_id": "mkt:w1",
            "campaign_id": "crm:c2",
            "salesperson_id": "crm:E1",
            "worked_on": "2024-01-04",
            "hours": "7.5",
            "activity": "booth",
        },
        {"work_hours_id": "mkt:w2", "salesperson_id": "crm:E2", "worked_on": "2024-01-05", "hours": "1"},
    ],
    "salesperson": [{"salesperson_id": "crm:E1", "name": "Wang"}],
    "interaction": [
        # L2 gave way to L1; 26 January in Shanghai
        {
            "interaction_id": "crm:i1",
            "lead_id": "crm:L2",
            "kind": "call",
            "occurred_at": "2024-01-25 17:00",
            "salesperson_id": "crm:E3",
            "outcome": "wants a quote",
        },
        {
            "interaction_id": "crm:i2",
            "opportunity_id": "crm:O1",
            "kind": "visit",
            "occurred_at": "2024-01-10 01:00",
            "salesperson_id": "crm:E1",
        },
        # the opportunity it names does not exist
        {
            "interaction_id": "crm:i3",
            "opportunity_id": "crm:O99",
            "customer_id": "crm:K2",
            "kind": "email",
            "occurred_at": "2024-01-10 01:00",
        },
        # the day before its (test) lead
        {"interaction_id": "crm:i4", "lead_id": "crm:L5", "kind": "message", "occurred_at": "2024-01-01 10:00"},
    ],
    "quote": [
        _quote("q1", "2024-01-09 01:00", quote_no="Q-1", version=1, opportunity_id="crm:O1", customer_id="crm:K1",
               amount="400.00", status="superseded"),
        # in dollars, 11 January in Shanghai, worth its lines
        _quote("q2", "2024-01-10 17:00", quote_no="Q-1", version=2, opportunity_id="crm:O1", customer_id="crm:K1",
               currency="USD", status="accepted", salesperson_id="crm:E1", valid_until="2024-02-10"),
        # another quote of the opportunity; no rate for yen
        _quote("q3", "2024-01-09 01:00", opportunity_id="crm:O1", currency="JPY", amount="1000.00"),
        # only a cancelled order names it
        _quote("q4", "2024-01-07 01:00", customer_id="crm:K2", amount="5.00", version=3),
        # versions by their opportunity: the same version, so the later one
        _quote("q5", "2024-01-08 01:00", opportunity_id="crm:O3", amount="7.00", version=1),
        _quote("q6", "2024-01-07 01:00", opportunity_id="crm:O3", amount="8.00", version=1),
    ],
    "quote_line": [
        # 3 × 40 less 10 %
        {
            "quote_line_id": "crm:q2-1",
            "quote_id": "crm:q2",
            "line_no": 1,
            "product_id": "erp:P1",
            "quantity": "3",
            "unit_price": "40",
            "discount": "0.1",
        },
        {
            "quote_line_id": "crm:q2-2",
            "quote_id": "crm:q2",
            "line_no": 2,
            "product_id": "erp:P2",
            "quantity": "1",
            "unit_price": "250",
            "net_amount": "200.05",
        },
        {"quote_line_id": "crm:q2-3", "quote_id": "crm:q2", "line_no": 3, "net_amount": "0.05"},
        # a product that no list holds
        {"quote_line_id": "crm:q1-1", "quote_id": "crm:q1", "product_id": "erp:P9", "net_amount": "399.00"},
        # a quote that no list holds
        {"quote_line_id": "crm:q99-1", "quote_id": "crm:q99", "net_amount": "1.00"},
    ],
    "stage_event": [
        _event(1, "crm:L1", "new", "2024-01-01 10:00"),
        _event(2, "crm:L1", "contacted", "2024-01-05 10:00"),
        # the second form of the same person tells again what is known
        _event(3, "crm:L2", "new", "2024-01-20 10:00"),
        _event(4, "crm:L2", "contacted", "2024-01-21 10:00"),
        # 31 January in Shanghai
        _event(5, "crm:L2", "qualified", "2024-01-30 17:00"),
        # back to an earlier stage: L2 had said so before, so it is a return
        _event(6, "crm:L2", "contacted", "2024-02-10 10:00"),
        _event(7, "crm:O1", "quoting", "2024-01-08 01:00"),
        _event(8, "crm:O1", "quoting", "2024-01-09 01:00"),
        # at the same moment: the order of the file
        _event(9, "crm:O1", "negotiating", "2024-01-12 01:00"),
        _event(10, "crm:O1", "closing", "2024-01-12 01:00"),
        _event(11, "crm:L5", "new", "2024-01-02 10:00"),
        _event(12, "crm:L99", "new", "2024-01-02 10:00"),
    ],
    "distributor": [
        {"distributor_id": "erp:D1", "name": "North", "parent_id": "erp:D0", "contract_from": "2023-01-01"},
        {"distributor_id": "erp:D3", "name": "Quiet"},
    ],
    "sell_out": [
        {
            "sell_out_id": "dms:1",
            "distributor_id": "erp:D1",
            "product_id": "erp:P1",
            "month": "2024-01-31",
            "quantity": "4",
            "amount": "10.00",
            "currency": "CNY",
        },
        {
            "sell_out_id": "dms:2",
            "distributor_id": "erp:D1",
            "month": "2024-04-01",
            "quantity": "1.5",
            "amount": "3.00",
            "currency": "CNY",
        },
    ],
}  # fmt: skip
