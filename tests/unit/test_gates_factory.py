"""The checks of production, delivery, service, stock and the books find the fault planted for them; the sound company
has none."""

from __future__ import annotations

from decimal import Decimal

import duckdb
import pytest

from expectations import registry
from orchestration.lib.settings import Settings
from tests.unit.gate_faults_case import Fault, copy_row, found_and_named, sound, violations, warehouse

__all__ = ["sound", "warehouse"]  # fixtures: the same company as for all other checks

FAULTS = [
    # ---- production and inspection
    Fault(
        "loops.reconciliation.inspection_quantities",
        "update intermediate.int_inspection set quantity_passed = 9.5",
        "qms:q1",
        ("quality_inspection.csv", 2),
        "9.5000 + 1.0000 > 10.0000",
    ),
    Fault(
        "loops.reconciliation.inspection_rework",
        "update intermediate.int_inspection set quantity_passed = 9",
        "qms:q1",
        ("quality_inspection.csv", 2),
        "9.0000 + 1.0000 + 1.0000 > 10.0000",
    ),
    Fault(
        "loops.reconciliation.production_overrun",
        "update intermediate.int_production_order set quantity_finished = 11.0001",
        "mes:w1",
        ("production_order.csv", 2),
        "11.0001 > 10.0000 + 0.1",
    ),
    Fault(
        "loops.reconciliation.sign_production_order",
        "update staging.stg_production_order set labour_cost = -0.01",
        "mes:w1",
        ("production_order.csv", 2),
        "labour_cost = -0.01 < 0",
    ),
    Fault(
        "loops.reconciliation.sign_sales_return",
        "update staging.stg_sales_return set amount = -1000",
        "erp:rt1",
        ("sales_return.csv", 2),
        "amount = -1000.00 < 0",
    ),
    Fault(
        "loops.reconciliation.lot_of_two_products",
        copy_row("intermediate.int_production_order", "true", production_order_id="'mes:w9'", product_id="'erp:p9'"),
        "mes:w9",
        ("production_order.csv", 2),
        "lot_no = L1: erp:p9 <> erp:p1",
    ),
    Fault(
        "loops.reconciliation.lot_cost",
        "update marts.lot_facts set production_cost = 600.01",
        "erp:p1|L1",
        ("production_order.csv", 2),
        "600.00 <> 600.01",
    ),
    Fault(
        "staging.currency.rate_production_order",
        "update intermediate.int_production_order set currency = 'EUR', rate = null, has_rate = false",
        "mes:w1",
        ("production_order.csv", 2),
        "EUR -> CNY @ 2026-03-15: rate = NULL",
    ),
    Fault(
        "staging.time.order_started_inspected",
        "update staging.stg_quality_inspection set inspected_at = timestamp '2026-03-02 02:00:00'",
        "qms:q1",
        ("quality_inspection.csv", 2),
        "started_at = 2026-03-03 > inspected_at = 2026-03-02",
    ),
    # ---- stock and capacity
    Fault(
        "loops.reconciliation.inventory_negative",
        "update intermediate.int_inventory_snapshot set quantity = -0.5",
        "wms:s1",
        ("inventory_snapshot.csv", 2),
        "quantity = -0.5000, value = 300.00",
    ),
    Fault(
        "staging.dedup.inventory_repeated",
        copy_row(
            "intermediate.int_inventory_snapshot", "true", inventory_snapshot_id="'wms:s9'", source_file="'again.csv'"
        ),
        "wms:s9",
        ("again.csv", 2),
        "erp:p1, A, fg, 2026-06-30, 5.0000, 300.00: also wms:s1",
    ),
    Fault(
        "staging.dedup.capacity_repeated",
        copy_row("staging.stg_capacity", "true", capacity_id="'mes:k9'", month="date '2026-06-15'", source_row="9"),
        "mes:k9",
        ("capacity.csv", 9),
        "640.0000: also mes:k1",
    ),
    Fault(
        "loops.reconciliation.hours_unknown",
        "update staging.stg_product set standard_hours = null",
        "mes:w1",
        ("production_order.csv", 2),
        "erp:p1 @ assembly: standard_hours = NULL",
    ),
    Fault(
        "loops.reconciliation.capacity_unknown",
        "update staging.stg_product set work_centre = 'Assembly 1'",
        "erp:p1",
        ("product.csv", 2),
        "work_centre = Assembly 1",
    ),
    Fault(
        "loops.reconciliation.fan_out_capacity_facts",
        "delete from marts.capacity_facts",
        "mes:k1",
        ("capacity.csv", 2),
        "rows = 1 -> 0",
    ),
    # ---- delivery
    Fault(
        "loops.reconciliation.shipped_ordered",
        "update intermediate.int_shipment_line set quantity = 10.5",
        "erp:so1-1",
        ("sales_order_line.csv", 2),
        "10.5000 > 10.0000",
    ),
    Fault(
        "loops.reconciliation.returned_shipped",
        "update intermediate.int_sales_return set quantity = 10.5",
        "erp:rt1",
        ("sales_return.csv", 2),
        "10.5000 > 10.0000",
    ),
    Fault(  # nothing of that line was ever shipped
        "loops.reconciliation.returned_shipped",
        "update intermediate.int_sales_return set order_line_id = 'erp:so2-1', quantity = 1",
        "erp:rt1",
        ("sales_return.csv", 2),
        "1.0000 > 0",
    ),
    Fault(
        "loops.reconciliation.shipped_lot",
        "update marts.shipment_line_facts set lot_no = 'L2'",
        "erp:sh1-1",
        ("shipment_line.csv", 2),
        "erp:p1, lot_no = L2",
    ),
    Fault(
        "loops.reconciliation.serial_shipped_twice",
        copy_row("intermediate.int_shipment_line", "true", shipment_line_id="'erp:sh9'", order_line_id="'erp:so2-1'"),
        "erp:sh9",
        ("shipment_line.csv", 2),
        "serial_no = SN1: erp:so2-1 <> erp:so1-1",
    ),
    Fault(
        "loops.reconciliation.shipment_lines",
        "update intermediate.int_shipment set line_count = 0",
        "erp:sh1",
        ("shipment.csv", 2),
        "lines = 0",
    ),
    Fault(
        "loops.reconciliation.shipment_order",
        "update intermediate.int_shipment_line set order_id = 'erp:so2'",
        "erp:sh1-1",
        ("shipment_line.csv", 2),
        "erp:so2 <> erp:so1",
    ),
    Fault(
        "loops.reconciliation.shipment_shared",
        "update marts.shipment_facts set freight = 80",
        "erp:sh1",
        ("shipment.csv", 2),
        "80.00 <> 0",
    ),
    Fault(
        "staging.time.order_shipped_returned",
        "update staging.stg_sales_return set returned_at = timestamp '2026-03-19 02:00:00'",
        "erp:rt1",
        ("sales_return.csv", 2),
        "shipped_at = 2026-03-20 > returned_at = 2026-03-19",
    ),
    # ---- service and costs
    Fault(
        "loops.reconciliation.ticket_shared",
        "update marts.ticket_facts set net_cost = 10.01",
        "svc:t1",
        ("service_ticket.csv", 2),
        "10.01 <> 10.00",
    ),
    Fault(
        "staging.time.order_ordered_ticket",
        "update staging.stg_service_ticket set opened_at = timestamp '2026-03-04 02:00:00'",
        "svc:t1",
        ("service_ticket.csv", 2),
        "ordered_at = 2026-03-05 > opened_at = 2026-03-04",
    ),
    Fault(
        "loops.reconciliation.cost_of_no_order",
        "update intermediate.int_order_cost set order_id = null",
        "fin:c1",
        ("order_cost.csv", 2),
        "commission 3.00: order_id = NULL",
    ),
    # ---- the books
    Fault(  # 0.5 % of 7600.00 is 38.00
        "loops.reconciliation.ledger_marketing_expense",
        "update marts.ledger_tie_out set own_amount = 7561.99, difference = 38.01 where account = 'marketing_expense'",
        "marketing_expense|2026-01-01",
        ("ledger_balance.csv", 2),
        "7600.00 - 7561.99 = 38.01 > 0.005",
    ),
    Fault(
        "loops.reconciliation.ledger_revenue",
        "update marts.ledger_tie_out set own_amount = 1005.01, difference = -5.01 where account = 'revenue'",
        "revenue|2026-03-01",
        ("ledger_balance.csv", 3),
        "1000.00 - 1005.01 = -5.01",
    ),
    Fault(  # books of nothing tolerate nothing
        "loops.reconciliation.ledger_receivable",
        "update marts.ledger_tie_out set book_amount = 0, own_amount = 0.01, difference = -0.01 "
        "where account = 'receivable' and month = date '2026-04-01'",
        "receivable|2026-04-01",
        ("ledger_balance.csv", 5),
        "0.00 - 0.01 = -0.01",
    ),
    Fault(
        "loops.reconciliation.ledger_months",
        "update marts.ledger_tie_out set month = date '2026-06-01' where month = date '2026-04-01'",
        "receivable|2026-04-01",
        ("ledger_balance.csv", 5),
        "receivable: 2026-03-01 … 2026-06-01",
    ),
    Fault(
        "staging.dedup.ledger_source",
        copy_row("intermediate.int_ledger_balance", "balance_id = 'fin:b1'", balance_id="'gl:1'", source_system="'gl'"),
        "gl:1",
        ("ledger_balance.csv", 2),
        "marketing_expense 2026-01-01: gl and fin",
    ),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.check)
def test_planted_fault_is_found_and_named(warehouse: duckdb.DuckDBPyConnection, fault: Fault) -> None:
    found_and_named(warehouse, fault)


def test_an_open_month_is_not_judged_and_the_tolerance_is_a_setting(warehouse: duckdb.DuckDBPyConnection) -> None:
    check = "loops.reconciliation.ledger_marketing_expense"
    settings = Settings()
    strict = settings.model_copy(
        update={"gates": settings.gates.model_copy(update={"ledger_tolerance": Decimal("0.000001")})}
    )
    # the cent of the sound company: 0.01 ÷ 7600.00 is more than one in a million
    assert [row[0] for row in violations(warehouse, check, strict)] == ["marketing_expense|2026-01-01"]
    warehouse.begin()
    try:
        warehouse.execute("update marts.ledger_tie_out set is_closed = false")
        assert violations(warehouse, check, strict) == []
    finally:
        warehouse.rollback()


def test_only_a_gap_in_marketing_expense_stops_the_run() -> None:
    severities = {
        account: registry.check(f"loops.reconciliation.ledger_{account}").severity_under(Settings())
        for account in ("marketing_expense", "revenue", "receivable")
    }
    assert severities == {"marketing_expense": "block", "revenue": "warn", "receivable": "warn"}
