"""Tryton: what is published of a real ERP equals that ERP's own books, from its SQLite file and from PostgreSQL."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import TEST_DATA_VARIABLE, made_once, must_succeed
from tests.oracles.tryton import CampaignFigures, Query, figures, lots_that_failed_first
from tests.postgres import PostgresServer
from tests.published import Published, bare
from tests.tryton_erp import client_python, copy_to_postgres, do_business, do_rare_business, install, unpack

pytestmark = [pytest.mark.slow, pytest.mark.realdata]

FULL_VARIABLE = "TRILOOP_TRYTON_FULL"
# Seed 4084 plays two whole chains, one paid in EUR on the invoice, one in CNY by payment order with a credit note after
# it, and a lost opportunity, all later than the invoices that are there: the ERP numbers them by date.
MORE_LEADS, MORE_SEED = 3, 4084
FULL_LEADS, FULL_SEED = 30, 1  # as the ready-made file was filled, so that the same seed comes after it
RARE = "rare-campaign"  # what tests/tryton_rare.py does; compared with amounts worked out by hand
LEAKAGE_ALLOWED = 50.0  # the tolerance of the control that fill.py sets up


@dataclass(frozen=True)
class Trial:
    """A workspace on the SQLite file, run before and after more business was done in the ERP."""

    folder: Path

    @property
    def workspace(self) -> Path:
        return self.folder / "workspace"

    @property
    def before(self) -> Path:
        return self.folder / "before.sqlite"

    @property
    def after(self) -> Path:
        return self.folder / "tryton.sqlite"

    def published(self, when: str) -> Published:
        first: str = json.loads((self.folder / "first.json").read_text(encoding="utf-8"))
        return Published(self.workspace, first if when == "before" else None)


@pytest.fixture(scope="session")
def tryton_data() -> Path:
    """The folder with the ERP's database and scripts; skips where the public data are not at hand."""
    place = os.environ.get(TEST_DATA_VARIABLE)
    if not place:
        pytest.skip(
            f"{TEST_DATA_VARIABLE} is not set: it names the folder that holds tryton/ (docs/tutorial/tryton.md)"
        )
    folder = Path(place).expanduser().resolve() / "tryton"
    if not folder.is_dir():
        pytest.skip(f"{TEST_DATA_VARIABLE}={place} holds no tryton/")
    return folder


@pytest.fixture(scope="session")
def trial(tmp_path_factory: pytest.TempPathFactory, tryton_data: Path) -> Trial:
    """Run, do more business through the ERP's own client, run again."""

    def make(root: Path) -> None:
        made = Trial(root)
        unpack(tryton_data, made.after)
        unpack(tryton_data, made.before)
        must_succeed("init", made.workspace, "--example", "tryton", "--data", made.after)
        must_succeed("run", "--workspace", made.workspace)
        (root / "first.json").write_text(json.dumps(Published(made.workspace).snapshot_id), encoding="utf-8")
        python = client_python(tryton_data, root)
        do_business(tryton_data, python, root, uri="sqlite:///tryton", leads=MORE_LEADS, seed=MORE_SEED)
        do_rare_business(python, root, uri="sqlite:///tryton")
        must_succeed("run", "--workspace", made.workspace)

    return Trial(made_once(tmp_path_factory, "tryton", make))


def in_sqlite(file: Path) -> Query:
    """Asks the ERP's file; read-only."""

    def query(sql: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as database:
            return list(database.execute(sql))

    return query


def in_postgres(address: str) -> Query:
    """Asks the ERP's PostgreSQL database; ``address`` as its own library wants it."""

    def query(sql: str) -> list[tuple[Any, ...]]:
        import psycopg

        with psycopg.connect(address) as database:
            return list(database.execute(sql))

    return query


def erp_figures(query: Query) -> dict[str, CampaignFigures]:
    """Every campaign's figures out of the ERP, but for the rare business, which has a test of its own."""
    return {name: one for name, one in figures(query).items() if name != RARE}


def published_figures(published: Published) -> dict[str, CampaignFigures]:
    """The same figures out of the published tables, by campaign of origin."""
    found: dict[str, CampaignFigures] = {}

    def of(row: dict[str, Any]) -> CampaignFigures:
        return found.setdefault(bare(row["origin_campaign_id"]), CampaignFigures())

    for row in published.rows("lead_facts"):
        of(row).leads += row["is_valid"]
    for row in published.rows("opportunity_facts"):
        of(row).opportunities += 1
        of(row).won += row["is_won"]
    campaign_of_order = {}
    for row in published.rows("order_facts"):
        campaign_of_order[row["order_id"]] = row
        of(row).sales += not row["is_excluded"]
    for row in published.rows("invoice_line_facts"):
        of(row).invoiced_sales.add(bare(row["order_id"]))
        of(row).revenue += row["net_invoiced"]
        of(row).cost += row["cogs"]
    for row in published.rows("payment_facts"):
        of(row).collected += row["collected"]
        of(row).collected_days += row["collection_day_amount"] or 0  # nothing for money given back
    for row in published.rows("return_facts"):
        of(campaign_of_order[row["order_id"]]).returned_quantity += row["quantity"]
    for row in published.rows("ticket_facts"):
        of(campaign_of_order[row["order_id"]]).complaints += 1
    found.pop(RARE, None)
    return found


@pytest.mark.parametrize("when", ["before", "after"])
def test_every_campaign_equals_the_erps_own_books(trial: Trial, when: str) -> None:
    expected = erp_figures(in_sqlite(trial.before if when == "before" else trial.after))
    assert published_figures(trial.published(when)) == expected
    assert sum(one.leads for one in expected.values()) == (30 if when == "before" else 33)


@pytest.mark.parametrize("when", ["before", "after"])
def test_metrics_by_campaign_say_the_same(trial: Trial, when: str) -> None:
    expected = erp_figures(in_sqlite(trial.before if when == "before" else trial.after))
    sides: dict[tuple[str, str], dict[str, tuple[Decimal, Decimal | None]]] = {}
    for row in trial.published(when).rows("metric_value"):
        if row["cut"] == "campaign" and row["period_kind"] == "all" and bare(row["campaign_id"]) != RARE:
            by_campaign = sides.setdefault((row["metric_id"], row["variant"]), {})
            by_campaign[bare(row["campaign_id"])] = (row["numerator"], row["denominator"])
    assert {name: side[0] for name, side in sides["leads", "standard"].items()} == {
        name: one.leads for name, one in expected.items()
    }
    won = {name: one.won for name, one in expected.items() if one.opportunities}
    assert {name: side[0] for name, side in sides["win_rate", "count"].items()} == won
    margin = {name: (one.revenue - one.cost, one.revenue) for name, one in expected.items() if one.invoiced_sales}
    assert sides["gross_margin_rate", "standard"] == margin
    days = {name: (one.collected_days, one.collected) for name, one in expected.items() if one.collected}
    assert sides["collection_days", "standard"] == days


def test_business_done_between_two_runs_is_in_the_second(trial: Trial) -> None:
    before, after = (published_figures(trial.published(when)) for when in ("before", "after"))

    def total(all_figures: dict[str, CampaignFigures], name: str) -> Any:
        return sum(getattr(one, name) for one in all_figures.values())

    grown = {name: total(after, name) - total(before, name) for name in ("leads", "won", "sales", "complaints")}
    assert grown == {"leads": 3, "won": 2, "sales": 2, "complaints": 1}
    assert total(after, "revenue") > total(before, "revenue")
    assert total(after, "collected") > total(before, "collected")
    first = {row["lead_id"] for row in trial.published("before").rows("lead_facts")}
    second = {row["lead_id"] for row in trial.published("after").rows("lead_facts")}
    assert second - first == {f"tryton:{number}" for number in range(31, 36)}  # two of them are rare business


def test_a_credit_note_reaches_its_sale_at_the_rate_of_its_invoice(trial: Trial) -> None:
    lines = [
        row for row in trial.published("after").rows("invoice_line_facts") if bare(row["origin_campaign_id"]) != RARE
    ]
    notes = [row for row in lines if row["kind"] == "credit_note"]
    assert {"5", "6"} < {bare(row["order_id"]) for row in notes}
    assert len({row["order_id"] for row in notes}) == 3
    rate_of = {row["invoice_id"]: row["rate_id"] for row in lines if row["kind"] == "invoice"}
    foreign = [row for row in notes if row["currency"] != "CNY"]
    assert foreign
    for row in notes:
        assert row["rate_id"] == rate_of[row["reverses_invoice_id"]]
        assert row["order_line_id"]
    # one piece taken back and billed again at nothing: its cost stays where it was
    assert sum(row["cogs"] for row in notes) == 0


def test_rare_business_belongs_to_the_sale_that_it_is_about(trial: Trial) -> None:
    published = trial.published("after")
    name_of = {row["account_id"]: row["name"][-1] for row in published.rows("customer_facts")}
    orders = {
        row["order_id"]: name_of[row["account_id"]]
        for row in published.rows("order_facts")
        if bare(row["origin_campaign_id"]) == RARE
    }
    assert sorted(orders.values()) == ["A", "B", "C", "E", "F"]  # three returns and a draft are no orders
    invoiced: dict[str, list[tuple[Decimal, str, str]]] = {}
    for row in published.rows("invoice_line_facts"):
        if row["order_id"] in orders:
            assert row["order_line_id"]
            at = invoiced.setdefault(orders[row["order_id"]], [])
            at.append((row["net_amount"], row["currency"], row["valued_on"].isoformat()))
    # 3 × 600.005 and 10 × 47.7945 lie halfway between two cents, and so does the pump that came back: half to even
    assert {name: sorted(lines) for name, lines in invoiced.items()} == {
        "A": [(Decimal(one), "EUR", "2026-05-02") for one in ("-600.00", "477.94", "1800.02")],
        "B": [(Decimal(one), "USD", "2026-05-22") for one in ("-2600.00", "2600.00")],
        "C": [
            (Decimal(one), "CNY", "2026-06-11")
            for one in ("-19200.00", "-9600.00", "-1950.00", "1950.00", "9000.00", "19200.00")
        ],
        "E": [(Decimal("780.00"), "CNY", "2026-07-02")],
    }
    paid = sorted(
        (orders[row["order_id"]], row["paid_on"].isoformat(), row["allocated_amount"])
        for row in published.rows("payment_facts")
        if row["order_id"] in orders
    )
    assert paid == [
        ("A", "2026-06-03", Decimal("500.00")),
        ("A", "2026-07-01", Decimal("-600.00")),
        ("E", "2026-07-06", Decimal("500.00")),  # on the day it cleared; the order that failed is none
    ]
    complained = [orders[row["order_id"]] for row in published.rows("ticket_facts") if row["order_id"] in orders]
    assert complained == ["C", "C"]
    leads = [row for row in published.rows("lead_facts") if bare(row["origin_campaign_id"]) == RARE]
    assert sorted((row["is_valid"], row["contact_id"] is not None) for row in leads) == [(False, False), (True, True)]
    assert [name_of[row["account_id"]] for row in published.rows("dim_contact")] == ["F"]


def test_what_was_passed_only_after_rework_did_not_pass_first(trial: Trial) -> None:
    failed = lots_that_failed_first(in_sqlite(trial.after), LEAKAGE_ALLOWED)
    lots = [row for row in trial.published("after").rows("lot_facts") if row["inspection_count"]]
    assert failed
    assert {row["lot_no"] for row in lots if row["quantity_reworked"] > 0} == failed
    assert {row["lot_no"] for row in lots if row["quantity_passed"] == 0} == failed


def test_a_cancelled_quote_leaves_the_opportunity_its_amount(trial: Trial) -> None:
    (row,) = [row for row in trial.published("before").rows("opportunity_facts") if bare(row["opportunity_id"]) == "24"]
    assert (row["is_won"], row["is_lost"], row["amount"], row["currency"]) == (False, True, Decimal("2668.80"), "USD")


def test_goods_taken_back_are_a_return_and_no_order(trial: Trial) -> None:
    published = trial.published("before")
    assert {bare(row["order_id"]) for row in published.rows("order_facts")} == {
        str(number) for number in range(1, 13) if number not in {7, 8}
    }
    returned = {(bare(row["order_line_id"]), row["quantity"]) for row in published.rows("return_facts")}
    assert returned == {("5", Decimal(1)), ("6", Decimal(1))}
    tickets = {(bare(row["order_id"]), row["lot_no"]) for row in published.rows("ticket_facts")}
    assert tickets == {("5", "L100000"), ("6", "L100016")}


def test_every_row_has_a_place_and_none_is_in_quarantine(trial: Trial) -> None:
    assert trial.published("after").rows("quarantine_summary") == []
    accounts = trial.published("after").rows("row_account")
    assert all(row["quarantined"] == 0 for row in accounts)
    fed = {row["entity"] for row in accounts if row["loaded"]}
    assert {
        "campaign", "lead", "touchpoint", "opportunity", "stage_event", "quote", "quote_line", "sales_order",
        "sales_order_line", "production_order", "quality_inspection", "shipment", "shipment_line", "sales_return",
        "invoice", "invoice_line", "payment", "payment_allocation", "service_ticket", "exchange_rate", "product",
        "customer", "salesperson", "channel",
    } <= fed  # fmt: skip


def test_postgresql_says_the_same(
    trial: Trial, postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> None:
    address = native(postgres_server.new_database("tryton_copy"))
    copy_to_postgres(trial.after, address)
    workspace = tmp_path_factory.mktemp("postgres") / "workspace"
    must_succeed("init", workspace, "--example", "tryton", "--data", address)
    must_succeed("run", "--workspace", workspace)
    published = Published(workspace)
    assert published_figures(published) == erp_figures(in_postgres(address))
    from_sqlite = trial.published("after")
    assert published.manifest["tables"].keys() == from_sqlite.manifest["tables"].keys()
    # all that is published, but for the times of the checks and the files that were landed before
    for table in published.manifest["tables"].keys() - {"gate_result", "row_account"}:
        assert without_lineage(published, table) == without_lineage(from_sqlite, table), table
    said = [path for path in workspace.rglob("*") if path.suffix in {".yml", ".json", ".log"} and path.is_file()]
    assert not [path for path in said if postgres_server.password in path.read_text(encoding="utf-8", errors="replace")]


@pytest.mark.skipif(
    not os.environ.get(FULL_VARIABLE), reason=f"{FULL_VARIABLE} is not set: installs the whole ERP, about ten minutes"
)
def test_the_real_erp_on_postgresql(tryton_data: Path, postgres_server: PostgresServer, tmp_path: Path) -> None:
    """Nothing copied: Tryton makes its tables in PostgreSQL, and all business is done there through its client."""
    address = native(postgres_server.new_database("tryton_full"))
    python = client_python(tryton_data, tmp_path)
    install(tryton_data, python, tmp_path, address=address)
    do_business(tryton_data, python, tmp_path, uri=address, leads=FULL_LEADS, seed=FULL_SEED)
    workspace = tmp_path / "workspace"
    must_succeed("init", workspace, "--example", "tryton", "--data", address)
    must_succeed("run", "--workspace", workspace)
    first = published_figures(Published(workspace))
    assert first == erp_figures(in_postgres(address))
    assert sum(one.leads for one in first.values()) == FULL_LEADS
    do_business(tryton_data, python, tmp_path, uri=address, leads=MORE_LEADS, seed=MORE_SEED)
    do_rare_business(python, tmp_path, uri=address)
    must_succeed("run", "--workspace", workspace)
    second = published_figures(Published(workspace))
    assert second == erp_figures(in_postgres(address))
    assert sum(one.leads for one in second.values()) == FULL_LEADS + MORE_LEADS
    assert sum(one.collected for one in second.values()) > sum(one.collected for one in first.values())


def without_lineage(published: Published, table: str) -> list[str]:
    """The rows of a table without the files they came from, in an order of their own."""
    rows = [
        row | {"mover": None} if row.get("mover_cut") == "file" else row  # which names where the rows came from
        for row in published.rows(table)
    ]
    return sorted(repr({name: row[name] for name in row if not name.startswith("source_")}) for row in rows)


def native(address: str) -> str:
    """The address without the name of SQLAlchemy's driver, as PostgreSQL's own library and the ERP want it."""
    return address.replace("+psycopg", "")
