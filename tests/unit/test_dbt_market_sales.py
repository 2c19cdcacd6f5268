"""The marts of the market, of sales and of the distributors on the hand-made company (loops_case.py, sales_case.py).

Every expected figure is worked out by hand from the rows there; the comments show how.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import duckdb

from tests.unit.test_dbt_loops import row, rows, warehouse

__all__ = ["warehouse"]  # the fixture: the same company, built once for both files
D = Decimal
Connection = duckdb.DuckDBPyConnection


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


# ---- market -----------------------------------------------------------------------------------------------------


def test_touches_are_those_of_the_journeys_with_what_they_carried(warehouse: Connection) -> None:
    columns = "touch_id, lead_id, contact_id, utm_source, utm_term, form, is_implied"
    assert rows(warehouse, f"select {columns} from marts.touch_facts where not is_implied order by 1") == [
        ("crm:t1", "crm:L1", None, "baidu", "pump", "demo", False),  # t2 gave way to it
        ("crm:t3", None, "crm:p1", None, None, None, False),
    ]
    assert row(warehouse, f"select {columns} from marts.touch_facts where touch_id = 'lead:crm:L13'") == (
        "lead:crm:L13", "crm:L13", "crm:p9", None, None, None, True,
    )  # fmt: skip
    assert row(warehouse, "select count(*) from marts.touch_facts") == (9,)  # 2 recorded, 7 leads stand for themselves


def test_a_session_counts_what_fell_into_it(warehouse: Connection) -> None:
    columns = "campaign_session_id, channel_id, starts_on, ends_on, lead_count, touch_count"
    assert rows(warehouse, f"select {columns} from marts.campaign_session_facts order by 1") == [
        ("crm:cs1", "crm:paid", day("2024-01-01"), day("2024-01-01"), 1, 0),  # L1 at its very end
        ("crm:cs2", "crm:paid", day("2024-01-03"), day("2024-01-03"), 0, 1),  # t1 that evening
        ("crm:cs3", "crm:show", day("2024-01-04"), day("2024-01-05"), 0, 1),  # t3, known by its day
        ("mkt:cs4", "unknown", day("2024-01-04"), day("2024-01-04"), 0, 0),
    ]
    assert row(warehouse, "select is_declared from marts.dim_campaign where campaign_id = 'mkt:c9'") == (False,)


def test_hours_and_costs_have_their_channel(warehouse: Connection) -> None:
    assert rows(
        warehouse, "select work_hours_id, channel_id, salesperson_id, hours from marts.work_hours_facts order by 1"
    ) == [("mkt:w1", "crm:show", "crm:E1", D("7.5000")), ("mkt:w2", "unknown", "crm:E2", D("1.0000"))]
    columns = "spend_id, channel_id, cost_type, service_to, amount, tax_amount, amount_functional, tax_functional"
    assert rows(warehouse, f"select {columns} from marts.marketing_spend_facts order by 1") == [
        ("crm:s1", "crm:paid", None, None, D("100.00"), None, D("100.00"), None),
        # 10.00 and 0.60 USD at 7.1
        ("crm:s2", "crm:show", "booth", day("2024-02-10"), D("10.00"), D("0.60"), D("71.00"), D("4.26")),
        ("crm:s3", "unknown", None, None, D("10.00"), None, D("71.00"), None),
    ]


def test_people_that_only_documents_name_are_in_the_dimensions(warehouse: Connection) -> None:
    columns = "contact_id, account_id, customer_id, is_declared"
    assert rows(warehouse, f"select {columns} from marts.dim_contact order by 1") == [
        ("crm:p1", "erp:C1", "crm:K1", True), ("crm:p2", "erp:C2", "erp:C2", True), ("crm:p9", None, None, False),
    ]  # fmt: skip
    assert rows(warehouse, "select salesperson_id, name, is_declared from marts.dim_salesperson order by 1") == [
        ("crm:E1", "Wang", True), ("crm:E2", "E2", False), ("crm:E3", "E3", False),
    ]  # fmt: skip
    held = rows(warehouse, "select column_name from duckdb_columns() where table_name = 'dim_contact'")
    assert not {"name", "phone", "email"} & {name for (name,) in held}


# ---- sales ------------------------------------------------------------------------------------------------------


def test_an_interaction_is_tied_to_lead_opportunity_and_account(warehouse: Connection) -> None:
    columns = "interaction_id, lead_id, opportunity_id, account_id, occurred_on, days_since_created"
    assert rows(warehouse, f"select {columns} from marts.interaction_facts order by 1") == [
        ("crm:i1", "crm:L1", None, "erp:C1", day("2024-01-26"), 25),  # from 1 January, when L1 came
        ("crm:i2", "crm:L1", "crm:O1", "erp:C1", day("2024-01-10"), 2),  # from 8 January, when O1 was opened
        ("crm:i3", None, None, "erp:C2", day("2024-01-10"), None),  # K2 is the account C2
        ("crm:i4", "crm:L5", None, None, day("2024-01-01"), -1),
    ]


def test_a_quote_is_worth_its_amount_or_its_lines_and_one_version_is_the_last(warehouse: Connection) -> None:
    columns = "quote_id, opportunity_id, account_id, amount, is_amount_stated, line_count, line_amount"
    assert rows(warehouse, f"select {columns} from marts.quote_facts order by 1") == [
        ("crm:q1", "crm:O1", "erp:C1", D("400.00"), True, 1, D("399.00")),
        ("crm:q2", "crm:O1", "erp:C1", D("308.10"), False, 3, D("308.10")),  # 108.00 + 200.05 + 0.05
        ("crm:q3", "crm:O1", "erp:C1", D("1000.00"), True, 0, None),
        ("crm:q4", None, "erp:C2", D("5.00"), True, 0, None),
        ("crm:q5", "crm:O3", None, D("7.00"), True, 0, None),
        ("crm:q6", "crm:O3", None, D("8.00"), True, 0, None),
    ]
    columns = "quote_id, amount_functional, line_amount_functional, has_rate, is_latest_version, is_ordered"
    assert rows(warehouse, f"select {columns}, quoted_on, days_to_quote from marts.quote_facts order by 1") == [
        ("crm:q1", D("400.00"), D("399.00"), True, False, False, day("2024-01-09"), 1),
        # 308.10 × 7.1 = 2187.51; 766.80 + 1420.36 + 0.36 line by line
        ("crm:q2", D("2187.51"), D("2187.52"), True, True, True, day("2024-01-11"), 3),
        ("crm:q3", None, None, False, True, False, day("2024-01-09"), 1),
        ("crm:q4", D("5.00"), None, True, True, False, day("2024-01-07"), None),  # a cancelled order does not count
        ("crm:q5", D("7.00"), None, True, True, False, day("2024-01-08"), 2),
        ("crm:q6", D("8.00"), None, True, False, False, day("2024-01-07"), 1),
    ]


def test_a_quote_line_without_an_amount_is_worked_out(warehouse: Connection) -> None:
    columns = "quote_line_id, account_id, product_id, net_amount, is_amount_stated, net_amount_functional, is_ordered"
    assert rows(warehouse, f"select {columns} from marts.quote_line_facts order by 1") == [
        ("crm:q1-1", "erp:C1", "erp:P9", D("399.00"), True, D("399.00"), False),
        ("crm:q2-1", "erp:C1", "erp:P1", D("108.00"), False, D("766.80"), True),  # 3 × 40 × 0.9
        ("crm:q2-2", "erp:C1", "erp:P2", D("200.05"), True, D("1420.36"), True),  # 1420.355
        ("crm:q2-3", "erp:C1", None, D("0.05"), True, D("0.36"), True),
    ]
    assert row(warehouse, "select name, is_declared from marts.dim_product where product_id = 'erp:P9'") == (
        "P9",
        False,
    )


def test_a_stage_history_knows_repeats_returns_and_stays(warehouse: Connection) -> None:
    columns = (
        "stage_event_id, subject_id, sequence, stage, is_entry, is_first_entry, left_at, next_stage, days_in_stage"
    )
    assert rows(
        warehouse, f"select {columns} from marts.stage_event_facts where is_valid order by subject_id, sequence"
    ) == [
        ("crm:e1", "crm:L1", 1, "new", True, True, moment("2024-01-05 10:00"), "contacted", 4),
        ("crm:e2", "crm:L1", 2, "contacted", True, True, moment("2024-01-30 17:00"), "qualified", 26),
        ("crm:e3", "crm:L1", 3, "new", False, False, None, None, None),
        ("crm:e4", "crm:L1", 4, "contacted", False, False, None, None, None),
        ("crm:e5", "crm:L1", 5, "qualified", True, True, moment("2024-02-10 10:00"), "contacted", 10),
        ("crm:e6", "crm:L1", 6, "contacted", True, False, None, None, None),
        ("crm:e7", "crm:O1", 1, "quoting", True, True, moment("2024-01-12 01:00"), "negotiating", 4),
        ("crm:e8", "crm:O1", 2, "quoting", False, False, None, None, None),
        ("crm:e9", "crm:O1", 3, "negotiating", True, True, moment("2024-01-12 01:00"), "closing", 0),
        ("crm:e10", "crm:O1", 4, "closing", True, True, None, None, None),
    ]
    columns = "stage_event_id, subject_id, account_id, exclusion_reason"
    assert rows(warehouse, f"select {columns} from marts.stage_event_facts where not is_valid order by 1") == [
        ("crm:e11", "crm:L5", None, "test"), ("crm:e12", "crm:L99", None, "unknown_subject"),
    ]  # fmt: skip
    assert rows(warehouse, "select distinct account_id from marts.stage_event_facts where is_valid") == [("erp:C1",)]


# ---- distributors -------------------------------------------------------------------------------------------------


def test_a_distributor_that_only_documents_name_is_one(warehouse: Connection) -> None:
    assert rows(warehouse, "select distributor_id, name, is_declared from marts.dim_distributor order by 1") == [
        ("erp:D0", "D0", False), ("erp:D1", "North", True), ("erp:D2", "D2", False), ("erp:D3", "Quiet", True),
    ]  # fmt: skip


def test_sell_out_stands_in_its_month_at_the_rate_of_its_last_day(warehouse: Connection) -> None:
    columns = "sell_out_id, month, valued_on, quantity, amount_functional"
    assert rows(warehouse, f"select {columns} from marts.sell_out_facts order by 1") == [
        ("dms:1", day("2024-01-01"), day("2024-01-31"), D("4.0000"), D("10.00")),
        ("dms:2", day("2024-04-01"), day("2024-04-02"), D("1.5000"), D("3.00")),  # the as-of date: April is not over
    ]


def test_a_distributors_months_have_no_gaps(warehouse: Connection) -> None:
    columns = (
        "distributor_id, month, order_count, net_booked, net_invoiced, contribution, collected, sell_out_quantity,"
        " sell_out_amount"
    )
    none = D("0.00")
    assert rows(warehouse, f"select {columns} from marts.distributor_month order by 1, 2") == [
        ("erp:D1", day("2024-01-01"), 1, D("50.00"), none, none, none, D("4.0000"), D("10.00")),
        # billed, but at a cost nobody knows: no contribution, and the rebate of 2.00 alone is none either
        ("erp:D1", day("2024-02-01"), 0, none, D("50.00"), None, none, None, None),
        ("erp:D1", day("2024-03-01"), 0, none, none, none, none, None, None),
        ("erp:D1", day("2024-04-01"), 0, none, none, none, none, D("1.5000"), D("3.00")),
        # 720.00 + 1440.07 billed at a cost of 360.00 + 125.00, less 10.00 of freight
        ("erp:D2", day("2024-01-01"), 1, D("2130.07"), D("2160.07"), D("1665.07"), D("2160.07"), None, None),
        # an order without a rate; the credit note, its cost of 30.00 taken back and 1.00 of commission; the refund
        ("erp:D2", day("2024-02-01"), 1, None, D("-720.00"), D("-691.00"), D("-720.00"), None, None),
        ("erp:D2", day("2024-03-01"), 0, none, none, D("-4.00"), none, None, None),  # the repair
        ("erp:D2", day("2024-04-01"), 0, none, none, none, none, None, None),
    ]
