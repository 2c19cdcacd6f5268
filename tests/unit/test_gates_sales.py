"""The checks of the market, sales and distributors find the fault planted for them; the sound company has none."""

from __future__ import annotations

import duckdb
import pytest

from orchestration.lib.settings import Settings
from tests.unit.gate_faults_case import Fault, copy_row, found_and_named, sound, violations, warehouse

__all__ = ["sound", "warehouse"]  # fixtures: the same company as for all other checks

FAULTS = [
    # ---- told twice
    Fault(
        "staging.dedup.quote_repeated",
        "update staging.stg_quote set version = 1 where quote_id = 'crm:q2'",
        "crm:q2",
        ("quote.csv", 3),
        "quote_no Q1, version 1: also crm:q1",
    ),
    Fault(
        "staging.dedup.interaction_repeated",
        copy_row("staging.stg_interaction", "interaction_id = 'crm:i1'", interaction_id="'crm:i9'", source_row="9"),
        "crm:i9",
        ("interaction.csv", 9),
        "kind call, lead_id crm:l1, opportunity_id NULL",
    ),
    Fault(
        "staging.dedup.stage_event_repeated",
        copy_row("staging.stg_stage_event", "stage_event_id = 'crm:e2'", stage_event_id="'crm:e9'", source_row="9"),
        "crm:e9",
        ("stage_event.csv", 9),
        "stage mql",
    ),
    Fault(
        "staging.dedup.work_hours_repeated",
        copy_row("staging.stg_work_hours", "true", work_hours_id="'crm:w9'", source_row="9"),
        "crm:w9",
        ("work_hours.csv", 9),
        "hours 8.0000: also crm:w1",
    ),
    Fault(
        "staging.dedup.sell_out_repeated",
        copy_row("staging.stg_sell_out", "true", sell_out_id="'dms:s9'", quantity="7", source_row="9"),
        "dms:s9",
        ("sell_out.csv", 9),
        "month 2026-01-01: also dms:s1",
    ),
    Fault(
        "staging.dedup.fan_out_int_quote",
        "delete from intermediate.int_quote where quote_id = 'crm:q1'",
        "crm:q1",
        ("quote.csv", 2),
        "rows = 1 -> 0",
    ),
    Fault(
        "staging.dedup.fan_out_int_quote_line",
        copy_row("intermediate.int_quote_line", "quote_line_id = 'crm:q2-1'", source_row="9"),
        "crm:q2-1",
        ("quote_line.csv", 3),
        "rows = 1 -> 2",
    ),
    Fault(
        "staging.dedup.fan_out_int_sell_out",
        "delete from intermediate.int_sell_out",
        "dms:s1",
        ("sell_out.csv", 2),
        "rows = 1 -> 0",
    ),
    # ---- currency
    Fault(
        "staging.currency.rate_quote",
        "update intermediate.int_quote set currency = 'EUR', rate = null, has_rate = false where quote_id = 'crm:q2'",
        "crm:q2",
        ("quote.csv", 3),
        "EUR -> CNY @ 2026-02-20: rate = NULL",
    ),
    Fault(
        "staging.currency.functional_sell_out",
        "update intermediate.int_sell_out set amount_functional = 40.01",
        "dms:s1",
        ("sell_out.csv", 2),
        "40.01 <> 40.00",
    ),
    # ---- time
    Fault(
        "staging.time.order_opportunity_quote",
        "update staging.stg_quote set quoted_at = timestamp '2026-01-31 02:00:00' where quote_id = 'crm:q1'",
        "crm:q1",
        ("quote.csv", 2),
        "created_at = 2026-02-01 > quoted_at = 2026-01-31",
    ),
    Fault(
        "staging.time.order_quote_valid",
        "update staging.stg_quote set valid_until = date '2026-02-09' where quote_id = 'crm:q1'",
        "crm:q1",
        ("quote.csv", 2),
        "quoted_at = 2026-02-10 > valid_until = 2026-02-09",
    ),
    Fault(
        "staging.time.order_quote_order",
        "update staging.stg_quote set quoted_at = timestamp '2026-03-01 16:00:00' where quote_id = 'crm:q2'",
        "erp:so1",
        ("sales_order.csv", 2),
        "quoted_at = 2026-03-02 > ordered_at = 2026-03-01",
    ),
    Fault(
        "staging.time.order_lead_interaction",
        "update staging.stg_interaction set occurred_at = timestamp '2026-01-14 15:00:00'",
        "crm:i1",
        ("interaction.csv", 2),
        "created_at = 2026-01-15 > occurred_at = 2026-01-14",
    ),
    Fault(
        "staging.time.order_lead_stage",
        "update staging.stg_stage_event set entered_at = timestamp '2026-01-14 02:00:00' where stage = 'new'",
        "crm:e1",
        ("stage_event.csv", 2),
        "entered_at = 2026-01-14",
    ),
    Fault(
        "staging.time.order_opportunity_stage",
        "update staging.stg_stage_event set entered_at = timestamp '2026-01-14 02:00:00' where stage = 'solution'",
        "crm:e3",
        ("stage_event.csv", 4),
        "entered_at = 2026-01-14",
    ),
    Fault(
        "staging.time.order_stage_closed",
        "update staging.stg_stage_event set entered_at = timestamp '2026-03-02 02:00:00' where stage = 'won'",
        "crm:e4",
        ("stage_event.csv", 5),
        "entered_at = 2026-03-02 > closed_at = 2026-03-01",
    ),
    Fault(
        "staging.time.session_in_campaign",
        "update staging.stg_campaign_session set starts_at = timestamp '2026-01-31 16:00:00'",
        "crm:cs1",
        ("campaign_session.csv", 2),
        "starts_at = 2026-02-01, 2026-01-01 … 2026-01-31",
    ),
    Fault(
        "staging.time.hours_in_employment",
        "update staging.stg_salesperson set active_from = date '2026-01-13'",
        "crm:w1",
        ("work_hours.csv", 2),
        "worked_on = 2026-01-12, 2026-01-13 … 2026-12-31",
    ),
    Fault(
        # the contract began within January, so January counts; December does not
        "staging.time.sell_out_in_contract",
        "update intermediate.int_sell_out set month = date '2025-12-01'",
        "dms:s1",
        ("sell_out.csv", 2),
        "month = 2025-12-01, 2026-01-01 … 2027-12-31",
    ),
    Fault(
        "staging.time.sell_out_future",
        "update intermediate.int_sell_out set month = date '2026-07-01'",
        "dms:s1",
        ("sell_out.csv", 2),
        "month = 2026-07-01 > 2026-06-30",
    ),
    # ---- possible figures
    Fault(
        "staging.contract.distributor_parent",
        "update staging.stg_distributor set parent_id = distributor_id",
        "erp:d1",
        ("distributor.csv", 2),
        "parent_id = distributor_id",
    ),
    Fault(
        "staging.contract.quote_sign",
        "update staging.stg_quote set amount = -1 where quote_id = 'crm:q1'",
        "crm:q1",
        ("quote.csv", 2),
        "amount = -1.00 < 0",
    ),
    Fault(
        "staging.contract.quote_line_sign",
        "update staging.stg_quote_line set quantity = -2 where quote_line_id = 'crm:q1-1'",
        "crm:q1-1",
        ("quote_line.csv", 2),
        "quantity = -2.0000 < 0",
    ),
    Fault(
        "staging.contract.quote_discount",
        "update staging.stg_quote set discount = 10 where quote_id = 'crm:q2'",
        "crm:q2",
        ("quote.csv", 3),
        "discount = 10.00000000: not in 0 … 1",
    ),
    Fault(
        "staging.contract.quote_line_discount",
        "update staging.stg_quote_line set discount = -0.1 where quote_line_id = 'crm:q1-1'",
        "crm:q1-1",
        ("quote_line.csv", 2),
        "not in 0 … 1",
    ),
    Fault(
        "staging.contract.work_day",
        copy_row("staging.stg_work_hours", "true", work_hours_id="'crm:w9'", hours="16.5"),
        "crm:w1",
        ("work_hours.csv", 2),
        "crm:e1 @ 2026-01-12: 24.5000 h > 24 h",
    ),
    # ---- marts
    Fault(
        "loops.reconciliation.fan_out_stage_event_facts",
        "delete from marts.stage_event_facts where stage_event_id = 'crm:e2'",
        "crm:e2",
        ("stage_event.csv", 3),
        "rows = 1 -> 0",
    ),
    Fault(
        "loops.reconciliation.fan_out_campaign_session_facts",
        copy_row("marts.campaign_session_facts", "true", source_row="9"),
        "crm:cs1",
        ("campaign_session.csv", 2),
        "rows = 1 -> 2",
    ),
    Fault(
        "loops.reconciliation.fan_out_touch_facts",
        copy_row("marts.touch_facts", "touch_id = 'crm:t1'", source_row="9"),
        "touch_facts",
        (None, None),
        "-> ",
    ),
    Fault(
        "loops.reconciliation.quote_lines",
        "update marts.quote_facts set amount = 990.01 where quote_id = 'crm:q2'",
        "crm:q2",
        ("quote.csv", 3),
        "990.01 <> 1100.00",
    ),
    Fault(
        "loops.reconciliation.stage_history",
        "update marts.stage_event_facts set left_at = null where stage_event_id = 'crm:e1'",
        "lead|crm:l1",
        ("stage_event.csv", 2),
        "open = 2",
    ),
    Fault(
        "loops.contract.funnel_stage",
        "update marts.dim_funnel_stage set is_configured = false where funnel_stage_id = 'opportunity:solution'",
        "opportunity:solution",
        ("stage_event.csv", 4),
        "opportunity @ solution: rows = 1",
    ),
    Fault(
        "loops.reconciliation.funnel_stage_facts",
        "delete from marts.funnel_stage_facts where stage = 'solution'",
        "crm:e3",
        ("stage_event.csv", 4),
        "rows = 1 -> 0",
    ),
    Fault(
        "loops.reconciliation.marketing_spend_currency",
        "update marts.marketing_spend_facts set amount = 1000.01 where spend_id = 'crm:s1'",
        "USD",
        (None, None),
        "1000.00 <> 1000.01",
    ),
    Fault(
        "loops.reconciliation.sell_out_currency",
        "delete from marts.sell_out_facts",
        "CNY",
        (None, None),
        "40.00 <> 0",
    ),
    Fault(
        "loops.reconciliation.distributor_month",
        "delete from marts.distributor_month where month = date '2026-03-01'",
        "erp:d1",
        (None, None),
        "2026-01-01 … ",
    ),
    Fault(
        "loops.reconciliation.distributor_net_booked",
        "update marts.distributor_month set net_booked = net_booked + 0.01 where month = date '2026-03-01'",
        "erp:d1",
        (None, None),
        "1000.00 <> 1000.01",
    ),
    Fault(
        "loops.reconciliation.distributor_net_invoiced",
        "update marts.distributor_month set net_invoiced = 0 where month = date '2026-05-01'",
        "erp:d1",
        (None, None),
        "0.00 <> 1000.00",  # the credit note of May took all of it back
    ),
    Fault(
        "loops.reconciliation.distributor_collected",
        "update marts.payment_line_facts set collected = 1",
        "erp:d1",
        (None, None),
        "1.00 <> 442.48",  # 500 × 1000 ÷ 1130
    ),
    Fault(
        "loops.reconciliation.distributor_sell_out_amount",
        "update marts.distributor_month set sell_out_amount = null",
        "erp:d1",
        (None, None),
        "40.00 <> 0",
    ),
    Fault(
        "attribution.reconciliation.distributor_contribution",
        "update marts.distributor_month set contribution = 0 where month = date '2026-05-01'",
        "erp:d1",
        (None, None),
        "0.00 <> 400.00",
    ),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.check)
def test_planted_fault_is_found_and_named(warehouse: duckdb.DuckDBPyConnection, fault: Fault) -> None:
    found_and_named(warehouse, fault)


def test_a_quote_may_state_its_amount_less_its_own_discount_but_no_other(warehouse: duckdb.DuckDBPyConnection) -> None:
    warehouse.begin()
    try:
        warehouse.execute("update marts.quote_facts set discount = 0.2 where quote_id = 'crm:q2'")
        found = violations(warehouse, "loops.reconciliation.quote_lines", Settings())
    finally:
        warehouse.rollback()
    assert [row[0] for row in found] == ["crm:q2"]


MATRIX = """
create schema if not exists metrics;
create table metrics.distributor_matrix as
select distributor_id, 'fiscal_year' as span, date '2026-01-01' as first_month, date '2026-06-01' as last_month,
  sum(net_invoiced) as net_invoiced
from marts.distributor_month where month between date '2026-01-01' and date '2026-06-01' group by distributor_id;
"""


@pytest.mark.parametrize(
    ("fault", "found"),
    [
        ("", []),
        ("update metrics.distributor_matrix set net_invoiced = net_invoiced + 0.01", ["erp:d1"]),
        ("update metrics.distributor_matrix set net_invoiced = null", ["erp:d1"]),
        # a join that doubles its only row, whose amount is 0
        ("insert into metrics.distributor_matrix from metrics.distributor_matrix", ["erp:d1"]),
        # one who has a month is left out, one who has none is in it
        ("update metrics.distributor_matrix set distributor_id = 'erp:d9'", ["erp:d1", "erp:d9"]),
    ],
)
def test_each_distributor_stands_once_in_the_matrix(
    warehouse: duckdb.DuckDBPyConnection, fault: str, found: list[str]
) -> None:
    warehouse.begin()
    try:
        warehouse.execute(MATRIX + fault)
        rows = violations(warehouse, "metrics.reconciliation.distributor_matrix", Settings())
    finally:
        warehouse.rollback()
    assert sorted(row[0] for row in rows) == found
