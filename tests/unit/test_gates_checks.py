"""Every kind of check finds the fault planted for it, and names key, file and row; a sound company has none.

Faults are planted in a transaction that is rolled back, on tables that the real dbt project built.
"""

from __future__ import annotations

import duckdb
import pytest

from expectations import registry
from orchestration.lib.settings import Settings
from tests.unit.gate_faults_case import Fault, copy_row, found_and_named, sound, violations, warehouse

__all__ = ["sound", "warehouse"]  # fixtures

FAULTS = [
    # ---- contract
    Fault(
        "canonical.sales_order.required",
        "update canonical.sales_order set currency = null, status = null where order_id = 'erp:so2'",
        "erp:so2",
        ("sales_order.csv", 3),
        "currency, status = NULL",
    ),
    Fault(
        "canonical.invoice.unique_key",
        copy_row("canonical.invoice", "invoice_id = 'erp:i1'", source_row="9"),
        "erp:i1",
        ("invoice.csv", 2),
        "invoice_id = erp:i1 (> 1)",
    ),
    Fault(
        "canonical.lead.allowed",
        "update canonical.lead set status = 'hot' where lead_id = 'crm:l2'",
        "crm:l2",
        ("lead.csv", 3),
        "status = hot",
    ),
    Fault(
        "canonical.campaign.minimum",
        "update canonical.campaign set budget = -0.01",
        "crm:expo",
        ("campaign.csv", 2),
        "budget = -0.01 < 0",
    ),
    Fault(
        "canonical.sales_order.ref.customer_id",
        "delete from canonical.customer where customer_id = 'erp:c2'",
        "erp:so2",
        ("sales_order.csv", 3),
        "customer_id = erp:c2 not in customer",
    ),
    Fault(
        "canonical.payment_allocation.ref.payment_id",
        "update canonical.payment_allocation set payment_id = 'erp:gone'",
        "erp:a1",
        ("payment_allocation.csv", 2),
        "payment_id = erp:gone not in payment",
    ),
    Fault(
        "canonical.source_volume",
        "insert into canonical.source_volume values ('erp', 'lead', 'lead.csv', 'sha', 60, 100, 100, 2, null),"
        "('erp', 'order', 'order.csv', 'sha', 60, 100, 100, 2, 'right (me)')",
        "erp.lead",
        ("lead.csv", None),
        "rows = 60, before 100, median 100",
    ),
    Fault(
        "canonical.source_columns",
        "insert into canonical.schema_change values ('erp', 'lead', 'lead.csv', 'sha', 'fax', 'added', null)",
        "erp.lead: fax",
        ("lead.csv", None),
        "added",
    ),
    Fault(
        "canonical.source_types",
        "insert into canonical.retyped_column values"
        "('erp', 'lead', 'lead.csv', 'sha', '日期', 'cast:created_at', 9, 10, 'write x', '写 x', null),"
        "('erp', 'lead', 'l2.csv', 'sh2', '日期', 'cast:created_at', 9, 10, 'x', 'x', 'right (me)')",
        "erp.lead: 日期",
        ("lead.csv", None),
        "9 / 10 (cast:created_at); write x / 写 x",
    ),
    Fault(
        "canonical.source_silence",
        "insert into canonical.source_freshness values ('erp', 'lead', 4, '2020-01-01', 'sha', 4, 7, 9, null, null),"
        "('erp', 'x', 4, '2020-01-01', 'sha', 4, 7, 9, 'closed (me)', null),"
        "('erp', 'y', 3, '2020-01-01', 'sha', 3, 1, 1, null, null)",
        "erp.lead",
        (None, None),
        "days without news, usually 7, at most 9",
    ),
    Fault(
        "canonical.quarantine_share",
        "update canonical.row_account set rows_in = 39, quarantined = 2 where entity = 'lead';"
        "insert into canonical.quarantine (source_system, source_object, entity, source_file, source_row, rule_id) "
        "values ('erp', 'lead', 'lead', 'lead.csv', 8, 'cast:created_at'),"
        "('erp', 'lead', 'lead', 'lead.csv', 5, 'cast:created_at')",
        "erp.lead -> lead",
        ("lead.csv", 5),
        "2 / 39 > 0.05; cast:created_at",
    ),
    Fault(
        "canonical.row_account",
        "update canonical.row_account set rows_in = 4 where entity = 'lead'",
        "erp.lead -> lead",
        ("lead.csv", None),
        "4 <> 3",
    ),
    Fault(
        "canonical.quarantine_complete",
        "update canonical.row_account set quarantined = 1 where entity = 'lead'",
        "erp.lead -> lead",
        ("lead.csv", None),
        "1 <> 0",
    ),
    # ---- privacy
    Fault(
        "canonical.lead.personal",
        "update canonical.lead set phone = '13800138000' where lead_id = 'crm:l1'",
        "crm:l1",
        ("lead.csv", 2),
        "phone ≠ tok_phone_…",
    ),
    Fault(
        "staging.lead.personal",
        "update staging.stg_lead set email = 'li.lei@example.com' where lead_id = 'crm:l3'",
        "crm:l3",
        ("lead.csv", 4),
        "email ≠ tok_email_…",
    ),
    Fault(
        "canonical.text_personal",
        "update canonical.customer set name = 'Li Lei 138 0013 8000' where customer_id = 'erp:c1'",
        "erp:c1",
        ("customer.csv", 2),
        "customer.name ~ e-mail / phone",
    ),
    Fault(
        "metrics.published_email",
        "update marts.lead_facts set landing_page = 'https://x.cn/?m=li.lei@example.com' where lead_id = 'crm:l1'",
        "marts.lead_facts.landing_page",
        ("lead.csv", 2),
        "landing_page ~ email",
    ),
    Fault(
        "metrics.published_phone",
        "update marts.lead_facts set region = '+86 13800138000' where lead_id = 'crm:l1'",
        "marts.lead_facts.region",
        ("lead.csv", 2),
        "region ~ phone",
    ),
    # ---- dedup
    Fault(
        "staging.dedup.lead_intent",
        "update intermediate.int_lead set created_on = date '2026-02-10' where lead_id = 'crm:l3'",
        "crm:l3",
        ("lead.csv", 4),
        "same phone: crm:l1, 26 d <= 30 d",
    ),
    Fault(
        "staging.dedup.account_tax_id",
        "update intermediate.int_account set account_id = customer_id",
        "erp:c1",
        ("customer.csv", 2),
        "tax_id 91A: erp:c1 <> crm:c1",
    ),
    Fault(
        "staging.dedup.invoice_double",
        copy_row(
            "intermediate.int_invoice",
            "invoice_id = 'erp:i1'",
            invoice_id="'wms:i1'",
            source_system="'wms'",
            source_file="'wms.csv'",
            source_row="7",
        ),
        "wms:i1",
        ("wms.csv", 7),
        "number F001, 1130.00 CNY, 2026-03-21: also erp:i1",
    ),
    Fault(
        "staging.dedup.payment_double",
        copy_row(
            "intermediate.int_payment",
            "true",
            payment_id="'bank:1'",
            source_system="'bank'",
            source_file="'bank.csv'",
            source_row="4",
        ),
        "erp:pay1",  # the bank's comes first by name, so the ERP's is the second one
        ("payment.csv", 2),
        "also bank:1",
    ),
    Fault(
        "staging.dedup.marketing_spend_repeated",
        copy_row("intermediate.int_spend", "spend_id = 'crm:s1'", spend_id="'crm:s9'", source_row="9"),
        "crm:s9",
        ("marketing_spend.csv", 9),
        "document_no B-1, 1000.00, 2026-01-10: also crm:s1",
    ),
    Fault(
        "staging.dedup.fan_out_int_order_line",
        "insert into intermediate.int_order_line select * from intermediate.int_order_line "
        "where order_line_id = 'erp:so2-1'",
        "erp:so2-1",
        ("sales_order_line.csv", 3),
        "rows = 1 -> 2",
    ),
    Fault(
        "staging.dedup.fan_out_int_lead",
        "delete from intermediate.int_lead where lead_id = 'crm:l3'",
        "crm:l3",
        ("lead.csv", 4),
        "rows = 1 -> 0",
    ),
    Fault(
        "staging.dedup.touch",
        "insert into intermediate.int_touch select * from intermediate.int_touch where touch_id = 'crm:t1'",
        "crm:t1",
        ("touchpoint.csv", 2),
        "rows = 2",
    ),
    Fault(  # the carrier's bill came with the shipment and once more in the accounts
        "staging.dedup.freight",
        "insert into intermediate.int_order_cost by name select document_kind || ':x' as cost_id, document_kind, "
        "'erp:' || document_kind as document_id, 'freight' as kind, 'erp:so1' as order_id, 80.00 as amount, "
        "'CNY' as currency, document_kind || '.csv' as source_file, 2 as source_row "
        "from (values ('shipment'), ('order_cost')) as document (document_kind)",
        "erp:order_cost",
        ("order_cost.csv", 2),
        "order erp:so1: 80.00 CNY",
    ),
    # ---- currency
    Fault(
        "staging.currency.code_marketing_spend",
        "update staging.stg_marketing_spend set currency = 'XYZ' where spend_id = 'crm:s1'",
        "crm:s1",
        ("marketing_spend.csv", 2),
        "currency = XYZ",
    ),
    Fault(
        "staging.currency.missing_opportunity",
        "update staging.stg_opportunity set currency = null",
        "crm:o1",
        ("opportunity.csv", 2),
        "currency = NULL",
    ),
    Fault(
        "staging.currency.rate_sales_order_line",
        "update intermediate.int_order_line set has_rate = false, rate = null, currency = 'EUR' "
        "where order_line_id = 'erp:so2-1'",
        "erp:so2-1",
        ("sales_order_line.csv", 3),
        "EUR -> CNY @ 2026-03-05: rate = NULL (<= 7 d)",
    ),
    Fault(
        "staging.currency.functional_marketing_spend",
        "update intermediate.int_spend set cost_functional = cost_functional + 0.01 where spend_id = 'crm:s1'",
        "crm:s1",
        ("marketing_spend.csv", 2),
        "7100.01 <> 1000.00 × 7.10000000",
    ),
    Fault(
        "staging.currency.rate_age",
        "update intermediate.int_exchange_rate set valid_to = quoted_on + 9 where rate_id = 'erp:r1' and is_carried",
        "erp:r1",
        ("exchange_rate.csv", 2),
        "> 7 d",
    ),
    Fault(
        "staging.currency.rate_positive",
        "update staging.stg_exchange_rate set rate = 0 where rate_id = 'erp:r2'",
        "erp:r2",
        ("exchange_rate.csv", 3),
        "rate = 0",
    ),
    Fault(
        "staging.currency.rate_neighbours",
        "update staging.stg_exchange_rate set rate = 71 where rate_id = 'erp:r2'",
        "erp:r2",
        ("exchange_rate.csv", 3),
        "USD/CNY 2026-03-05: 7.10000000 -> 71.00000000",
    ),
    Fault(
        "staging.currency.rate_conflict",
        copy_row("staging.stg_exchange_rate", "rate_id = 'erp:r1'", rate_id="'erp:r3'", rate="7.15", source_row="4"),
        "erp:r3",
        ("exchange_rate.csv", 4),
        "USD/CNY 2026-01-09: 7.15",
    ),
    Fault(
        "staging.currency.gross_invoice",
        "update intermediate.int_invoice set gross_amount = net_amount where invoice_id = 'erp:i1'",
        "erp:i1",
        ("invoice.csv", 2),
        "1000.00 <> 1000.00 + 130.00",
    ),
    Fault(
        "staging.currency.tax_order_line",
        "update staging.stg_sales_order_line set net_amount = 1130.00 where order_line_id = 'erp:so1-1'",
        "erp:so1-1",
        ("sales_order_line.csv", 2),
        "130.00 <> 1130.00 × 0.13000000",
    ),
    # ---- time
    Fault(
        "staging.time.earliest_payment",
        "update staging.stg_payment set paid_on = date '1900-01-01'",
        "erp:pay1",
        ("payment.csv", 2),
        "paid_on = 1900-01-01 < 2000-01-01",
    ),
    Fault(
        "staging.time.future_invoice",
        "update staging.stg_invoice set invoiced_on = date '2026-07-01' where invoice_id = 'erp:i2'",
        "erp:i2",
        ("invoice.csv", 3),
        "invoiced_on = 2026-07-01 > 2026-06-30",
    ),
    Fault(  # midnight in Shanghai is 16:00 UTC of the day before
        "staging.time.future_lead",
        "update staging.stg_lead set created_at = timestamp '2026-06-30 16:00:00' where lead_id = 'crm:l3'",
        "crm:l3",
        ("lead.csv", 4),
        "created_at = 2026-06-30 16:00:00 > 2026-06-30",
    ),
    Fault(
        "staging.time.period_campaign_starts_on",
        "update staging.stg_campaign set ends_on = date '2025-12-31'",
        "crm:expo",
        ("campaign.csv", 2),
        "ends_on = 2025-12-31 < starts_on = 2026-01-01",
    ),
    Fault(
        "staging.time.order_lead_opportunity",
        "update staging.stg_opportunity set created_at = timestamp '2026-01-14 15:00:00'",
        "crm:o1",
        ("opportunity.csv", 2),
        "created_at = 2026-01-15 > created_at = 2026-01-14",
    ),
    Fault(
        "staging.time.order_confirmed_shipped",
        "update staging.stg_shipment set shipped_at = timestamp '2026-03-01 02:00:00'",
        "erp:sh1",
        ("shipment.csv", 2),
        "confirmed_at = 2026-03-02 > shipped_at = 2026-03-01",
    ),
    Fault(
        "staging.time.order_confirmed_invoiced",
        "update staging.stg_invoice set invoiced_on = date '2026-03-01' where invoice_id = 'erp:i1'",
        "erp:i1",
        ("invoice.csv", 2),
        "> invoiced_on = 2026-03-01",
    ),
    Fault(
        "staging.time.touch_in_campaign",
        "update staging.stg_touchpoint set touched_at = timestamp '2026-01-31 16:00:00'",
        "crm:t1",
        ("touchpoint.csv", 2),
        "touched_at = 2026-02-01, crm:expo: 2026-01-01 … 2026-01-31",
    ),
    # ---- reconciliation
    Fault(
        "loops.reconciliation.invoice_lines",
        "update staging.stg_invoice_line set net_amount = 999.99 where invoice_line_id = 'erp:i1-1'",
        "erp:i1",
        ("invoice.csv", 2),
        "1000.00 <> 999.99",
    ),
    Fault(
        "loops.reconciliation.allocation_payment",
        "update intermediate.int_payment_allocation set allocated_amount = 500.01",
        "erp:pay1",
        ("payment.csv", 2),
        "500.01 > 500.00",
    ),
    Fault(
        "loops.reconciliation.allocation_invoice",
        "update intermediate.int_payment_allocation set allocated_amount = 1130.01",
        "erp:i1",
        ("invoice.csv", 2),
        "1130.01 > 1130.00",
    ),
    Fault(
        "loops.reconciliation.fan_out_order_facts",
        "insert into marts.order_facts select * from marts.order_facts where order_id = 'erp:so1'",
        "erp:so1",
        ("sales_order.csv", 2),
        "rows = 1 -> 2",
    ),
    Fault(
        "loops.reconciliation.fan_out_payment_facts",
        copy_row("marts.payment_facts", "true", allocation_id="'made-up'"),
        "made-up",
        (None, None),
        "rows = 0 -> 1",
    ),
    Fault(
        "loops.reconciliation.order_line_currency",
        "update marts.order_line_facts set net_amount = net_amount + 0.01 where currency = 'USD'",
        "USD",
        (None, None),
        "33.33 <> 33.34",
    ),
    Fault(
        "loops.reconciliation.order_net_booked",
        "update marts.order_facts set net_booked = 0 where order_id = 'erp:so2'",
        "erp:so2",
        ("sales_order.csv", 3),
        "239.98 <> 0.00",  # 33.33 × 7.20 = 239.976
    ),
    Fault(
        "loops.reconciliation.order_collected",
        "delete from marts.order_facts where order_id = 'erp:so1'",
        "erp:so1",
        ("sales_order.csv", 2),
        "442.48 <> 0.00",  # 500 × 1000 ÷ 1130
    ),
    # ---- money
    Fault(
        "attribution.money.weights",
        "update attribution.attribution_weight_current set weight = weight - 0.000000001 "
        "where order_id = 'erp:so1' and model = 'linear'",
        "erp:so1|linear",
        ("sales_order.csv", 2),
        "1 <> 0.999999999",
    ),
    Fault(
        "attribution.money.new_customers",
        "update attribution.new_customer_weight set weight = 0.5 where model = 'first' and order_id = 'erp:so1'",
        "erp:so1|erp:c1|first",
        ("sales_order.csv", 2),
        "1 <> 0.500000000",
    ),
    Fault(
        "attribution.money.credits",
        "update attribution.attribution_credit_current set amount = amount + 0.01 "
        "where order_id = 'erp:so2' and model = 'last' and measure = 'booked'",
        "erp:so2|erp:so2-1|order_line:erp:so2-1|booked|last",
        ("sales_order.csv", 3),
        "239.98 <> 239.99",
    ),
    Fault(
        "attribution.money.reversed",
        "delete from attribution.attribution_credit_current where posting_id = 'invoice_line:erp:i2-1'",
        "erp:so1|cogs|first|crm:t1",
        ("sales_order.csv", 2),
        "600.00 <> 0",
    ),
    Fault(
        "attribution.money.unattributed_reason",
        "update attribution.attribution_credit_current set unattributed_reason = null "
        "where posting_id = 'order_line:erp:so2-1'",
        "erp:so2|order_line:erp:so2-1|first",
        ("sales_order.csv", 3),
        "touch_id = NULL, unattributed_reason = NULL",
    ),
    Fault(
        "attribution.money.costs",
        "delete from attribution.cost_allocation where spend_id = 'crm:s2' and month = date '2026-02-01'",
        "crm:s2",
        ("marketing_spend.csv", 3),
        "500.01 <> 272.73",  # 12 of 22 days
    ),
    Fault(
        "attribution.money.cost_ledger",
        "update attribution.cost_ledger set amount = amount + 0.01 where cost_ledger_id = "
        "(select min(cost_ledger_id) from attribution.cost_ledger where cost_id = 'crm:s2' and view = 'benefit')",
        "crm:s2|marketing_spend|benefit",
        ("marketing_spend.csv", 3),
        "500.01 <> 500.02",
    ),
    Fault(
        "staging.currency.reclaimed_spend",
        "update intermediate.int_spend set tax_recoverable_share = 13 where spend_id = 'crm:s2'",
        "crm:s2",
        ("marketing_spend.csv", 3),
        "tax_recoverable_share = 13.00000000",
    ),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.check)
def test_planted_fault_is_found_and_named(warehouse: duckdb.DuckDBPyConnection, fault: Fault) -> None:
    found_and_named(warehouse, fault)


def test_personal_values_are_never_repeated_in_a_violation(warehouse: duckdb.DuckDBPyConnection) -> None:
    for fault in FAULTS:
        if registry.check(fault.check).family != "privacy":
            continue
        warehouse.begin()
        try:
            warehouse.execute(fault.plant)
            found = str(violations(warehouse, fault.check, Settings()))
        finally:
            warehouse.rollback()
        assert "138" not in found
        assert "li.lei" not in found


def test_every_family_and_gate_is_covered_by_a_fault() -> None:
    tried = [registry.check(fault.check) for fault in FAULTS]
    assert {check.family for check in tried} == {check.family for check in registry.CHECKS}
    assert {check.gate for check in tried} == {gate.name for gate in registry.GATES}


def test_settings_move_the_bounds(warehouse: duckdb.DuckDBPyConnection) -> None:
    tolerant = Settings.model_validate(
        {"time": {"order_tolerance_days": 1, "future_days": 1}, "currency": {"neighbour_tolerance": "0.001"}}
    )
    warehouse.begin()
    try:
        warehouse.execute(
            "update staging.stg_invoice set invoiced_on = date '2026-07-01' where invoice_id = 'erp:i2';"
            "update staging.stg_shipment set shipped_at = timestamp '2026-03-01 02:00:00'"
        )
        assert violations(warehouse, "staging.time.future_invoice", tolerant) == []
        assert violations(warehouse, "staging.time.order_confirmed_shipped", tolerant) == []
        assert len(violations(warehouse, "staging.currency.rate_neighbours", tolerant)) == 1
    finally:
        warehouse.rollback()


def test_allocations_may_not_exceed_a_credit_note_either(warehouse: duckdb.DuckDBPyConnection) -> None:
    warehouse.begin()
    try:
        warehouse.execute(
            "update intermediate.int_payment_allocation set invoice_id = 'erp:i2', allocated_amount = -1130.01"
        )
        found = violations(warehouse, "loops.reconciliation.allocation_invoice", Settings())
    finally:
        warehouse.rollback()
    assert [row[0] for row in found] == ["erp:i2"]


METRIC_VALUE = """
create table metrics.metric_value as
select * from (values
  ('leads', 'standard', 'total', null, 'month', date '2026-01-01', 2.0, null, 2.0),
  ('leads', 'standard', 'channel', 'crm:show', 'month', date '2026-01-01', {channel}, null, 2.0),
  ('leads', 'standard', 'total', null, 'all', null, {whole}, null, 2.0),
  ('cpl', 'standard', 'total', null, 'all', null, 5.0, 0.0, {ratio})
) as v(metric_id, variant, cut, channel_id, period_kind, period_start, numerator, denominator, value)
"""


def test_a_metric_that_nobody_watches_is_told(warehouse: duckdb.DuckDBPyConnection) -> None:
    """13 months of leads are watched; those of calls are not, and 12 months of visits are too few to ask for it."""
    warehouse.begin()
    try:
        warehouse.execute("create schema if not exists metrics")
        warehouse.execute(
            "create table metrics.metric_value as select metric_id, 'standard' as variant, cast(null as varchar) as "
            "basis, cast(null as varchar) as model, 'total' as cut, 'month' as period_kind, true as is_mature, 1 as "
            "value from (values ('leads', 13), ('calls', 13), ('visits', 12)) as m(metric_id, months), "
            "lateral (select unnest(range(months)) as month)"
        )
        warehouse.execute(
            "create table metrics.metric_anomaly as select 'leads@total@2026-01' as anomaly_id, 'total' as cut, "
            "'leads' as metric_id, 'standard' as variant, cast(null as varchar) as basis, "
            "cast(null as varchar) as model"
        )
        found = violations(warehouse, "metrics.reconciliation.watched", Settings())
    finally:
        warehouse.rollback()
    assert [row[0] for row in found] == ["calls|standard"]


@pytest.mark.parametrize(
    ("check", "values"),
    [
        ("metrics.reconciliation.cut_sum", {"channel": "1.0"}),
        ("metrics.reconciliation.month_sum", {"whole": "3.0"}),
        ("metrics.reconciliation.zero_denominator", {"ratio": "0.0"}),
    ],
)
def test_metric_cuts_agree(warehouse: duckdb.DuckDBPyConnection, check: str, values: dict[str, str]) -> None:
    extra = ", cast('period' as varchar) as view, cast(null as varchar) as basis, cast(null as varchar) as model from"
    sound_values = {"channel": "2.0", "whole": "2.0", "ratio": "null"}
    for given, expected in ((sound_values, 0), (sound_values | values, 1)):
        warehouse.begin()
        try:
            warehouse.execute("create schema if not exists metrics")
            sql = METRIC_VALUE.format(**given).replace("select * from", f"select *{extra}")
            warehouse.execute(sql)
            warehouse.execute(
                "create table metrics.metric_availability as select 'leads' as metric_id, 'standard' as variant, "
                "true as is_additive"
            )
            assert len(violations(warehouse, check, Settings())) == expected
        finally:
            warehouse.rollback()
