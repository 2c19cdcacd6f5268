"""The marts of the market, sales and distributors are published, and each row is followed to file and row."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import duckdb
import pytest

from orchestration.lib.contract import load_contract
from orchestration.lib.publish import open_snapshot
from orchestration.lib.publish.reader import Snapshot
from orchestration.lib.publish.sales_tables import SALES_TABLES
from orchestration.lib.publish.writer import publish_snapshot
from orchestration.lib.settings import DEFAULT_ROLES
from orchestration.lib.trace import find_documents, follow_document, sources_of
from orchestration.lib.workspace import Workspace
from tests.unit.snapshot_fixture import settings
from tests.unit.test_dbt_loops import warehouse

__all__ = ["warehouse"]  # the fixture: the company of loops_case.py

METRIC_VALUE = """
create schema if not exists metrics;
create table metrics.metric_value (metric_id varchar, variant varchar, cut varchar, channel_id varchar,
  campaign_id varchar, period_kind varchar, period_start date, view varchar, basis varchar, model varchar,
  numerator decimal(28, 6), denominator decimal(28, 6), value decimal(28, 8),
  value_low decimal(28, 8), value_high decimal(28, 8), n bigint, is_mature boolean, reported decimal(28, 8));
create schema if not exists gate;
create table gate.result (gate varchar, check_id varchar, status varchar);
"""


@pytest.fixture(scope="module")
def workspace(warehouse: duckdb.DuckDBPyConnection, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    root = tmp_path_factory.mktemp("published")
    (root / "triloop.yml").write_text("company: {name: Test}\n", encoding="utf-8")
    workspace = Workspace(root)
    workspace.state_dir.mkdir()
    [(built,)] = warehouse.execute("select path from duckdb_databases() where path is not null").fetchall()
    shutil.copy(built, workspace.warehouse_file)
    with duckdb.connect(str(workspace.warehouse_file)) as connection:
        connection.execute(METRIC_VALUE)
    publish_snapshot(
        workspace,
        settings(**{role: list(tables) for role, tables in DEFAULT_ROLES.items()}),
        run_id="run-1",
        code_version="0.0.0",
        gates=(),
        keys={name: entity.key for name, entity in load_contract().entities.items()},
        definitions=[],
    )
    return workspace


@pytest.fixture
def snapshot(workspace: Workspace) -> Iterator[Snapshot]:
    with open_snapshot(workspace) as opened:
        yield opened


def traced(snapshot: Snapshot, table: str, where: str = "true") -> list[set[tuple[str, str]]]:
    """The documents behind each row, as entity and id."""
    rows = snapshot.rows(f"select * from {table} where {where} order by all")
    return [{(one.entity, one.document_id) for one in found} for found in sources_of(snapshot, rows, table)]


@pytest.mark.parametrize("table", [table.name for table in SALES_TABLES])
def test_every_row_of_a_published_mart_ends_in_a_file(snapshot: Snapshot, table: str) -> None:
    rows = snapshot.rows(f"select * from {table} order by all")
    assert rows, "the company has some of everything"
    for row, found in zip(rows, sources_of(snapshot, rows, table), strict=True):
        assert found
        own = (row["source_file"], row["source_row"], row["source_sha256"])
        places = [
            (one.source.source_file, one.source.source_row, one.source.source_sha256) for one in found if one.source
        ]
        assert own in places


@pytest.mark.parametrize(
    ("table", "where", "documents"),
    [
        ("interaction_facts", "interaction_id = 'crm:i1'", {("interaction", "crm:i1"), ("lead", "crm:L1")}),
        ("campaign_session_facts", "campaign_session_id = 'crm:cs1'", {("campaign_session", "crm:cs1")}),
        ("work_hours_facts", "work_hours_id = 'mkt:w1'", {("work_hours", "mkt:w1")}),
        ("sell_out_facts", "sell_out_id = 'dms:1'", {("sell_out", "dms:1")}),
        # a quote's money stands on its lines, and in yuan on the rate of its day
        (
            "quote_facts",
            "quote_id = 'crm:q2'",
            {
                ("quote", "crm:q2"), ("opportunity", "crm:O1"), ("exchange_rate", "fx:1"),
                *(("quote_line", f"crm:q2-{n}") for n in (1, 2, 3)),
            },
        ),
        # an event told by a lead that gave way: its own row, and the lead that stands for both
        ("stage_event_facts", "stage_event_id = 'crm:e5'", {("stage_event", "crm:e5"), ("lead", "crm:L1")}),
        ("touch_facts", "touch_id = 'lead:crm:L13'", {("lead", "crm:L13")}),
        # what was booked, billed, shipped and paid that month
        (
            "distributor_month",
            "distributor_id = 'erp:D2' and month = date '2024-01-01'",
            {
                ("sales_order", "erp:SO1"), ("invoice_line", "erp:IL1"), ("invoice_line", "erp:IL2"),
                ("shipment", "wms:SH1"), ("payment_allocation", "erp:A1"), ("payment_allocation", "erp:A2"),
            },
        ),
        # what it reported sold; it bought nothing under an account of its own
        ("distributor_stock_month", "distributor_id = 'erp:D1' and month = date '2024-01-01'", {("sell_out", "dms:1")}),
    ],
)  # fmt: skip
def test_a_row_is_followed_to_its_documents(
    snapshot: Snapshot, table: str, where: str, documents: set[tuple[str, str]]
) -> None:
    [found] = traced(snapshot, table, where)
    assert found - {("row", one) for _, one in found} == documents


def test_a_role_without_the_documents_still_has_the_row(workspace: Workspace) -> None:
    with open_snapshot(workspace, role="finance") as opened:  # no quotes there; sell-out and orders are
        assert not opened.has("quote_facts")
        found = traced(opened, "distributor_month", "distributor_id = 'erp:D1' and month = date '2024-01-01'")
    assert {("sales_order", "erp:SO4"), ("sell_out", "dms:1")} <= found[0]


def test_a_document_is_followed_to_the_marts(snapshot: Snapshot) -> None:
    [quote] = find_documents(snapshot, "q2")
    assert {table: one["count"] for table, one in follow_document(snapshot, quote).items()} == {
        "quote_facts": 1, "quote_line_facts": 3, "order_facts": 1,
    }  # fmt: skip
    [lead] = [one for one in find_documents(snapshot, "crm:L1") if one.entity == "lead"]
    assert follow_document(snapshot, lead)["stage_event_facts"]["count"] == 6
