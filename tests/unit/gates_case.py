"""A small sound company for the gate tests: canonical rows by hand, everything below built by the real dbt project."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from expectations.runner import GateResult, evaluate_gate
from orchestration.lib.attribution.build import build_channel_effect
from orchestration.lib.closing import load_closings
from orchestration.lib.contract import LINEAGE, load_contract
from orchestration.lib.dbt_runner import DbtRunner
from orchestration.lib.identity import build_identity
from orchestration.lib.settings import Settings
from orchestration.lib.workspace import Workspace
from tests.unit.factory_gates_case import FACTORY_ROWS
from tests.unit.sales_gates_case import SALES_ROWS

TODAY = date(2026, 6, 30)
TOKEN = "tok_phone_" + "a" * 32

ROWS: dict[str, list[dict[str, Any]]] = {
    "channel": [{"channel_id": "crm:show", "name": "Show", "channel_group": "trade_show", "is_paid": True}],
    "campaign": [
        {
            "campaign_id": "crm:expo",
            "name": "Expo",
            "channel_id": "crm:show",
            "starts_on": "2026-01-01",
            "ends_on": "2026-01-31",
            "objective": "acquisition",
        }
    ],
    "marketing_spend": [
        {
            "spend_id": "crm:s1",
            "document_no": "B-1",
            "campaign_id": "crm:expo",
            "channel_id": "crm:show",
            "spent_on": "2026-01-10",
            "amount": "1000.00",
            "currency": "USD",
            "cost_type": "booth",
        },
        {
            "spend_id": "crm:s2",
            "campaign_id": "crm:expo",
            "channel_id": "crm:show",
            "spent_on": "2026-01-11",
            "amount": "500.01",
            "currency": "CNY",
            "cost_type": "media",
            "service_from": "2026-01-20",
            "service_to": "2026-02-10",
        },
    ],
    "exchange_rate": [
        {
            "rate_id": "erp:r1",
            "from_currency": "USD",
            "to_currency": "CNY",
            "rate_date": "2026-01-09",
            "rate": "7.10",
        },
        {
            "rate_id": "erp:r2",
            "from_currency": "USD",
            "to_currency": "CNY",
            "rate_date": "2026-03-05",
            "rate": "7.20",
        },
    ],
    "customer": [
        {"customer_id": "erp:c1", "name": "First Hospital", "tax_id": "91-A", "created_at": "2026-01-01 00:00:00"},
        {"customer_id": "crm:c1", "name": "First Hosp.", "tax_id": "91 a", "created_at": "2026-01-02 00:00:00"},
        {"customer_id": "erp:c2", "name": "Second Clinic", "created_at": "2026-01-03 00:00:00"},
    ],
    "lead": [
        {
            "lead_id": "crm:l1",
            "created_at": "2026-01-15 02:00:00",
            "campaign_id": "crm:expo",
            "channel_id": "crm:show",
            "phone": TOKEN,
            "status": "converted",
            "customer_id": "crm:c1",
        },
        {
            "lead_id": "crm:l2",
            "created_at": "2026-01-20 02:00:00",
            "channel_id": "crm:show",
            "phone": TOKEN,
            "status": "new",
        },
        {
            "lead_id": "crm:l3",
            "created_at": "2026-06-01 02:00:00",
            "channel_id": "crm:show",
            "phone": TOKEN,
            "status": "new",
        },
    ],
    "touchpoint": [
        {
            "touchpoint_id": "crm:t1",
            "lead_id": "crm:l1",
            "account_id": "crm:c1",
            "campaign_id": "crm:expo",
            "channel_id": "crm:show",
            "touched_at": "2026-01-12 02:00:00",
            "precision": "exact",
            "touch_type": "booth_scan",
        }
    ],
    "opportunity": [
        {
            "opportunity_id": "crm:o1",
            "lead_id": "crm:l1",
            "customer_id": "crm:c1",
            "created_at": "2026-02-01 02:00:00",
            "stage": "won",
            "amount": "2000.00",
            "currency": "CNY",
            "closed_at": "2026-03-01 02:00:00",
            "is_won": True,
        }
    ],
    "product": [
        {
            "product_id": "erp:p1",
            "name": "Pump",
            "list_price": "110",
            "standard_cost": "60",
            "currency": "CNY",
            "work_centre": "assembly",
            "standard_hours": "1.5",
        }
    ],
    "sales_order": [
        {
            "order_id": "erp:so1",
            "customer_id": "erp:c1",
            "opportunity_id": "crm:o1",
            "quote_id": "crm:q2",
            "distributor_id": "erp:d1",
            "ordered_at": "2026-03-01 02:00:00",
            "confirmed_at": "2026-03-02 02:00:00",
            "currency": "CNY",
            "status": "confirmed",
        },
        {
            "order_id": "erp:so2",
            "customer_id": "erp:c2",
            "ordered_at": "2026-03-05 02:00:00",
            "confirmed_at": "2026-03-05 03:00:00",
            "currency": "USD",
            "status": "confirmed",
        },
    ],
    "sales_order_line": [
        {
            "order_line_id": "erp:so1-1",
            "order_id": "erp:so1",
            "line_no": 1,
            "product_id": "erp:p1",
            "quantity": "10",
            "unit_price": "100",
            "net_amount": "1000.00",
            "tax_rate": "0.13",
            "tax_amount": "130.00",
            "promised_on": "2026-04-01",
        },
        {
            "order_line_id": "erp:so2-1",
            "order_id": "erp:so2",
            "line_no": 1,
            "product_id": "erp:p1",
            "quantity": "1",
            "unit_price": "33.33",
            "net_amount": "33.33",
            "promised_on": "2026-04-01",
        },
    ],
    "shipment": [
        {
            "shipment_id": "erp:sh1",
            "order_id": "erp:so1",
            "shipped_at": "2026-03-20 02:00:00",
            "delivered_at": "2026-03-22 02:00:00",
        }
    ],
    "shipment_line": [
        {
            "shipment_line_id": "erp:sh1-1",
            "shipment_id": "erp:sh1",
            "order_line_id": "erp:so1-1",
            "lot_no": "L1",
            "serial_no": "SN1",
            "quantity": "10",
        }
    ],
    "invoice": [
        {
            "invoice_id": "erp:i1",
            "document_no": "F001",
            "order_id": "erp:so1",
            "customer_id": "erp:c1",
            "kind": "invoice",
            "invoiced_on": "2026-03-21",
            "due_on": "2026-04-21",
            "net_amount": "1000.00",
            "tax_amount": "130.00",
            "currency": "CNY",
        },
        {
            "invoice_id": "erp:i2",
            "document_no": "F002",
            "order_id": "erp:so1",
            "customer_id": "erp:c1",
            "kind": "credit_note",
            "invoiced_on": "2026-05-10",
            "net_amount": "-1000.00",
            "tax_amount": "-130.00",
            "currency": "CNY",
            "reverses_invoice_id": "erp:i1",
        },
    ],
    "invoice_line": [
        {
            "invoice_line_id": "erp:i1-1",
            "invoice_id": "erp:i1",
            "order_line_id": "erp:so1-1",
            "product_id": "erp:p1",
            "quantity": "10",
            "net_amount": "1000.00",
            "tax_amount": "130.00",
            "cost_amount": "600.00",
        },
        {
            "invoice_line_id": "erp:i2-1",
            "invoice_id": "erp:i2",
            "order_line_id": "erp:so1-1",
            "product_id": "erp:p1",
            "quantity": "-10",
            "net_amount": "-1000.00",
            "tax_amount": "-130.00",
            "cost_amount": "-600.00",
        },
    ],
    "payment": [
        {
            "payment_id": "erp:pay1",
            "document_no": "P1",
            "customer_id": "erp:c1",
            "paid_on": "2026-04-20",
            "amount": "500.00",
            "currency": "CNY",
        }
    ],
    "payment_allocation": [
        {"allocation_id": "erp:a1", "payment_id": "erp:pay1", "invoice_id": "erp:i1", "amount": "500.00"}
    ],
    **SALES_ROWS,
    **FACTORY_ROWS,
}
"""What the canonical floor holds; every row is row n + 2 of ``<entity>.csv``."""

_EMPTY = """
create table canonical.quarantine (quarantine_id varchar, source_system varchar, source_object varchar, entity varchar,
  source_file varchar, source_row bigint, source_sha256 varchar, ingest_id varchar, rule_id varchar,
  column_name varchar, raw_value varchar, raw_row varchar, reason_en varchar, reason_zh varchar);
create table canonical.row_account (source_system varchar, source_object varchar, entity varchar, source_file varchar,
  source_sha256 varchar, rows_in bigint, loaded bigint, quarantined bigint, merged bigint, filtered bigint,
  unchanged bigint, filter_reasons varchar);
create table canonical.utm_unmatched (source_system varchar, utm_source varchar);
create table canonical.source_volume (source_system varchar, source_object varchar, source_file varchar,
  content varchar, row_count bigint, previous_row_count bigint, median_row_count bigint, observations bigint,
  acknowledged varchar);
create table canonical.schema_change (source_system varchar, source_object varchar, source_file varchar,
  content varchar, column_name varchar, change varchar, acknowledged varchar);
create table canonical.retyped_column (source_system varchar, source_object varchar, source_file varchar,
  content varchar, column_name varchar, rule_id varchar, unreadable bigint, row_count bigint, proposal_en varchar,
  proposal_zh varchar, acknowledged varchar);
create table canonical.source_freshness (source_system varchar, source_object varchar, batches bigint,
  last_seen_at timestamp, content varchar, days_with_news bigint, usual_gap_days bigint, longest_gap_days bigint,
  acknowledged varchar, expected_hours bigint);
create table canonical.entity_presence (entity varchar, is_mapped boolean, row_count bigint);
"""


class Company:
    """A workspace with a warehouse that can be faulted and asked for a gate's verdict."""

    def __init__(self, root: Path, settings: Settings | None = None) -> None:
        self.workspace = Workspace(root)
        self.settings = settings or Settings()

    @classmethod
    def found(cls, root: Path) -> Company:
        """A new one, its canonical floor filled and nothing else built."""
        (root / ".triloop").mkdir(parents=True)
        (root / "triloop.yml").write_text("company: {name: Test}\n", encoding="utf-8")
        company = cls(root)
        with duckdb.connect(str(company.workspace.warehouse_file)) as connection:
            connection.execute("create schema canonical")
            connection.execute(_EMPTY)
            for entity in load_contract().entities.values():
                columns = ", ".join(f'"{name}" {sql_type}' for name, sql_type in entity.sql_columns.items())
                connection.execute(f"create table canonical.{entity.name} ({columns})")
                rows = ROWS.get(entity.name, [])
                for number, row in enumerate(rows, start=2):
                    _insert(connection, entity.name, row, number)
                connection.execute(
                    "insert into canonical.entity_presence values (?, ?, ?)", [entity.name, bool(rows), len(rows)]
                )
                if rows:
                    connection.execute(
                        "insert into canonical.row_account values (?, ?, ?, ?, 'sha', ?, ?, 0, 0, 0, 0, '')",
                        ["erp", entity.name, entity.name, f"{entity.name}.csv", len(rows), len(rows)],
                    )
        return company

    def copy(self, root: Path, settings: Settings | None = None) -> Company:
        """The same company in another folder, to be harmed there."""
        shutil.copytree(self.workspace.root, root)
        return Company(root, settings or self.settings)

    def execute(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.workspace.warehouse_file)) as connection:
            return connection.execute(sql).fetchall()

    def build(self, floor: str) -> None:
        if floor == "staging":
            build_identity(self.workspace, self.settings.identity)
        if floor == "attribution":
            build_channel_effect(self.workspace, self.settings.attribution)
            load_closings(self.workspace, [])
        DbtRunner(self.workspace, self.settings).run(selector=f"floor_{floor}")

    def gate(self, name: str, build_id: str = "build") -> GateResult:
        return evaluate_gate(self.workspace, self.settings, name, build_id, today=TODAY)


def _insert(connection: duckdb.DuckDBPyConnection, entity: str, row: dict[str, Any], number: int) -> None:
    lineage = {
        "source_system": next(iter(row.values())).split(":")[0],
        "source_object": entity,
        "source_file": f"{entity}.csv",
        "source_row": number,
        "source_sha256": "sha",
        "ingest_id": "i",
        "ingested_at": "2026-06-30 00:00:00",
    }
    assert set(lineage) == set(LINEAGE)
    values = row | lineage
    names = ", ".join(f'"{name}"' for name in values)
    connection.execute(
        f"insert into canonical.{entity} ({names}) values ({', '.join('?' * len(values))})", list(values.values())
    )
