"""The marts of production, delivery, service, stock and the books on the hand-made company (loops_case.py,
factory_case.py).

Every expected figure is worked out by hand from the rows there; the comments show how. It is looked at on 2 April 2024.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import duckdb

from tests.unit.test_dbt_loops import row, rows, warehouse

__all__ = ["warehouse"]  # the fixture: the same company, built once for all files
D = Decimal
Connection = duckdb.DuckDBPyConnection


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


# ---- production and quality ---------------------------------------------------------------------------------------


def test_a_production_order_has_its_delays_and_its_cost(warehouse: Connection) -> None:
    columns = (
        "production_order_id, order_id, lot_id, started_on, finished_on, is_finished, cycle_days, start_delay_days,"
        " finish_delay_days"
    )
    assert rows(warehouse, f"select {columns} from marts.production_order_facts order by 1") == [
        ("mes:W1", None, "erp:P2|LOT2", day("2024-01-02"), day("2024-01-11"), True, 9, 0, 1),
        # 10 and 16 January in Shanghai
        ("mes:W2", "erp:SO4", "erp:P1|LOT1", day("2024-01-10"), day("2024-01-16"), True, 6, 2, 4),
        ("mes:W3", None, "erp:P2|mes:W3", None, None, False, None, 32, 13),  # still waiting on 2 April
    ]
    columns = "cost_amount, rate_id, material_cost, labour_cost, overhead_cost, total_cost"
    assert row(
        warehouse, f"select {columns} from marts.production_order_facts where production_order_id = 'mes:W2'"
    ) == (
        # at 7.2: 72.144, 2.304, 0.792, and 75.24 for all of it at once
        D("10.45"), "fx:2", D("72.14"), D("2.30"), D("0.79"), D("75.24"),
    )  # fmt: skip


def test_an_inspection_finds_its_lot_and_its_first_pass(warehouse: Connection) -> None:
    columns = "inspection_id, lot_no, lot_id, product_id, step, inspected_on, quantity_first_pass, defect_code"
    assert rows(warehouse, f"select {columns} from marts.inspection_facts order by 1") == [
        ("qms:Q1", "LOT2", "erp:P2|LOT2", "erp:P2", "release", day("2024-01-11"), D(7), None),
        ("qms:Q2", "STEEL9", "|STEEL9", None, None, day("2024-01-01"), D(99), None),
        # four passed, of which one was reworked; the 17th in Shanghai
        ("qms:Q3", "LOT1", "erp:P1|LOT1", "erp:P1", "welding", day("2024-01-17"), D(3), "D07"),
        ("qms:Q4", None, "erp:P2|mes:W3", "erp:P2", None, day("2024-03-20"), None, None),
    ]
    assert row(warehouse, "select quantity_passed, quantity_first_pass from marts.lot_facts where lot_no = 'LOT1'") == (
        D(4),
        D(3),
    )


# ---- delivery and service -----------------------------------------------------------------------------------------


def test_a_shipment_is_in_transit_until_it_arrives(warehouse: Connection) -> None:
    columns = "shipment_id, order_id, account_id, shipped_on, delivered_on, transit_days, carrier, line_count"
    assert rows(warehouse, f"select {columns}, quantity, freight from marts.shipment_facts order by 1") == [
        ("wms:SH1", "erp:SO1", "erp:C1", day("2024-01-19"), day("2024-01-22"), 3, "SF", 2, D(3), D("10.00")),
        ("wms:SH2", "erp:SO1", "erp:C1", day("2024-01-21"), None, None, None, 1, D(1), None),
        ("wms:SH3", "shop:X1", "shop:S1", None, day("2024-01-08"), None, "SF", 1, D(1), None),
    ]


def test_a_shipped_unit_can_be_followed_by_lot_serial_number_and_udi(warehouse: Connection) -> None:
    columns = "shipment_line_id, order_id, product_id, account_id, lot_no, lot_id, serial_no, udi_pi, shipped_on"
    assert rows(warehouse, f"select {columns} from marts.shipment_line_facts order by 1") == [
        ("wms:1", "erp:SO1", "erp:P1", "erp:C1", None, None, None, None, day("2024-01-19")),
        ("wms:2", "erp:SO1", "erp:P2", "erp:C1", "LOT2", "erp:P2|LOT2", "SN2", None, day("2024-01-19")),
        ("wms:3", "erp:SO1", "erp:P1", "erp:C1", None, None, None, None, day("2024-01-21")),
        # nobody made that lot
        ("wms:4", "shop:X1", None, "shop:S1", "BOUGHT", None, "SN3", "(11)240101(21)SN3", None),
    ]


def test_a_return_undoes_its_sale_at_the_rate_of_the_sale(warehouse: Connection) -> None:
    columns = "return_id, order_id, product_id, returned_on, days_since_shipped, valued_on, rate_id, amount, reason"
    assert rows(warehouse, f"select {columns} from marts.return_facts order by 1") == [
        # 200.01 × 7.1 of 10 January, which serves the 12th: what was booked
        (
            "wms:RT1", "erp:SO1", "erp:P2", day("2024-02-20"), 32, day("2024-01-12"), "fx:1", D("1420.07"),
            "dead on arrival",
        ),
        ("wms:RT2", None, None, day("2024-03-01"), None, day("2024-03-01"), None, D("5.00"), None),
    ]  # fmt: skip
    booked = "select net_booked from marts.order_line_facts where order_line_id = 'erp:SL2'"
    assert row(warehouse, booked) == (D("1420.07"),)


def test_a_ticket_finds_by_its_serial_number_what_it_leaves_out(warehouse: Connection) -> None:
    columns = "ticket_id, customer_id, account_id, order_id, order_line_id, product_id, lot_no, lot_id"
    assert rows(warehouse, f"select {columns} from marts.ticket_facts order by 1") == [
        ("svc:1", "erp:C1", "erp:C1", "erp:SO1", "erp:SL2", "erp:P2", "LOT2", "erp:P2|LOT2"),
        ("svc:2", "crm:K2", "erp:C2", None, None, "erp:P3", None, None),
        # that serial number went to another order: it tells nothing of this one
        ("svc:3", "crm:K1", "erp:C1", "erp:SO4", None, None, None, None),
    ]
    columns = "ticket_id, opened_on, closed_on, days_open, parts_cost, labour_cost, recovered, net_cost, is_warranty"
    assert rows(warehouse, f"select {columns} from marts.ticket_facts order by 1") == [
        ("svc:1", day("2024-03-01"), None, 32, D("5.00"), None, D("1.00"), D("4.00"), True),
        ("svc:2", day("2024-04-01"), day("2024-04-02"), 1, None, None, None, None, False),
        ("svc:3", day("2024-03-01"), None, 32, None, None, None, None, None),
    ]
    assert row(warehouse, "select ticket_count from marts.lot_facts where lot_no = 'LOT2'") == (1,)


# ---- stock and capacity -------------------------------------------------------------------------------------------


def test_stock_has_its_month_end(warehouse: Connection) -> None:
    columns = "inventory_snapshot_id, month, is_month_end, quantity, value_amount, rate_id, value"
    assert rows(warehouse, f"select {columns} from marts.inventory_facts order by 1") == [
        ("wms:S1", day("2024-01-01"), False, D(9), D("12.50"), "fx:2", D("90.00")),
        ("wms:S2", day("2024-01-01"), True, D(7), D("70.00"), None, D("70.00")),
        ("wms:S3", day("2024-01-01"), True, D(1000), None, None, None),
    ]
    assert row(warehouse, "select name, is_declared from marts.dim_product where product_id = 'erp:P9'") == (
        "P9", False,
    )  # fmt: skip


def test_capacity_stands_on_the_first_of_its_month(warehouse: Connection) -> None:
    assert rows(warehouse, "select work_centre, month, hours_available from marts.capacity_facts") == [
        ("assembly", day("2024-01-01"), D("640.5"))
    ]


def test_hours_of_a_work_centre_are_set_against_what_its_products_take(warehouse: Connection) -> None:
    columns = "month, capacity_gap, hours_available, booked_hours, promised_hours, produced_hours, backlog_hours"
    # 2.5 hours a pump: 3 and 5 ordered in January, promised for January and March, 5 made, 3 sent
    assert rows(
        warehouse,
        f"select {columns}, is_overloaded from marts.work_centre_month where work_centre = 'assembly' order by 1",
    ) == [
        (day("2024-01-01"), "none", D("640.5"), D(20), D("7.5"), D("12.5"), D("12.5"), False),
        (day("2024-02-01"), "no_capacity", None, D(0), D(0), D(0), D("12.5"), None),
        (day("2024-03-01"), "no_capacity", None, D(0), D("12.5"), D(0), D("12.5"), None),
        (day("2024-04-01"), "no_capacity", None, D(0), D(0), D(0), D("12.5"), None),
    ]
    # the monitor names no work centre: one promised, eight made
    assert row(
        warehouse,
        "select capacity_gap, promised_without_hours, produced_without_hours from marts.work_centre_month "
        "where work_centre = 'unknown' and month = date '2024-01-01'",
    ) == ("no_work_centre", D(1), D(8))


# ---- the books ------------------------------------------------------------------------------------------------------


def test_the_books_are_tied_out(warehouse: Connection) -> None:
    columns = "account, month, balance_count, document_count, book_amount, own_amount, difference, is_closed"
    january, february = day("2024-01-01"), day("2024-02-01")
    assert rows(warehouse, f"select {columns} from marts.ledger_tie_out order by 1, 2") == [
        ("cash", january, 1, 0, D("1.00"), None, None, True),
        # 100.00 once, though two sources sent it, and 71.00 twice
        ("marketing_expense", january, 2, 3, D("242.50"), D("242.00"), D("0.50"), True),
        ("receivable", january, 1, 3, D("0.00"), D("0.00"), D("0.00"), True),  # 339.01 USD, paid the next two days
        # the credit note was paid back; 50.00 and its VAT are open
        ("receivable", february, 1, 6, D("60.00"), D("56.50"), D("3.50"), True),
        ("receivable", day("2024-04-01"), 1, 6, D("56.50"), D("56.50"), D("0.00"), False),  # April is not over
        ("revenue", january, 1, 1, D("2160.07"), D("2160.07"), D("0.00"), True),
        ("revenue", february, 1, 2, D("-670.00"), D("-670.00"), D("0.00"), True),  # 50.00 − 720.00
    ]
    share = "select difference_share from marts.ledger_tie_out where account = 'marketing_expense'"
    assert row(warehouse, share) == (D("0.00206186"),)  # 0.50 ÷ 242.50
    assert rows(
        warehouse, "select balance_id, month, book_amount from marts.ledger_balance_facts where account like 'm%'"
        " order by 1",
    ) == [("erp:660102", january, D("200.00")), ("erp:660103", january, D("42.50"))]  # fmt: skip


def test_a_rate_says_who_published_it_and_which_days_it_served(warehouse: Connection) -> None:
    columns = "rate_id, rate, rate_source, is_used, is_inverted, functional_rate, served_from, served_to"
    assert rows(warehouse, f"select {columns} from marts.exchange_rate_facts order by 1") == [
        ("fx:1", D("7.1"), None, True, False, D("7.1"), day("2024-01-10"), day("2024-01-14")),
        ("fx:2", D("7.2"), None, True, False, D("7.2"), day("2024-01-15"), day("2024-01-22")),
        ("fx:3", D("0.125"), None, True, True, D("8"), day("2024-01-10"), day("2024-01-17")),
        ("fx:4", D("0.9"), "ECB", False, None, None, None, None),  # neither side is the functional currency
    ]


def test_documents_keep_their_numbers(warehouse: Connection) -> None:
    assert rows(
        warehouse, "select distinct document_id, document_no from marts.order_cost_facts where document_no is not null"
    ) == [("fin:1", "K-1")]
    assert rows(
        warehouse, "select distinct invoice_id, document_no from marts.invoice_line_facts where document_no is not null"
    ) == [("erp:I1", "INV1")]
    assert rows(
        warehouse, "select distinct payment_id, document_no from marts.payment_facts where document_no is not null"
    ) == [("erp:R1", "D1")]
