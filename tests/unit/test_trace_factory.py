"""The marts of production, delivery, service, stock and the books are published, and each row is followed to file and
row."""

from __future__ import annotations

from decimal import Decimal

import pytest

from orchestration.lib.publish.factory_tables import FACTORY_TABLES
from orchestration.lib.publish.reader import Snapshot
from orchestration.lib.trace import find_documents, follow_document, sources_of
from tests.unit.test_dbt_loops import ADDED_UP, warehouse
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
        ("repeat_purchase_facts", "account_id = 'erp:C1'", {("sales_order", "erp:SO1"), ("sales_order", "erp:SO4")}),
        ("repeat_purchase_facts", "account_id = 'erp:C2'", {("sales_order", "erp:SO7")}),
        # booked, promised, made, sent and counted in the month; the draft and the cancelled order are not
        (
            "supply_demand_month",
            "month = date '2024-01-01'",
            {
                *(("sales_order_line", line) for line in ("erp:SL1", "erp:SL2", "erp:SL3", "shop:XL1")),
                *(("shipment_line", f"wms:{n}") for n in (1, 2, 3)),
                ("production_order", "mes:W1"), ("production_order", "mes:W2"), ("inventory_snapshot", "wms:S2"),
            },
        ),
        ("supply_demand_month", "month = date '2024-03-01'", {("sales_order_line", "erp:SL3")}),
        # the lines of the cohort, and what came of them in that month
        (
            "quality_cohort",
            "order_month = date '2024-01-01' and months_since_shipped = 1",
            {("sales_order_line", "erp:SL1"), ("sales_order_line", "erp:SL2"), ("sales_return", "wms:RT1")},
        ),
        (
            "quality_cohort",
            "order_month = date '2024-01-01' and months_since_shipped = 2",
            {("sales_order_line", "erp:SL1"), ("sales_order_line", "erp:SL2"), ("service_ticket", "svc:1")},
        ),
        (
            "work_centre_month",
            "work_centre = 'assembly' and month = date '2024-01-01'",
            {
                ("capacity", "mes:K1"), ("product", "erp:P1"), ("production_order", "mes:W2"),
                ("sales_order_line", "erp:SL1"), ("sales_order_line", "erp:SL3"),
                ("shipment_line", "wms:1"), ("shipment_line", "wms:3"),
            },
        ),
        # nothing happened; one line is still open
        (
            "work_centre_month",
            "work_centre = 'assembly' and month = date '2024-02-01'",
            {("sales_order_line", "erp:SL3")},
        ),
        (
            "work_centre_demand_month",
            "hours_gap = 'no_work_centre' and month = date '2024-02-01'",
            {
                ("product", "erp:P3"),
                *(("sales_order_line", line) for line in ("shop:XL1", "erp:SL6", "erp:SL7", "erp:SL8")),
            },
        ),
        # promised for a month to come, where there is no backlog
        (
            "work_centre_demand_month",
            "hours_gap = 'no_work_centre' and month = date '2024-12-01'",
            {("sales_order_line", "erp:SL7")},
        ),
    ],
)  # fmt: skip
def test_a_row_is_followed_to_its_documents(
    snapshot: Snapshot, table: str, where: str, documents: set[tuple[str, str]]
) -> None:
    [found] = traced(snapshot, table, where)
    assert found - {("row", one) for _, one in found} == documents


@pytest.mark.parametrize("table", sorted(ADDED_UP))
def test_a_row_with_something_in_it_ends_in_files(snapshot: Snapshot, table: str) -> None:
    rows = snapshot.rows(f"select * from {table} order by all")
    something = [
        row for row in rows if any(isinstance(value, Decimal) and value for value in row.values()) or "is_repeat" in row
    ]
    assert something
    found = sources_of(snapshot, something, table)
    assert [row for row, documents in zip(something, found, strict=True) if not documents] == []
    assert [one for documents in found for one in documents if one.source is None] == []


def test_a_document_is_followed_to_the_marts(snapshot: Snapshot) -> None:
    [shipment] = find_documents(snapshot, "wms:SH1")
    assert {table: one["count"] for table, one in follow_document(snapshot, shipment).items()} == {
        "shipment_facts": 1, "shipment_line_facts": 2, "order_cost_facts": 2,
    }  # fmt: skip
    [order] = find_documents(snapshot, "mes:W1")
    assert {table: one["count"] for table, one in follow_document(snapshot, order).items()} == {
        "production_order_facts": 1, "inspection_facts": 1, "lot_facts": 1, "lot_origin": 1, "quality_cost": 1,
    }  # fmt: skip
