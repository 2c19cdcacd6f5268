"""The chain from goods to cash, the cut-off, sources that come when they should, rates, VAT, completeness, grain: each
check finds the fault planted for it and names the row; the sound company has none."""

from __future__ import annotations

import re
from datetime import datetime

import duckdb
import pytest

from expectations import registry
from expectations.model import Inputs
from expectations.suites import grain
from orchestration.lib.settings import Settings
from orchestration.lib.workspace import DBT_PROJECT_DIR
from tests.unit.gate_faults_case import Fault, copy_row, found_and_named, sound, violations, warehouse
from tests.unit.gates_case import TODAY

__all__ = ["sound", "warehouse"]  # fixtures: the same company as for all other checks

FAULTS = [
    # ---- the chain
    Fault(
        "staging.time.order_shipped_invoiced",
        "update staging.stg_invoice set invoiced_on = date '2025-12-19' where invoice_id = 'erp:i1'",
        "erp:i1",
        ("invoice.csv", 2),
        "shipped_at = 2026-03-20 > invoiced_on = 2025-12-19 + 90 d",
    ),
    Fault(
        "staging.time.order_invoiced_paid",
        "update staging.stg_payment set paid_on = date '2025-09-21'",
        "erp:a1",
        ("payment_allocation.csv", 2),
        "invoiced_on = 2026-03-21 > paid_on = 2025-09-21 + 180 d",
    ),
    Fault(
        "staging.time.order_ordered_paid",
        "update staging.stg_payment set paid_on = date '2026-02-28'",
        "erp:a1",
        ("payment_allocation.csv", 2),
        "ordered_at = 2026-03-01 > paid_on = 2026-02-28",
    ),
    Fault(
        "staging.time.cut_off_invoiced",
        "update staging.stg_invoice set invoiced_on = date '2026-05-02' where invoice_id = 'erp:i1'",
        "erp:sh1",
        ("shipment.csv", 2),
        "shipped_at = 2026-03-20, invoiced_on = 2026-05-02 > 2026-05-01",
    ),
    Fault(
        "staging.time.cut_off_invoiced",
        "delete from staging.stg_invoice; update intermediate.int_as_of set as_of_on = date '2026-05-02'",
        "erp:sh1",
        ("shipment.csv", 2),
        "invoiced_on = NULL > 2026-05-01",
    ),
    # ---- rates and VAT
    Fault(
        "staging.currency.rate_outlier",
        copy_row(
            "staging.stg_exchange_rate",
            "rate_id = 'erp:r1'",
            rate_id="'erp:r9'",
            rate_date="date '2026-02-02'",
            rate="71.5",
            source_row="9",
        ),
        "erp:r9",
        ("exchange_rate.csv", 9),
        "USD/CNY 2026-02-02: 7.10000000 -> 71.50000000 -> 7.20000000",
    ),
    Fault(
        "staging.currency.carried_marketing_spend",
        "update intermediate.int_spend set spent_on = date '2026-01-15' where spend_id = 'crm:s1'",
        "crm:s1",
        ("marketing_spend.csv", 2),
        "USD @ 2026-01-15: rate of 2026-01-09, 6 d > 5 d",
    ),
    Fault(
        "staging.currency.tax_invoice",
        "update staging.stg_invoice set tax_amount = 1130 where invoice_id = 'erp:i1'",
        "erp:i1",
        ("invoice.csv", 2),
        "VAT 1130.00 of net 1000.00",
    ),
    Fault(
        "staging.currency.net_order_line",
        "update staging.stg_sales_order_line set net_amount = 1130.00 where order_line_id = 'erp:so1-1'",
        "erp:so1-1",
        ("sales_order_line.csv", 2),
        "1130.00 = 10.0000 × 100.000000 × (1 + 0.13000000)",
    ),
    Fault(
        "loops.reconciliation.invoice_line_tax",
        "update staging.stg_invoice_line set tax_amount = 129.98 where invoice_line_id = 'erp:i1-1'",
        "erp:i1",
        ("invoice.csv", 2),
        "130.00 <> 129.98",
    ),
    # ---- completeness
    Fault(
        "canonical.lead.filled.campaign_id",
        "update canonical.lead set channel_id = null where lead_id = 'crm:l3'",
        "crm:l3",
        ("lead.csv", 4),
        "campaign_id, channel_id = NULL in 1 / 3 > 0.20",
    ),
    # ---- accounts: one bad file among many good ones
    Fault(
        "canonical.quarantine_share",
        "insert into canonical.row_account values"
        "('ads', 'media', 'marketing_spend', 'jan.csv', 's1', 990, 990, 0, 0, 0, 0, ''),"
        "('ads', 'media', 'marketing_spend', 'feb.csv', 's2', 20, 9, 11, 0, 0, 0, ''),"
        "('ads', 'media', 'marketing_spend', 'mar.csv', 's3', 20, 10, 10, 0, 0, 0, '');"
        "insert into canonical.quarantine (source_system, source_object, entity, source_file, source_sha256, "
        "source_row, rule_id) values ('ads', 'media', 'marketing_spend', 'feb.csv', 's2', 7, 'cast:amount'),"
        "('ads', 'media', 'marketing_spend', 'feb.csv', 's2', 4, 'cast:amount')",
        "ads.media -> marketing_spend: feb.csv",
        ("feb.csv", 4),
        "11 / 20 > 0.05; cast:amount",
    ),
    # ---- freshness
    Fault(
        "canonical.source_overdue",
        "insert into canonical.source_freshness (source_system, source_object, batches, last_seen_at, expected_hours)"
        " values ('erp', 'orders', 3, timestamp '2026-06-28 07:59:00', 24),"
        "('erp', 'lines', 3, timestamp '2026-06-01 00:00:00', null)",
        "erp.orders",
        (None, None),
        "last new content 2026-06-28 07:59 UTC: more than 24 h ago",
    ),
    # ---- grain
    Fault(
        "staging.dedup.fan_out_int_payment_allocation",
        "delete from intermediate.int_payment_allocation",
        "erp:a1",
        ("payment_allocation.csv", 2),
        "rows = 1 -> 0",
    ),
    Fault(
        "loops.dedup.grain_customer_facts",
        "insert into marts.customer_facts select * from marts.customer_facts where account_id = 'erp:c2'",
        "erp:c2",
        ("customer.csv", 4),
        "rows = 1 -> 2",
    ),
    Fault(
        "staging.dedup.grain_int_order_cost",
        "insert into intermediate.int_order_cost select * from intermediate.int_order_cost limit 1",
        "",
        ("", 0),
        "rows = 1 -> 2",
    ),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.check)
def test_planted_fault_is_found_and_named(warehouse: duckdb.DuckDBPyConnection, fault: Fault) -> None:
    found = found_and_named(warehouse, fault)
    if fault.check == "canonical.quarantine_share":
        assert len(found) == 1, "ten rows of a file are let through"


def test_advances_are_exceptions_by_setting(warehouse: duckdb.DuckDBPyConnection) -> None:
    """A deposit two weeks before the invoice is business; where it is not, the tolerance of the pair says so."""
    strict = Settings.model_validate({"time": {"order_tolerance_days_by_pair": {"invoiced_paid": 0}}})
    warehouse.begin()
    try:
        warehouse.execute("update staging.stg_payment set paid_on = date '2026-03-07'")
        assert violations(warehouse, "staging.time.order_invoiced_paid", Settings()) == []
        assert [row[0] for row in violations(warehouse, "staging.time.order_invoiced_paid", strict)] == ["erp:a1"]
        # money paid back and credit notes go the other way
        warehouse.execute("update staging.stg_payment set amount = -500")
        assert violations(warehouse, "staging.time.order_invoiced_paid", strict) == []
    finally:
        warehouse.rollback()


def test_samples_need_no_invoice(warehouse: duckdb.DuckDBPyConnection) -> None:
    warehouse.begin()
    try:
        warehouse.execute(
            "delete from staging.stg_invoice; update intermediate.int_as_of set as_of_on = date '2026-12-31';"
            "update staging.stg_sales_order set is_sample = true"
        )
        assert violations(warehouse, "staging.time.cut_off_invoiced", Settings()) == []
    finally:
        warehouse.rollback()


DAYS = """
insert into canonical.marketing_spend (spend_id, spent_on, source_system, source_object, source_file, source_row)
select 'ads:' || day, day, 'ads', 'media', 'media.csv', row_number() over (order by day) + 1
from unnest([{}]) as t(day)
"""


@pytest.mark.parametrize(
    ("days", "daily", "told"),
    [
        # 2026-01-01 is a Thursday
        (("01", "02", "03", "04"), {"every": "day"}, None),
        (
            ("01", "02", "04"),
            {"every": "day"},
            ("media.csv", 3, "after 2026-01-02 comes 2026-01-04: 1 d missing > 0 d"),
        ),
        (("01", "02", "04"), {"every": "day", "gap_days": 1}, None),
        (("01", "02", "05"), {"every": "weekday"}, None),
        (("01", "02", "06"), {"every": "weekday"}, ("media.csv", 3, "comes 2026-01-06: 1 d missing > 0 d")),
    ],
)
def test_a_daily_source_has_no_gaps(
    warehouse: duckdb.DuckDBPyConnection,
    days: tuple[str, ...],
    daily: dict[str, object],
    told: tuple[str, int, str] | None,
) -> None:
    settings = Settings.model_validate({"time": {"daily_sources": {"ads.media": daily}}})
    warehouse.begin()
    try:
        warehouse.execute(DAYS.format(", ".join(f"date '2026-01-{day}'" for day in days)))
        found = violations(warehouse, "canonical.source_daily", settings)
        assert violations(warehouse, "canonical.source_daily", Settings()) == []
    finally:
        warehouse.rollback()
    if told is None:
        assert found == []
    else:
        [(key, file, row, detail)] = found
        assert (key, file, row) == ("ads.media", *told[:2])
        assert told[2] in detail


def test_freshness_looks_at_the_clock(warehouse: duckdb.DuckDBPyConnection) -> None:
    check = registry.check("canonical.source_overdue")
    warehouse.begin()
    try:
        warehouse.execute(
            "insert into canonical.source_freshness"
            " (source_system, source_object, batches, last_seen_at, expected_hours)"
            " values ('erp', 'o', 1, timestamp '2026-06-29 08:00:00', 24)"
        )
        counts = [
            len(
                warehouse.execute(
                    check.sql(Inputs(Settings(), TODAY, now=datetime(2026, 6, 30, hour, minute)))
                ).fetchall()
            )
            for hour, minute in ((8, 0), (8, 1))
        ]
    finally:
        warehouse.rollback()
    assert counts == [0, 1]


def test_every_join_is_watched() -> None:
    """A model with a join has a check that no row was multiplied, or a test of its key that stops the floor."""
    watched = {
        check.table_name for check in registry.CHECKS if re.search(r"\.(fan_out|grain)_|dedup\.touch$", check.id)
    }
    unwatched = set()
    for file in DBT_PROJECT_DIR.joinpath("models").rglob("*.sql"):
        floor, *folders = file.relative_to(DBT_PROJECT_DIR / "models").parts
        schema = "attribution" if folders[0] == "attribution" else floor
        described = file.with_suffix(".yml")
        if described.is_file() and re.search(r"\b(unique|one_row_per)\b", described.read_text(encoding="utf-8")):
            continue
        if floor != "staging" and re.search(r"\bjoin\b", file.read_text(encoding="utf-8")):
            unwatched.add(f"{schema}.{file.stem}")
    assert unwatched - watched == set()
    assert {key.table for key in grain.KEYS} <= watched
