"""What the small sound company of the gate tests makes, inspects, ships, stocks and books."""

from __future__ import annotations

from typing import Any

FACTORY_ROWS: dict[str, list[dict[str, Any]]] = {
    "production_order": [
        {
            "production_order_id": "mes:w1",
            "product_id": "erp:p1",
            "order_line_id": "erp:so1-1",
            "lot_no": "L1",
            "planned_start_on": "2026-03-03",
            "planned_finish_on": "2026-03-15",
            "started_at": "2026-03-03 02:00:00",
            "finished_at": "2026-03-15 02:00:00",
            "quantity_planned": "10",
            "quantity_finished": "10",
            "quantity_scrapped": "0",
            "material_cost": "400.00",
            "labour_cost": "150.00",
            "overhead_cost": "50.00",
            "currency": "CNY",
        }
    ],
    "quality_inspection": [
        {
            "inspection_id": "qms:q1",
            "production_order_id": "mes:w1",
            "kind": "final",
            "step": "release",
            "inspected_at": "2026-03-16 02:00:00",
            "quantity_inspected": "10",
            "quantity_passed": "8",
            "quantity_reworked": "1",
            "quantity_rejected": "1",
        }
    ],
    "sales_return": [
        {
            "return_id": "erp:rt1",
            "order_line_id": "erp:so1-1",
            "returned_at": "2026-05-08 02:00:00",
            "quantity": "10",
            "amount": "1000.00",
            "currency": "CNY",
            "reason": "wrong voltage",
        }
    ],
    "service_ticket": [
        {
            "ticket_id": "svc:t1",
            "order_id": "erp:so2",
            "product_id": "erp:p1",
            "kind": "repair",
            "opened_at": "2026-05-01 02:00:00",
            "closed_at": "2026-05-03 02:00:00",
            "parts_cost": "10.00",
            "currency": "CNY",
        }
    ],
    "inventory_snapshot": [
        {
            "inventory_snapshot_id": "wms:s1",
            "taken_on": "2026-06-30",
            "product_id": "erp:p1",
            "warehouse": "A",
            "kind": "fg",
            "quantity": "5",
            "value": "300.00",
            "currency": "CNY",
        }
    ],
    "capacity": [
        {"capacity_id": "mes:k1", "work_centre": "assembly", "month": "2026-06-01", "hours_available": "640"},
    ],
    "order_cost": [
        {
            "order_cost_id": "fin:c1",
            "document_no": "K-1",
            "order_id": "erp:so2",
            "kind": "commission",
            "incurred_on": "2026-03-31",
            "amount": "3.00",
            "currency": "CNY",
        }
    ],
    "ledger_balance": [
        # 1000.00 USD at 7.10 and 500.01: a cent more than the books, far less than the tolerance
        {
            "balance_id": "fin:b1",
            "account": "marketing_expense",
            "month": "2026-01-01",
            "amount": "7600.00",
            "currency": "CNY",
        },
        {"balance_id": "fin:b2", "account": "revenue", "month": "2026-03-01", "amount": "1000.00", "currency": "CNY"},
        {
            "balance_id": "fin:b3",
            "account": "receivable",
            "month": "2026-03-01",
            "amount": "1130.00",
            "currency": "CNY",
        },
        {"balance_id": "fin:b4", "account": "receivable", "month": "2026-04-01", "amount": "630.00", "currency": "CNY"},
    ],
}
