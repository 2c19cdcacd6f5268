"""From files of every kind to canonical: what a ledger with a total row, or a rate the other way round, becomes."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from orchestration.lib.canonical import build_canonical
from orchestration.lib.landing import land_object
from orchestration.lib.mapping import load_mappings
from orchestration.lib.settings import load_settings
from orchestration.lib.warehouse import connect
from orchestration.lib.workspace import Workspace
from tests.unit.excel_case import write_book, write_sheets
from tests.unit.landing_case import KEY

HEAD = "source: erp\nconnection: {type: files, path: inbox}\nobjects:\n"
LEDGER = """\
  ledger:
    file: "台账*.xlsx"
    load: upsert
    key: [号]
    feeds:
      payment:
        columns: {payment_id: 号, paid_on: 日, amount: {from: "金额（元）", multiply: 10000}, currency: {value: CNY}}
"""


class Chain:
    """A workspace that is landed and built with one call."""

    def __init__(self, root: Path) -> None:
        root.mkdir()
        (root / "triloop.yml").write_text("company: {timezone: Asia/Shanghai}\n", encoding="utf-8")
        (root / "mappings").mkdir()
        self.workspace = Workspace(root)
        self.inbox = root / "inbox"
        self.inbox.mkdir()

    def run(self, objects: str) -> None:
        (self.workspace.mappings_dir / "erp.yml").write_text(HEAD + objects, encoding="utf-8")
        settings = load_settings(self.workspace)
        mappings = load_mappings(self.workspace, settings)
        for mapping in mappings:
            for obj in mapping.objects.values():
                land_object(self.workspace, settings, mapping, obj)
        build_canonical(self.workspace, settings, mappings)

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with connect(self.workspace, read_only=True) as connection:
            return connection.execute(sql).fetchall()


@pytest.fixture
def chain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Chain:
    monkeypatch.setenv("TRILOOP_VAULT_KEY", KEY)
    return Chain(tmp_path / "w")


ACCOUNT = (
    "SELECT source_file, rows_in, loaded, quarantined, merged, filtered, unchanged, filter_reasons "
    "FROM canonical.row_account WHERE source_object = 'ledger' ORDER BY 1"
)


def test_total_rows_are_filtered_and_dates_need_no_declaration(chain: Chain) -> None:
    def month(path: Path, days: list[date], amounts: list[float]) -> None:
        def fill(book: xlsxwriter.Workbook) -> None:
            sheet, day = book.add_worksheet("收款"), book.add_format({"num_format": "yyyy/m/d"})
            sheet.write_row(0, 0, ["收款台账"])
            sheet.write_row(2, 0, ["序", "号", "日", "金额\n（元）"])
            for row, (one, amount) in enumerate(zip(days, amounts, strict=True), start=3):
                sheet.write_row(row, 0, [row, f"P{one.month}{one.day}"])
                sheet.write_datetime(row, 2, datetime(one.year, one.month, one.day), day)
                sheet.write(row, 3, amount)
            sheet.write_row(len(days) + 3, 0, ["合计", "合计", None, sum(amounts)])

        write_book(path, fill)

    month(chain.inbox / "台账01.xlsx", [date(2026, 1, 5), date(2026, 1, 6)], [0.1, 2.35])
    month(chain.inbox / "台账02.xlsx", [date(2026, 2, 5)], [1.005])
    chain.run(LEDGER)
    assert chain.query("SELECT payment_id, paid_on, amount, source_row FROM canonical.payment ORDER BY 1") == [
        ("erp:P15", date(2026, 1, 5), Decimal("1000.00"), 4),
        ("erp:P16", date(2026, 1, 6), Decimal("23500.00"), 5),
        ("erp:P25", date(2026, 2, 5), Decimal("10050.00"), 4),
    ]
    # the same key 合计 in both files is no version of anything: both are filtered
    accounts = chain.query(ACCOUNT)
    assert [one[:7] for one in accounts] == [
        ("inbox/台账01.xlsx", 3, 2, 0, 0, 1, 0),
        ("inbox/台账02.xlsx", 2, 1, 0, 0, 1, 0),
    ]
    assert all("total_row" in one[7] for one in accounts)


def test_without_total_rows_the_row_is_data(chain: Chain) -> None:
    write_sheets(
        chain.inbox / "台账.xlsx", {"S": [["号", "日", "金额（元）"], ["A", "2026-01-01", 1], ["合计", None, 1]]}
    )
    chain.run(LEDGER)
    assert [one[1:7] for one in chain.query(ACCOUNT)] == [(2, 1, 0, 0, 1, 0)]
    chain.run(LEDGER.replace("load: upsert", "format: {total_rows: []}\n    load: upsert"))
    assert [one[1:7] for one in chain.query(ACCOUNT)] == [(2, 1, 1, 0, 0, 0)]  # landed again: no date, quarantined


def test_json_lines_and_inverted_rates(chain: Chain) -> None:
    (chain.inbox / "rates.jsonl").write_text(
        '{"pair": {"from": "USD"}, "day": "2026-01-05", "rate": 0.1404}\n'
        '{"pair": {"from": "JPY"}, "day": "2026-01-05", "rate": 20.8}\n'
        '{"pair": {"from": "EUR"}, "day": "2026-01-05", "rate": 0}\n'
        '{"pair": {"from": "HKD"}, "day": "2026-01-05", "rate": "-0.00"}\n'
        '{"pair": {"from": "GBP"}, "day": "2026-01-05", "rate": 0.00000000000000001}\n'
        '{"pair": {"from": "CHF"}, "day": "2026-01-05", "rate": "."}\n',
        encoding="utf-8",
    )
    chain.run(
        """\
  rates:
    file: "*.jsonl"
    load: append
    feeds:
      exchange_rate:
        columns:
          rate_id: {expr: "\\"pair.from\\" || day"}
          from_currency: pair.from
          to_currency: {value: CNY}
          rate_date: day
          rate: {from: rate, invert: true}
          rate_type: {value: spot}
"""
    )
    assert chain.query("SELECT from_currency, rate FROM canonical.exchange_rate ORDER BY 1") == [
        ("JPY", Decimal("0.04807692")),
        ("USD", Decimal("7.12250712")),
    ]
    held = chain.query("SELECT source_row, rule_id, raw_value FROM canonical.quarantine ORDER BY 1")
    assert held == [
        (3, "zero_divisor:rate", "0"),
        (4, "zero_divisor:rate", "-0.00"),
        (5, "overflow:rate", "0.00000000000000001"),  # its inverse is
        (6, "cast:rate", "."),
    ]
    (english, chinese) = chain.query("SELECT reason_en, reason_zh FROM canonical.quarantine WHERE source_row = 3")[0]
    assert "divides 1 by it" in english
    assert "1 除以" in chinese
