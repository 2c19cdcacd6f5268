"""Production, delivery, service, stock and the books of the hand-made company: rows beside those of loops_case.py."""

from __future__ import annotations

from typing import Any

Row = dict[str, Any]

FACTORY: dict[str, list[Row]] = {
    "production_order": [
        # for order line SL3, paid in dollars; 10 and 16 January in Shanghai
        {
            "production_order_id": "mes:W2",
            "product_id": "erp:P1",
            "order_line_id": "erp:SL3",
            "lot_no": "LOT1",
            "planned_start_on": "2024-01-08",
            "planned_finish_on": "2024-01-12",
            "started_at": "2024-01-09 17:00",
            "finished_at": "2024-01-15 16:30",
            "quantity_planned": "5",
            "quantity_finished": "5",
            "quantity_scrapped": "0",
            "material_cost": "10.02",
            "labour_cost": "0.32",
            "overhead_cost": "0.11",
            "currency": "USD",
        },
        # should be done and has not begun; no lot number, no cost
        {
            "production_order_id": "mes:W3",
            "product_id": "erp:P2",
            "planned_start_on": "2024-03-01",
            "planned_finish_on": "2024-03-20",
            "quantity_planned": "4",
        },
    ],
    "quality_inspection": [
        # only the lot number is told, and P1 alone was made under it; a reworked unit is counted as passed
        {
            "inspection_id": "qms:Q3",
            "lot_no": "LOT1",
            "kind": "in_process",
            "step": "welding",
            "inspected_at": "2024-01-16 16:00",
            "quantity_inspected": "4",
            "quantity_passed": "4",
            "quantity_reworked": "1",
            "defect_code": "D07",
        },
        {
            "inspection_id": "qms:Q4",
            "production_order_id": "mes:W3",
            "kind": "final",
            "inspected_at": "2024-03-20 02:00",
            "quantity_inspected": "1",
        },
    ],
    "shipment": [
        # names no order and has no freight; its line does
        {"shipment_id": "wms:SH3", "delivered_at": "2024-01-08 02:00", "carrier": "SF"},
    ],
    "shipment_line": [
        {
            "shipment_line_id": "wms:4",
            "shipment_id": "wms:SH3",
            "order_line_id": "shop:XL1",
            "quantity": "1",
            "lot_no": "BOUGHT",
            "serial_no": "SN3",
            "udi_pi": "(11)240101(21)SN3",
        },
    ],
    "sales_return": [
        # no dollar rate is near 20 February: the sale was booked at that of 12 January
        {
            "return_id": "wms:RT1",
            "order_line_id": "erp:SL2",
            "returned_at": "2024-02-20 02:00",
            "quantity": "1",
            "amount": "200.01",
            "currency": "USD",
            "reason": "dead on arrival",
        },
        {
            "return_id": "wms:RT2",
            "returned_at": "2024-02-29 16:00",
            "quantity": "2",
            "amount": "5.00",
            "currency": "CNY",
        },
    ],
    "service_ticket": [
        # opened and closed on 1 and 2 April in Shanghai
        {
            "ticket_id": "svc:2",
            "kind": "complaint",
            "customer_id": "crm:K2",
            "product_id": "erp:P3",
            "opened_at": "2024-03-31 17:00",
            "closed_at": "2024-04-01 17:00",
            "is_warranty": False,
        },
        # the serial number was shipped for another order than the ticket names
        {
            "ticket_id": "svc:3",
            "kind": "install",
            "order_id": "erp:SO4",
            "serial_no": "SN2",
            "opened_at": "2024-03-01 02:00",
        },
    ],
    "inventory_snapshot": [
        {
            "inventory_snapshot_id": "wms:S1",
            "taken_on": "2024-01-16",
            "product_id": "erp:P1",
            "warehouse": "A",
            "kind": "fg",
            "quantity": "9",
            "value": "12.50",
            "currency": "USD",
        },
        {
            "inventory_snapshot_id": "wms:S2",
            "taken_on": "2024-01-31",
            "product_id": "erp:P1",
            "warehouse": "A",
            "kind": "fg",
            "quantity": "7",
            "value": "70.00",
            "currency": "CNY",
        },
        # nothing but the stock list names this material
        {
            "inventory_snapshot_id": "wms:S3",
            "taken_on": "2024-01-16",
            "product_id": "erp:P9",
            "warehouse": "A",
            "kind": "rm",
            "quantity": "1000",
        },
    ],
    "capacity": [
        {"capacity_id": "mes:K1", "work_centre": "assembly", "month": "2024-01-15", "hours_available": "640.5"},
    ],
    "ledger_balance": [
        {
            "balance_id": "erp:660102",
            "account": "marketing_expense",
            "month": "2024-01-01",
            "amount": "200.00",
            "currency": "CNY",
        },
        {
            "balance_id": "erp:660103",
            "account": "marketing_expense",
            "month": "2024-01-31",
            "amount": "42.50",
            "currency": "RMB",
        },
        {"balance_id": "erp:R1", "account": "revenue", "month": "2024-01-01", "amount": "2160.07", "currency": "CNY"},
        {"balance_id": "erp:R2", "account": "revenue", "month": "2024-02-01", "amount": "-670.00", "currency": "CNY"},
        {"balance_id": "erp:A1", "account": "receivable", "month": "2024-01-01", "amount": "0.00", "currency": "CNY"},
        {"balance_id": "erp:A2", "account": "receivable", "month": "2024-02-01", "amount": "60.00", "currency": "CNY"},
        {"balance_id": "erp:A4", "account": "receivable", "month": "2024-04-01", "amount": "56.50", "currency": "CNY"},
        {"balance_id": "erp:C1", "account": "cash", "month": "2024-01-01", "amount": "1.00", "currency": "CNY"},
    ],
    "exchange_rate": [
        {
            "rate_id": "fx:4",
            "from_currency": "USD",
            "to_currency": "EUR",
            "rate_date": "2024-01-10",
            "rate": "0.9",
            "rate_source": "ECB",
        },
    ],
}
