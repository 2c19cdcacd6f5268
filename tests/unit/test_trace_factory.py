"""The marts of production, delivery, service, stock and the books are published, and each row is followed to file and
row."""

from __future__ import annotations

import pytest

from orchestration.lib.publish.factory_tables import FACTORY_TABLES
from orchestration.lib.publish.reader import Snapshot
from orchestration.lib.trace import find_documents, follow_document, sources_of
from tests.unit.test_dbt_loops import warehouse
from tests.unit.test_trace_sales import snapshot, traced, workspace

__all__ = ["snapshot", "warehouse", "workspace"]  # fixtures: the company of loops_case.py, published


@pytest.mark.parametrize("table", [table.name for table in FACTORY_TABLES])
def test_every_row_of_a_published_mart_ends_in_a_file(snapshot: Snapshot, table: str) -> None:
    rows = snapshot.rows(f"select * from {table} order by all")
    assert rows, "the company has some of everything"
    for row, found in zip(rows, sources_of(snapshot, rows, table), strict=True):
        own = (row["source_file"], row["source_row"], row["source_sha256"])
        assert own in [
            (one.source.source_file, one.source.source_row, one.source.source_sha256) for one in found if one.source
        ]


@pytest.mark.parametrize(
    ("table", "where", "documents"),
    [
        (
            "production_order_facts",
            "production_order_id = 'mes:W2'",
            {
                ("production_order", "mes:W2"), ("sales_order_line", "erp:SL3"), ("sales_order", "erp:SO4"),
                ("exchange_rate", "fx:2"),
            },
        ),
        (
            "inspection_facts",
            "inspection_id = 'qms:Q1'",
            {("quality_inspection", "qms:Q1"), ("production_order", "mes:W1")},
        ),
        (
            "shipment_line_facts",
            "shipment_line_id = 'wms:2'",
            {
                ("shipment_line", "wms:2"), ("shipment", "wms:SH1"), ("sales_order_line", "erp:SL2"),
                ("sales_order", "erp:SO1"),
            },
        ),
        # a cost of an order: what it is borne of, a shipment or a ticket
        (
            "order_cost_facts",
            "cost_id = 'ticket:svc:1'",
            {("service_ticket", "svc:1"), ("sales_order", "erp:SO1"), ("sales_order_line", "erp:SL2")},
        ),
        ("inventory_facts", "inventory_snapshot_id = 'wms:S2'", {("inventory_snapshot", "wms:S2")}),
        # both lines of the books, and the three costs they are held against
        (
            "ledger_tie_out",
            "account = 'marketing_expense'",
            {
                ("ledger_balance", "erp:660102"), ("ledger_balance", "erp:660103"),
                *(("marketing_spend", f"crm:s{n}") for n in (1, 2, 3)),
            },
        ),
        (
            "ledger_tie_out",
            "account = 'revenue' and month = date '2024-02-01'",
            {("ledger_balance", "erp:R2"), ("invoice", "erp:CN1"), ("invoice", "erp:I2")},
        ),
    ],
)  # fmt: skip
def test_a_row_is_followed_to_its_documents(
    snapshot: Snapshot, table: str, where: str, documents: set[tuple[str, str]]
) -> None:
    [found] = traced(snapshot, table, where)
    assert found - {("row", one) for _, one in found} == documents


def test_a_document_is_followed_to_the_marts(snapshot: Snapshot) -> None:
    [shipment] = find_documents(snapshot, "wms:SH1")
    assert {table: one["count"] for table, one in follow_document(snapshot, shipment).items()} == {
        "shipment_facts": 1, "shipment_line_facts": 2, "order_cost_facts": 2,
    }  # fmt: skip
    [order] = find_documents(snapshot, "mes:W1")
    assert {table: one["count"] for table, one in follow_document(snapshot, order).items()} == {
        "production_order_facts": 1, "inspection_facts": 1, "lot_facts": 1, "lot_origin": 1, "quality_cost": 1,
    }  # fmt: skip
