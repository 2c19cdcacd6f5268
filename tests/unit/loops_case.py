"""A hand-made company for the tests of the three loops: canonical rows, small enough to work out every figure by hand.

Functional currency CNY, zone Asia/Shanghai (UTC+8). USD is quoted 7.10 on 10 January and 7.20 on 15 January 2024.
"""

from __future__ import annotations

from typing import Any

import duckdb

from orchestration.lib.contract import LINEAGE, load_contract
from tests.unit.factory_case import FACTORY
from tests.unit.sales_case import SELLING

Row = dict[str, Any]

MARKET: dict[str, list[Row]] = {
    "channel": [
        {"channel_id": "crm:paid", "name": "Paid search", "channel_group": "paid_online", "is_paid": True},
        {"channel_id": "crm:show", "name": "Trade show", "channel_group": "trade_show", "is_paid": True},
    ],
    "campaign": [
        {"campaign_id": "crm:c1", "name": "Search 2024", "channel_id": "crm:paid", "objective": "acquisition"},
        {"campaign_id": "crm:c2", "name": "Medica", "channel_id": "crm:show", "objective": "acquisition"},
    ],
    "marketing_spend": [
        # the same bill in the accounts (no campaign) and in marketing's list: one cost, the row with the campaign stays
        {"spend_id": "erp:77", "document_no": "B1", "spent_on": "2024-01-05", "amount": "100.00", "currency": "CNY"},
        {
            "spend_id": "crm:s1",
            "document_no": "B1",
            "spent_on": "2024-01-05",
            "amount": "100.00",
            "currency": "RMB",
            "campaign_id": "crm:c1",
        },
        # two equal rows of one bill in one source are two costs
        {
            "spend_id": "crm:s2",
            "document_no": "B2",
            "spent_on": "2024-01-12",
            "amount": "10.00",
            "tax_amount": "0.60",
            "currency": "usd",
            "channel_id": "crm:show",
            "service_from": "2024-01-10",
            "service_to": "2024-02-10",
            "cost_type": "booth",
        },
        {"spend_id": "crm:s3", "document_no": "B2", "spent_on": "2024-01-12", "amount": "10.00", "currency": "USD"},
    ],
    "contact": [
        {"contact_id": "crm:p1", "phone": "tok_phone_2", "email": "tok_email_2", "customer_id": "crm:K1"},
        {"contact_id": "crm:p2", "phone": "tok_phone_77", "customer_id": "erp:C2"},
    ],
    "lead": [
        # one person by phone, then by e-mail, never more than 30 days apart: L1
        {"lead_id": "crm:L1", "created_at": "2024-01-01 10:00", "phone": "p1", "email": "e1", "campaign_id": "crm:c1"},
        {
            "lead_id": "crm:L2",
            "created_at": "2024-01-20 10:00",
            "phone": "p1",
            "channel_id": "crm:show",
            "mql_at": "2024-01-25 01:00",
        },
        {"lead_id": "crm:L3", "created_at": "2024-02-15 10:00", "email": "e1"},
        # the same person 46 days later: a new intent
        {"lead_id": "crm:L4", "created_at": "2024-04-01 01:00", "phone": "p1"},
        # a test lead merges with nobody
        {"lead_id": "crm:L5", "created_at": "2024-01-02 10:00", "phone": "p1", "status": "test"},
        # L7 and L8 share nothing with each other, but both with L6
        {"lead_id": "crm:L6", "created_at": "2024-01-03 10:00", "phone": "p9", "email": "e8"},
        {"lead_id": "crm:L7", "created_at": "2024-01-01 11:00", "phone": "p9"},
        {"lead_id": "crm:L8", "created_at": "2024-01-05 10:00", "email": "e8", "channel_id": "crm:show"},
        # 01:00 on 1 April in Shanghai
        {"lead_id": "crm:L9", "created_at": "2024-03-31 17:00", "channel_id": "mkt:organic"},
        {"lead_id": "crm:L10", "created_at": "2024-01-03 10:00"},
        # exactly 30 days apart is still one lead, 31 is not
        {"lead_id": "crm:L11", "created_at": "2024-02-01 10:00", "phone": "p30", "status": "qualified"},
        {"lead_id": "crm:L12", "created_at": "2024-03-02 10:00", "phone": "p30"},
        {"lead_id": "crm:L13", "created_at": "2024-04-02 10:00", "phone": "p30", "contact_id": "crm:p9"},
        # its phone belongs to a contact of account C2
        {"lead_id": "crm:L14", "created_at": "2024-02-05 10:00", "phone": "tok_phone_77"},
    ],
    "touchpoint": [
        {
            "touchpoint_id": "crm:t1",
            "account_id": "erp:C1",
            "utm_source": "baidu",
            "utm_term": "pump",
            "form": "demo",
            "campaign_id": "crm:c1",
            "touched_at": "2024-01-03 10:00",
            "lead_id": "crm:L2",
            "touch_type": "click",
        },
        # the same campaign, account and day, another person, known by date only
        {
            "touchpoint_id": "crm:t2",
            "contact_id": "crm:p1",
            "campaign_id": "crm:c1",
            "touched_at": "2024-01-02 16:00",
            "precision": "date",
        },
        # 4 January in Shanghai, known by date only: counts at its last microsecond
        {
            "touchpoint_id": "crm:t3",
            "contact_id": "crm:p1",
            "campaign_id": "crm:c2",
            "touched_at": "2024-01-03 16:00",
            "precision": "date",
        },
    ],
}

SALES: dict[str, list[Row]] = {
    "customer": [
        {"customer_id": "erp:C1", "name": "Acme Medical", "tax_id": "91 310-A", "created_at": "2020-01-01 00:00"},
        {"customer_id": "crm:K1", "name": " ACME  medical", "created_at": "2023-01-01 00:00"},
        {"customer_id": "erp:C2", "name": "Beta", "tax_id": "91310B", "created_at": "2021-01-01 00:00"},
        {"customer_id": "crm:K2", "name": "Beta Ltd", "tax_id": "91310b", "created_at": "2022-01-01 00:00"},
        # two tax ids carry this name, so a customer without a tax id that bears it stays alone
        {"customer_id": "erp:C4", "name": "Gamma", "tax_id": "G1"},
        {"customer_id": "erp:C5", "name": "Gamma", "tax_id": "G2"},
        {"customer_id": "crm:K5", "name": "gamma"},
    ],
    "product": [
        {
            "product_id": "erp:P1",
            "name": "Pump",
            "standard_cost": "10",
            "currency": "CNY",
            "work_centre": "assembly",
            "standard_hours": "2.5",
        },
        {"product_id": "erp:P2", "name": "Monitor", "standard_cost": "99", "currency": "CNY"},
        {"product_id": "erp:P3", "name": "Probe", "standard_cost": "100", "currency": "JPY"},
    ],
    "opportunity": [
        {
            "opportunity_id": "crm:O1",
            "lead_id": "crm:L2",
            "customer_id": "crm:K1",
            "created_at": "2024-01-08 01:00",
            "closed_at": "2024-01-12 01:00",
            "is_won": True,
            "amount": "300.00",
            "currency": "USD",
        },
        {"opportunity_id": "crm:O2", "lead_id": "crm:L4", "created_at": "2024-04-01 02:00", "is_won": False},
        {
            "opportunity_id": "crm:O3",
            "lead_id": "crm:L8",
            "created_at": "2024-01-06 01:00",
            "is_won": False,
            "closed_at": "2024-01-09 01:00",
        },
        # won two days before the lead was first in contact
        {
            "opportunity_id": "mkt:M1",
            "lead_id": "crm:L10",
            "customer_id": "shop:S1",
            "created_at": "2024-01-01 01:00",
            "closed_at": "2024-01-01 09:00",
            "is_won": True,
        },
    ],
    "sales_order": [
        {
            "order_id": "erp:SO1",
            "customer_id": "erp:C1",
            "opportunity_id": "crm:O1",
            "quote_id": "crm:q2",
            "distributor_id": "erp:D2",
            "ordered_at": "2024-01-12 02:00",
            "confirmed_at": "2024-01-12 03:00",
            "currency": "USD",
            "status": "confirmed",
        },
        {
            "order_id": "erp:SO2",
            "customer_id": "erp:C1",
            "ordered_at": "2024-01-02 02:00",
            "currency": "CNY",
            "status": "draft",
        },
        {
            "order_id": "erp:SO3",
            "customer_id": "erp:C1",
            "ordered_at": "2024-01-03 02:00",
            "currency": "CNY",
            "status": "closed",
            "is_sample": True,
        },
        {
            "order_id": "erp:SO4",
            "customer_id": "crm:K1",
            "distributor_id": "erp:D1",
            "ordered_at": "2024-01-30 02:00",
            "currency": "CNY",
            "status": "closed",
        },
        {
            "order_id": "erp:SO5",
            "customer_id": "erp:C2",
            "quote_id": "crm:q4",
            "distributor_id": "erp:D1",
            "ordered_at": "2024-01-30 02:00",
            "currency": "CNY",
            "status": "cancelled",
        },
        # its lines sum to nothing: it makes nobody a customer
        {
            "order_id": "erp:SO6",
            "customer_id": "erp:C2",
            "ordered_at": "2024-02-01 02:00",
            "currency": "CNY",
            "status": "confirmed",
            "campaign_id": "crm:c2",
        },
        {
            "order_id": "erp:SO7",
            "customer_id": "crm:K2",
            "ordered_at": "2024-02-02 02:00",
            "currency": "CNY",
            "status": "confirmed",
        },
        # no rate for yen
        {
            "order_id": "erp:SO8",
            "customer_id": "erp:C4",
            "distributor_id": "erp:D2",
            "ordered_at": "2024-02-02 02:00",
            "currency": "JPY",
            "status": "confirmed",
        },
        # no order of this source ever names an opportunity
        {
            "order_id": "shop:X1",
            "customer_id": "shop:S1",
            "ordered_at": "2024-01-06 02:00",
            "currency": "CNY",
            "status": "closed",
        },
    ],
    "sales_order_line": [
        {
            "order_line_id": "erp:SL1",
            "order_id": "erp:SO1",
            "line_no": 1,
            "product_id": "erp:P1",
            "quantity": "3",
            "list_price": "40",
            "net_amount": "100.00",
            "promised_on": "2024-01-20",
            "revised_promised_on": "2024-01-31",
        },
        {
            "order_line_id": "erp:SL2",
            "order_id": "erp:SO1",
            "line_no": 2,
            "product_id": "erp:P2",
            "quantity": "1",
            "list_price": "250",
            "net_amount": "200.01",
            "promised_on": "2024-01-20",
        },
        {
            "order_line_id": "erp:SL3",
            "order_id": "erp:SO4",
            "line_no": 1,
            "product_id": "erp:P1",
            "quantity": "5",
            "net_amount": "50.00",
            "promised_on": "2024-03-01",
        },
        {
            "order_line_id": "erp:SL4",
            "order_id": "erp:SO3",
            "line_no": 1,
            "product_id": "erp:P1",
            "quantity": "1",
            "net_amount": "0.00",
            "promised_on": "2024-01-10",
        },
        {"order_line_id": "erp:SL5", "order_id": "erp:SO5", "line_no": 1, "quantity": "1", "net_amount": "70.00"},
        {"order_line_id": "erp:SL6", "order_id": "erp:SO6", "line_no": 1, "quantity": "1", "net_amount": "0.00"},
        {
            "order_line_id": "erp:SL7",
            "order_id": "erp:SO7",
            "line_no": 1,
            "quantity": "1",
            "list_price": "12.5",
            "unit_price": "10.000001",
            "discount": "0.2",
            "tax_rate": "0.13",
            "tax_amount": "1.30",
            "net_amount": "10.00",
            "promised_on": "2024-12-31",
        },
        {
            "order_line_id": "erp:SL8",
            "order_id": "erp:SO8",
            "line_no": 1,
            "product_id": "erp:P3",
            "quantity": "1",
            "net_amount": "9000.00",
        },
        {"order_line_id": "shop:XL1", "order_id": "shop:X1", "line_no": 1, "quantity": "1", "net_amount": "25.00"},
    ],
}

DELIVERY: dict[str, list[Row]] = {
    "production_order": [
        {
            "production_order_id": "mes:W1",
            "product_id": "erp:P2",
            "lot_no": "LOT2",
            "planned_start_on": "2024-01-02",
            "planned_finish_on": "2024-01-10",
            "started_at": "2024-01-02 01:00",
            "finished_at": "2024-01-11 01:00",
            "quantity_planned": "10",
            "quantity_finished": "8",
            "quantity_scrapped": "2",
            "material_cost": "700",
            "labour_cost": "250.00",
            "overhead_cost": "50.00",
            "currency": "CNY",
        },
    ],
    "quality_inspection": [
        {
            "inspection_id": "qms:Q1",
            "production_order_id": "mes:W1",
            "kind": "final",
            "step": "release",
            "inspected_at": "2024-01-11 02:00",
            "quantity_inspected": "8",
            "quantity_passed": "7",
            "quantity_reworked": "1",
            "quantity_rejected": "0",
        },
        {
            "inspection_id": "qms:Q2",
            "lot_no": "STEEL9",
            "kind": "incoming",
            "inspected_at": "2024-01-01 02:00",
            "quantity_inspected": "100",
            "quantity_passed": "99",
        },
    ],
    "shipment": [
        {
            "shipment_id": "wms:SH1",
            "order_id": "erp:SO1",
            "shipped_at": "2024-01-19 02:00",
            "delivered_at": "2024-01-21 17:00",
            "carrier": "SF",
            "freight_amount": "10.00",
            "currency": "CNY",
        },
        # 20 January by UTC, but already the 21st in Shanghai
        {"shipment_id": "wms:SH2", "order_id": "erp:SO1", "shipped_at": "2024-01-20 18:00"},
    ],
    "shipment_line": [
        {"shipment_line_id": "wms:1", "shipment_id": "wms:SH1", "order_line_id": "erp:SL1", "quantity": "2"},
        {
            "shipment_line_id": "wms:2",
            "shipment_id": "wms:SH1",
            "order_line_id": "erp:SL2",
            "quantity": "1",
            "lot_no": "LOT2",
            "serial_no": "SN2",
        },
        {"shipment_line_id": "wms:3", "shipment_id": "wms:SH2", "order_line_id": "erp:SL1", "quantity": "1"},
    ],
    "service_ticket": [
        {
            "ticket_id": "svc:1",
            "kind": "repair",
            "serial_no": "SN2",
            "opened_at": "2024-03-01 02:00",
            "parts_cost": "5.00",
            "recovered_amount": "1.00",
            "currency": "CNY",
            "is_warranty": True,
        },
    ],
    "order_cost": [
        {
            "order_cost_id": "fin:1",
            "document_no": "K-1",
            "order_id": "erp:SO1",
            "kind": "commission",
            "incurred_on": "2024-02-01",
            "amount": "1.00",
            "currency": "CNY",
        },
        {
            "order_cost_id": "fin:2",
            "order_line_id": "erp:SL3",
            "kind": "rebate",
            "incurred_on": "2024-02-01",
            "amount": "2.00",
            "currency": "CNY",
        },
        {
            "order_cost_id": "fin:3",
            "kind": "bad_debt",
            "incurred_on": "2024-02-01",
            "amount": "9.00",
            "currency": "CNY",
        },
    ],
}

MONEY: dict[str, list[Row]] = {
    "exchange_rate": [
        {"rate_id": "fx:1", "from_currency": "USD", "to_currency": "CNY", "rate_date": "2024-01-10", "rate": "7.1"},
        {"rate_id": "fx:2", "from_currency": "USD", "to_currency": "CNY", "rate_date": "2024-01-15", "rate": "7.2"},
        {"rate_id": "fx:3", "from_currency": "CNY", "to_currency": "EUR", "rate_date": "2024-01-10", "rate": "0.125"},
    ],
    "invoice": [
        {
            "invoice_id": "erp:I1",
            "document_no": "INV1",
            "order_id": "erp:SO1",
            "customer_id": "erp:C1",
            "kind": "invoice",
            "invoiced_on": "2024-01-16",
            "due_on": "2024-01-17",
            "net_amount": "300.01",
            "tax_amount": "39.00",
            "currency": "USD",
        },
        # the same invoice as finance has it, without order and lines
        {
            "invoice_id": "fin:900",
            "document_no": "INV1",
            "kind": "invoice",
            "invoiced_on": "2024-01-16",
            "net_amount": "300.01",
            "tax_amount": "39.00",
            "currency": "USD",
        },
        # no dollar rate is near 20 February, and no order is named: both come from the invoice it reverses
        {
            "invoice_id": "erp:CN1",
            "kind": "credit_note",
            "invoiced_on": "2024-02-20",
            "net_amount": "-100.00",
            "tax_amount": "-13.00",
            "currency": "USD",
            "reverses_invoice_id": "fin:900",
        },
        {
            "invoice_id": "erp:I2",
            "order_id": "erp:SO4",
            "kind": "invoice",
            "invoiced_on": "2024-02-01",
            "net_amount": "50.00",
            "tax_amount": "6.50",
            "currency": "CNY",
        },
    ],
    "invoice_line": [
        {
            "invoice_line_id": "erp:IL1",
            "invoice_id": "erp:I1",
            "order_line_id": "erp:SL1",
            "product_id": "erp:P1",
            "quantity": "3",
            "net_amount": "100.00",
            "tax_amount": "13.00",
            "cost_amount": "50.00",
        },
        {
            "invoice_line_id": "erp:IL2",
            "invoice_id": "erp:I1",
            "product_id": "erp:P2",
            "quantity": "1",
            "net_amount": "200.01",
            "tax_amount": "26.00",
        },
        {
            "invoice_line_id": "erp:CL1",
            "invoice_id": "erp:CN1",
            "product_id": "erp:P1",
            "quantity": "3",
            "net_amount": "-100.00",
            "tax_amount": "-13.00",
        },
    ],
    "payment": [
        {
            "payment_id": "erp:R1",
            "document_no": "D1",
            "customer_id": "erp:C1",
            "paid_on": "2024-01-17",
            "amount": "100.00",
            "currency": "USD",
        },
        {"payment_id": "bank:55", "document_no": "D1", "paid_on": "2024-01-17", "amount": "100.00", "currency": "USD"},
        {
            "payment_id": "erp:R2",
            "customer_id": "erp:C1",
            "paid_on": "2024-01-18",
            "amount": "239.01",
            "currency": "USD",
        },
        {
            "payment_id": "erp:R3",
            "customer_id": "erp:C1",
            "paid_on": "2024-02-25",
            "amount": "-113.00",
            "currency": "USD",
        },
    ],
    "payment_allocation": [
        {"allocation_id": "erp:A1", "payment_id": "erp:R1", "invoice_id": "erp:I1", "amount": "100.00"},
        {"allocation_id": "erp:A2", "payment_id": "erp:R2", "invoice_id": "fin:900", "amount": "239.01"},
        {"allocation_id": "erp:A3", "payment_id": "erp:R3", "invoice_id": "erp:CN1", "amount": "-113.00"},
    ],
}

COMPANY: dict[str, list[Row]] = MARKET | SALES | DELIVERY | MONEY | SELLING
COMPANY |= {entity: [*COMPANY.get(entity, []), *rows] for entity, rows in FACTORY.items()}


def write_canonical(connection: duckdb.DuckDBPyConnection, rows: dict[str, list[Row]]) -> None:
    """Make every canonical table of the contract and fill those that ``rows`` names; what a row leaves out is NULL."""
    connection.execute("create schema canonical")
    for entity in load_contract().entities.values():
        columns = [f'"{name}" {column.sql_type}' for name, column in entity.columns.items()]
        columns += [f"{name} {sql_type}" for name, sql_type in LINEAGE.items()]
        connection.execute(f"create table canonical.{entity.name} ({', '.join(columns)})")
        for number, row in enumerate(rows.get(entity.name, []), start=2):
            source = row[entity.key].split(":")[0]
            filled = row | {
                "source_system": source, "source_object": entity.name, "source_file": f"{entity.name}.csv",
                "source_row": number, "source_sha256": "0" * 64, "ingest_id": f"{source}.{entity.name}.000000000000",
            }  # fmt: skip
            names = ", ".join(f'"{name}"' for name in filled)
            marks = ", ".join("?" for _ in filled)
            connection.execute(f"insert into canonical.{entity.name} ({names}) values ({marks})", list(filled.values()))
