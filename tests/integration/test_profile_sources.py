"""Profile on a PostgreSQL database, and on real data that nobody made for it: an ERP, a marketplace, a pipeline."""

from __future__ import annotations

import gzip
import os
import shutil
from pathlib import Path

import pytest

from orchestration.cli.main import invoke
from orchestration.examples.olist import MAPPINGS as OLIST
from orchestration.lib.profile.database import open_url
from orchestration.lib.profile.profile import profile_place
from orchestration.lib.profile.render import Head
from orchestration.lib.profile.vocabulary import load_vocabulary
from orchestration.lib.settings import Settings
from tests.postgres import PostgresServer
from tests.unit.profile_case import compare, profiled, proposed, text_of

VARIABLE = "TRILOOP_TEST_DATA"


def public(name: str) -> Path:
    """A folder of the public data; skips without it."""
    place = os.environ.get(VARIABLE)
    folder = Path(place or "/nowhere") / name
    if not folder.is_dir():
        pytest.skip(f"{VARIABLE} names no folder that holds {name}/")
    return folder


def test_a_postgresql_database(
    postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    name, address = "profile", postgres_server.new_database("profile")
    postgres_server.execute(
        "create table customer (id integer primary key, name text, region text)",
        "create table sales_order (id integer primary key, customer integer references customer (id), "
        "order_date date, state text, currency text)",
        "create table alembic_version (version text)",
        "insert into customer select n, '公司' || n, '华东' from generate_series(1, 20) n",
        "insert into sales_order select n, 1 + n % 20, date '2024-01-01' + n % 90, "
        "case n % 2 when 0 then 'done' else 'draft' end, 'EUR' from generate_series(1, 300) n",
        database=name,
    )
    monkeypatch.setenv("SHOP_URL", address)
    place = open_url("${SHOP_URL}", load_vocabulary(), schema=None)
    head = Head("source", {"type": "sql", "url": "${SHOP_URL}"}, "Asia/Shanghai")
    result = profile_place(place, place.items, head, Settings(), sample=100)
    assert place.skipped == ("alembic_version",)
    by_entity = {one.entity: one for one in result.tables}
    orders = by_entity["sales_order"]
    assert (orders.table.rows, orders.table.sampled, orders.table.is_sample) == (300, 100, True)
    assert [(one.column, one.table, one.declared) for one in orders.table.references] == [
        ("customer", "customer", True)
    ]
    assert proposed(orders.feeds[0], "ordered_at").raw == "order_date"
    assert proposed(orders.feeds[0], "status").values == {"done": "closed", "draft": "draft"}
    text_of(result)
    assert invoke(["profile", address, "--source", "shop", "--lang", "en"]) == 0
    shown = capsys.readouterr()
    assert 'connection: {type: sql, url: "${SHOP_URL}"}' in shown.out
    assert postgres_server.password not in shown.out + shown.err


@pytest.mark.slow
@pytest.mark.realdata
def test_a_real_erp_of_331_tables(tmp_path: Path) -> None:
    path = tmp_path / "erp.sqlite"
    with gzip.open(public("tryton") / "tryton_30_leads.sqlite.gz") as packed, path.open("wb") as out:
        shutil.copyfileobj(packed, out)
    result = profiled(path)
    text_of(result)
    assert {one.table.name: one.entity for one in result.tables if one.entity is not None} == {
        "marketing_campaign": "campaign",
        "marketing_medium": "channel",
        "party_party": "customer",
        "currency_currency_rate": "exchange_rate",
        "stock_inventory": "inventory_snapshot",
        "account_invoice": "invoice",
        "account_invoice_line": "invoice_line",
        "sale_opportunity": "opportunity",
        "account_payment": "payment",
        "product_product": "product",
        "production": "production_order",
        "quality_inspection": "quality_inspection",
        "sale_sale": "sales_order",
        "sale_line": "sales_order_line",
        "company_employee": "salesperson",
        "sale_complaint": "service_ticket",
        "stock_shipment_out": "shipment",
    }
    assert len(result.place.skipped) > 80
    by_entity = {one.entity: one.feeds[0] for one in result.tables if one.feeds}
    # who the customer is stands in `party`; `company` is the maker's own, the same in every row
    for entity in ("sales_order", "opportunity", "invoice"):
        assert proposed(by_entity[entity], "customer_id").raw == "party"


@pytest.mark.slow
@pytest.mark.realdata
def test_a_real_marketplace() -> None:
    result = profiled(public("olist"))
    text_of(result)
    found = compare(result, OLIST / "olist.yml")
    assert found.precision >= 0.9, found.wrong


@pytest.mark.realdata
def test_a_real_pipeline() -> None:
    result = profiled(public("crm_pipeline") / "maven_crm_sales_opportunities")
    text = text_of(result)
    assert {one.table.name: one.entity for one in result.tables} == {
        "accounts": "customer",
        "sales_pipeline": "opportunity",
        "products": "product",
        "sales_teams": "salesperson",
        "data_dictionary": None,
    }
    pipeline = next(one for one in result.tables if one.entity == "opportunity").feeds[0]
    assert {one.column.name: one.raw for one in pipeline.accepted} == {
        "opportunity_id": "opportunity_id",
        "customer_id": "account",
        "stage": "deal_stage",
        "closed_at": "close_date",
        "is_won": "deal_stage",
        "salesperson_id": "sales_agent",
    }
    assert "# amount: close_value" in text
    # names of agents are masked, as those of any person
    assert "Moses Frase" not in repr(result)
