"""Canonical, by hand: what becomes of each row of small files, and that the accounts say so.

Fates are (rows_in, loaded, quarantined, merged, filtered, unchanged).
"""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from orchestration.lib.canonical import CanonicalResult
from orchestration.lib.canonical.tables import OTHER_TABLES, PER_ENTITY_TABLES
from orchestration.lib.contract.generate import SYSTEM_TABLES
from orchestration.lib.errors import DataError
from tests.unit.canonical_case import Case

PAYMENTS = """
objects:
  payments:
    file: "pay*.csv"
    load: {load}
    {extra}
    feeds:
      payment:
        columns: {{payment_id: 号, paid_on: 日, amount: 额, currency: {{value: CNY}}, method: 法}}
"""
COLUMNS = "号 日 额 法"
WHOLE = "SELECT payment_id, paid_on::VARCHAR, amount::VARCHAR, method FROM canonical.payment ORDER BY 1"


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(tmp_path / "w")


def payments(case: Case, load: str, extra: str = "") -> None:
    case.map("erp", PAYMENTS.format(load=load, extra=extra or "personal: {}"))


def test_values_lineage_and_quarantine(case: Case) -> None:
    payments(case, "append")
    batch = case.land(
        "erp.payments",
        "inbox/pay1.csv",
        COLUMNS,
        ("\u3000P1 ", "2026-01-31", "100.10", "bank"),
        ("P2", "2026-02-30", "1.005", None),
        (" ", "2026-02-01", "1", None),
        ("P4", "2026-02-01", "", None),
    )
    result = case.build()
    row = case.query("SELECT * FROM canonical.payment")[0]
    names = [
        name
        for (name,) in case.query(
            "SELECT column_name FROM duckdb_columns() WHERE table_name = 'payment' "
            "AND schema_name = 'canonical' ORDER BY column_index"
        )
    ]
    loaded = dict(zip(names, row, strict=True))
    assert loaded["payment_id"] == "erp:P1"
    assert loaded["amount"] == Decimal("100.10")
    assert loaded["customer_id"] is None
    assert (loaded["source_system"], loaded["source_object"], loaded["source_file"]) == (
        "erp",
        "payments",
        "inbox/pay1.csv",
    )
    assert (loaded["source_row"], loaded["source_sha256"], loaded["ingest_id"]) == (2, batch.sha256, batch.ingest_id)
    assert loaded["ingested_at"] == datetime(2026, 3, 1, 8)
    quarantined = case.query(
        "SELECT source_row, rule_id, column_name, raw_value, raw_row, reason_en, reason_zh "
        "FROM canonical.quarantine ORDER BY 1"
    )
    assert [one[:4] for one in quarantined] == [
        (3, "cast:paid_on", "paid_on", "2026-02-30"),
        (4, "required:payment_id", "payment_id", " "),
        (5, "required:amount", "amount", ""),
    ]
    assert json.loads(quarantined[0][4]) == {"号": "P2", "日": "2026-02-30", "额": "1.005", "法": None}
    assert "precision" not in quarantined[0][1]
    assert "more than 2 decimals" in quarantined[0][5]  # the second fault of the row is told as well
    assert "小数位多于 2 位" in quarantined[0][6]
    assert "1.005" not in quarantined[0][5]  # a reason never quotes the value
    assert case.fates("payment") == {"inbox/pay1.csv": (4, 1, 3, 0, 0, 0)}
    assert result.totals() == {"rows_in": 4, "loaded": 1, "quarantined": 3, "merged": 0, "filtered": 0, "unchanged": 0}
    assert result.account_of("payment")["loaded"] == 1
    assert result.account_of("invoice")["rows_in"] == 0


def test_append(case: Case) -> None:
    payments(case, "append")
    case.land(
        "erp.payments",
        "pay1.csv",
        COLUMNS,
        ("P1", "2026-01-01", "1", "a"),
        ("P1", "2026-01-01", "1.00", "a"),  # the same, once mapped
        ("P1", "2026-01-01", "2", "a"),  # the same id, other content
        ("P2", "2026-01-02", "5", "b"),
    )
    case.land(
        "erp.payments",
        "pay2.csv",
        COLUMNS,
        ("P2", "2026-01-02", "5", "b"),
        ("P2", "2026-01-02", "5", "c"),
        ("P3", "2026-01-03", "7", None),
    )
    case.build()
    assert case.query(WHOLE) == [
        ("erp:P1", "2026-01-01", "1.00", "a"),
        ("erp:P2", "2026-01-02", "5.00", "b"),
        ("erp:P3", "2026-01-03", "7.00", None),
    ]
    assert case.fates("payment") == {"pay1.csv": (4, 2, 1, 1, 0, 0), "pay2.csv": (3, 1, 1, 0, 0, 1)}
    conflicts = case.query(
        "SELECT source_file, source_row, rule_id, raw_value, reason_en FROM canonical.quarantine ORDER BY 1"
    )
    assert [one[:4] for one in conflicts] == [
        ("pay1.csv", 4, "key_conflict", "erp:P1"),
        ("pay2.csv", 3, "key_conflict", "erp:P2"),
    ]
    assert conflicts[1][4].endswith("pay1.csv, row 5")


def test_upsert(case: Case) -> None:
    payments(case, "upsert", "key: [号]")
    case.land(
        "erp.payments",
        "pay1.csv",
        COLUMNS,
        ("P1", "2026-01-01", "1", "a"),
        ("P2", "2026-01-02", "5", "b"),
        ("P3", "2026-01-03", "7", "c"),
        ("P3", "2026-01-03", "8", "c"),  # the last row of a file wins
        ("P4", "2026-01-04", "9", "d"),
    )
    case.land(
        "erp.payments",
        "pay2.csv",
        COLUMNS,
        ("P1", "2026-01-01", "1.0", "a"),  # unchanged
        ("P2", "2026-01-02", "6", "b"),  # replaces
        ("P4", "2026-01-04", "oops", "d"),
    )  # the latest version is not usable, and the old one is not true any more
    case.land("erp.payments", "pay3.csv", COLUMNS, ("P2", "2026-01-02", "6", "b"), ("P2", "2026-01-02", "5", "b"))
    case.build()
    rows = case.query("SELECT payment_id, amount::VARCHAR, source_file, source_row FROM canonical.payment ORDER BY 1")
    assert rows == [
        ("erp:P1", "1.00", "pay1.csv", 2),
        ("erp:P2", "5.00", "pay3.csv", 3),
        ("erp:P3", "8.00", "pay1.csv", 5),
    ]
    # pay1: P2, first P3 and P4 are superseded; pay2: P2 superseded, P1 unchanged; pay3: first P2 repeats pay2's
    assert case.fates("payment") == {
        "pay1.csv": (5, 2, 0, 3, 0, 0),
        "pay2.csv": (3, 0, 1, 1, 0, 1),
        "pay3.csv": (2, 1, 0, 0, 0, 1),
    }


def test_upsert_a_record_dropped_now_does_not_return_in_an_older_version(case: Case) -> None:
    case.map(
        "erp",
        """
        objects:
          payments:
            file: "pay*.csv"
            load: upsert
            key: [号]
            feeds:
              payment:
                drop: [{when: "法 = 'void'", reason: void}, {when: "额 = '0'", reason: zero}]
                columns: {payment_id: 号, paid_on: 日, amount: 额, currency: {value: CNY}}
        """,
    )
    case.land("erp.payments", "pay1.csv", COLUMNS, ("P1", "2026-01-01", "1", "a"), ("P2", "2026-01-01", "0", "void"))
    case.land("erp.payments", "pay2.csv", COLUMNS, ("P1", "2026-01-01", "1", "void"))
    case.build()
    assert case.one("SELECT count(*) FROM canonical.payment") == 0
    assert case.fates("payment") == {"pay1.csv": (2, 0, 0, 1, 1, 0), "pay2.csv": (1, 0, 0, 0, 1, 0)}
    assert case.query("SELECT source_file, filter_reasons FROM canonical.row_account ORDER BY 1") == [
        ("pay1.csv", '{"void": 1}'),
        ("pay2.csv", '{"void": 1}'),
    ]


def test_snapshot_per_file_and_per_object(case: Case) -> None:
    payments(case, "snapshot")
    case.land("erp.payments", "pay_east.csv", COLUMNS, ("P1", "2026-01-01", "1", "a"), ("P2", "2026-01-01", "2", "a"))
    case.land("erp.payments", "pay_west.csv", COLUMNS, ("P3", "2026-01-01", "3", "a"))
    case.land("erp.payments", "pay_east.csv", COLUMNS, ("P1", "2026-01-01", "1", "b"))  # P2 is gone, P1 changed
    case.build()
    assert [(row[0], row[3]) for row in case.query(WHOLE)] == [("erp:P1", "b"), ("erp:P3", "a")]
    accounts = case.query("SELECT source_file, rows_in, loaded, merged FROM canonical.row_account ORDER BY 1, 2 DESC")
    assert accounts == [("pay_east.csv", 2, 0, 2), ("pay_east.csv", 1, 1, 0), ("pay_west.csv", 1, 1, 0)]
    payments(case, "snapshot", "snapshot_per: object")
    case.build()
    assert [row[0] for row in case.query(WHOLE)] == ["erp:P1"]


def test_one_per_and_lines_from_one_file(case: Case) -> None:
    case.map(
        "erp",
        """
        references: {campaign: crm}
        objects:
          orders:
            file: "o*.csv"
            load: upsert
            key: [单号, 行号]
            feeds:
              sales_order:
                one_per: [单号]
                columns:
                  order_id: 单号
                  campaign_id: 活动
                  customer_id: {from: 客户, source: mdm}
                  ordered_at: {from: 下单, formats: ["%Y/%m/%d"]}
                  status: {from: 状态, values: {已确认: confirmed, 关闭: closed}}
                  currency: {value: CNY}
              sales_order_line:
                columns:
                  order_line_id: {expr: "单号 || '-' || 行号"}
                  order_id: 单号
                  line_no: 行号
                  quantity: {value: 1}
                  net_amount: 额
        """,
    )
    head = "单号 行号 活动 客户 下单 状态 额"
    case.land(
        "erp.orders",
        "o1.csv",
        head,
        ("A", "1", "K1", "C1", "2026/1/3", "已确认", "10"),
        ("A", "2", "K1", "C1", "2026/1/3", "已确认", "20"),
        ("B", "1", "", "C1", "2026/1/3", "作废", "30"),
    )
    case.land("erp.orders", "o2.csv", head, ("A", "2", "K1", "C1", "2026/1/3", "关闭", "25"))
    case.build()
    assert case.query("SELECT order_id, campaign_id, customer_id, status, ordered_at FROM canonical.sales_order") == [
        ("erp:A", "crm:K1", "mdm:C1", "closed", datetime(2026, 1, 2, 16))
    ]
    assert case.query(
        "SELECT order_line_id, line_no, net_amount::VARCHAR FROM canonical.sales_order_line ORDER BY 1"
    ) == [("erp:A-1", 1, "10.00"), ("erp:A-2", 2, "25.00"), ("erp:B-1", 1, "30.00")]
    assert case.fates("sales_order") == {"o1.csv": (3, 0, 1, 2, 0, 0), "o2.csv": (1, 1, 0, 0, 0, 0)}
    assert case.fates("sales_order_line") == {"o1.csv": (3, 2, 0, 1, 0, 0), "o2.csv": (1, 1, 0, 0, 0, 0)}
    assert case.query("SELECT rule_id, raw_value FROM canonical.quarantine") == [("value_map:status", "作废")]


def test_several_feeds_and_sources_with_precedence(case: Case) -> None:
    cost = "columns: {{order_cost_id: {{expr: \"单 || '-{0}'\"}}, order_id: 单, kind: {{value: {1}}}, incurred_on: 日, "
    cost += "currency: {{value: CNY}}, amount: {2}}}"
    case.map(
        "erp",
        f"""
        references: {{order_cost: shared}}
        objects:
          costs:
            file: "c*.csv"
            load: append
            feeds:
              order_cost:
                - {{drop: [{{empty: 运费, reason: no_freight}}], {cost.format("F", "freight", "运费")}}}
                - {{drop: [{{empty: 返利, reason: no_rebate}}], {cost.format("R", "rebate", "返利")}}}
        """,
    )
    case.map(
        "fin",
        f"""
        references: {{order_cost: shared}}
        objects:
          costs:
            file: "c*.csv"
            load: append
            feeds:
              order_cost: {{{cost.format("F", "freight", "运费")}}}
        """,
    )
    case.land("erp.costs", "c1.csv", "单 日 运费 返利", ("A", "2026-01-01", "5", "1"), ("B", "2026-01-01", "", "2"))
    case.land("fin.costs", "c2.csv", "单 日 运费", ("A", "2026-01-01", "6"), ("C", "2026-01-01", "7"))
    case.build()
    rows = case.query("SELECT order_cost_id, order_id, kind, amount::VARCHAR FROM canonical.order_cost ORDER BY 1")
    assert rows == [
        ("shared:A-F", "erp:A", "freight", "5.00"),  # erp comes before fin
        ("shared:A-R", "erp:A", "rebate", "1.00"),
        ("shared:B-R", "erp:B", "rebate", "2.00"),
        ("shared:C-F", "fin:C", "freight", "7.00"),
    ]
    # two feeds of one object: each row comes in twice
    assert case.fates("order_cost") == {"c1.csv": (4, 3, 0, 0, 1, 0), "c2.csv": (2, 1, 0, 1, 0, 0)}


def test_utm_rules(case: Case) -> None:
    case.map(
        "web",
        """
        references: {channel: crm}
        utm_rules:
          - {utm_source: baidu, utm_medium: cpc, channel_id: paid_search, campaign_id: SEM}
          - {utm_source: "we chat*", channel_id: wechat}
          - {utm_source: "*", utm_medium: null, channel_id: other}
        objects:
          hits:
            file: "h*.csv"
            load: append
            feeds:
              touchpoint:
                columns:
                  touchpoint_id: id
                  lead_id: lead
                  touched_at: at
                  precision: {value: exact}
                  touch_type: {value: click}
                  utm_source: s
                  utm_medium: m
                  channel_id: {utm: channel_id}
                  campaign_id: {utm: campaign_id}
        """,
    )
    at = "2026-01-01 00:00:00"
    rows = [
        ("1", "Bai Du", "CPC"),
        ("2", "WeChat_moments", "cpc"),
        ("3", "x", None),
        ("4", "x", "cpc"),
        ("5", None, None),
        ("6", "X", "cpc"),
        ("7", "x", "cpc"),
    ]
    case.land("web.hits", "h.csv", "id lead at s m", *((key, "L", at, source, medium) for key, source, medium in rows))
    case.build()
    assert case.query("SELECT touchpoint_id, channel_id, campaign_id FROM canonical.touchpoint ORDER BY 1") == [
        ("web:1", "crm:paid_search", "web:SEM"),
        ("web:2", "crm:wechat", None),
        ("web:3", "crm:other", None),
        ("web:4", None, None),
        ("web:5", None, None),
        ("web:6", None, None),
        ("web:7", None, None),
    ]
    unmatched = case.query("SELECT utm_source, utm_medium, row_count FROM canonical.utm_unmatched ORDER BY 1")
    assert unmatched == [("X", "cpc", 1), ("x", "cpc", 2)]


def test_a_ref_whose_entity_stands_in_the_row(case: Case) -> None:
    case.map(
        "log",
        """
        references: {lead: crm}
        objects:
          stages:
            file: "s*.csv"
            load: append
            feeds:
              stage_event:
                columns: {stage_event_id: id, subject_kind: k, subject_id: s, stage: g, entered_at: t}
        """,
    )
    at = "2026-01-01 00:00:00"
    case.land(
        "log.stages",
        "s.csv",
        "id k s g t",
        ("1", "lead", "L1", "mql", at),
        ("2", "opportunity", "O1", "won", at),
        ("3", "deal", "O1", "won", at),
    )
    case.build()
    assert case.query("SELECT subject_id FROM canonical.stage_event ORDER BY 1") == [("crm:L1",), ("log:O1",)]
    assert case.query("SELECT rule_id, raw_value FROM canonical.quarantine") == [("allowed:subject_kind", "deal")]


def test_expressions_that_fail_on_a_row_are_quarantined(case: Case) -> None:
    case.map(
        "erp",
        """
        objects:
          payments:
            file: "pay*.csv"
            load: append
            feeds:
              payment:
                drop: [{when: "CAST(额 AS DECIMAL(18,2)) = 0", reason: zero}]
                columns: {payment_id: 号, paid_on: 日, currency: {value: CNY},
                          method: {expr: "CAST(法 AS INTEGER) + 1"},
                          amount: {expr: "'-' || 额"}}
        """,
    )
    case.land(
        "erp.payments",
        "pay.csv",
        COLUMNS,
        ("P1", "2026-01-01", "3", "1"),
        ("P2", "2026-01-01", "3", "x"),
        ("P3", "2026-01-01", "y", "1"),
        ("P4", "2026-01-01", "0.0", "x"),
    )
    case.build()
    assert case.query(WHOLE) == [("erp:P1", "2026-01-01", "-3.00", "2")]
    assert case.query("SELECT source_row, rule_id FROM canonical.quarantine ORDER BY 1") == [
        (3, "cast:method"),
        (4, "filter:zero"),
    ]
    assert case.fates("payment") == {"pay.csv": (4, 1, 2, 0, 1, 0)}


def test_native_columns_and_files_that_differ_in_type(case: Case) -> None:
    payments(case, "append")
    with duckdb.connect() as connection:
        case.land_query(
            "erp.payments",
            "pay1.parquet",
            connection,
            "SELECT 7 AS 号, DATE '2026-01-01' AS 日, 1.5::DOUBLE AS 额, 'a' AS 法, 1::BIGINT AS _row",
        )
        case.land_query(
            "erp.payments",
            "pay2.parquet",
            connection,
            "SELECT * FROM (VALUES ('8', '2026-01-02', 2.50::DECIMAL(9,3), NULL, 1::BIGINT), "
            "('9', '2026-01-02', 2.505::DECIMAL(9,3), NULL, 2)) AS t(号, 日, 额, 法, _row)",
        )
    case.build()
    assert case.query(WHOLE) == [("erp:7", "2026-01-01", "1.50", "a"), ("erp:8", "2026-01-02", "2.50", None)]
    assert case.query("SELECT rule_id, raw_value FROM canonical.quarantine") == [("precision:amount", "2.505")]


def test_a_missing_column_names_file_column_nearest_header_and_place(case: Case) -> None:
    payments(case, "append")
    case.land("erp.payments", "pay1.csv", COLUMNS, ("P1", "2026-01-01", "1", "a"))
    case.build()
    case.land("erp.payments", "pay2.csv", "号 付款日 额度 法", ("P1", "2026-01-01", "1", "a"))
    with pytest.raises(DataError) as caught:
        case.build()
    text = str(caught.value)
    assert "pay2.csv: there is no column '日' (nor 额)" in text
    assert "erp.yml:11" in text
    assert "付款日" in text
    assert "optional: true" in text
    assert case.one("SELECT count(*) FROM canonical.payment") == 1  # the old state stands
    case.map(
        "erp",
        PAYMENTS.format(load="append", extra="personal: {}")
        .replace("method: 法", "method: {from: 备注, optional: true}")
        .replace("日,", "{from: 付款日},")
        .replace("额,", "额度,"),
    )
    with pytest.raises(DataError, match=r"pay1\.csv"):
        case.build()


def test_an_optional_column_may_be_missing(case: Case) -> None:
    case.map(
        "erp", PAYMENTS.format(load="append", extra="").replace("method: 法", "method: {from: 法, optional: true}")
    )
    case.land("erp.payments", "pay1.csv", "号 日 额", ("P1", "2026-01-01", "1"))
    case.land("erp.payments", "pay2.csv", COLUMNS, ("P2", "2026-01-01", "1", "x"))
    case.build()
    assert [row[3] for row in case.query(WHOLE)] == [None, "x"]


def test_a_damaged_landing_changes_nothing(case: Case) -> None:
    payments(case, "append")
    case.land("erp.payments", "pay1.csv", COLUMNS, ("P1", "2026-01-01", "1", "a"))
    case.build()
    batch = case.land(
        "erp.payments", "pay2.csv", COLUMNS, ("P2", "2026-01-01", "1", "a"), ("P3", "2026-01-01", "1", "a")
    )
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE t AS SELECT * FROM '{batch.landed_path}' LIMIT 1")
        connection.execute(f"COPY t TO '{batch.landed_path}'")
    with pytest.raises(DataError, match="holds 1 rows, but 2 were landed"):
        case.build()
    batch.landed_path.write_bytes(b"PAR1 nonsense PAR1")
    with pytest.raises(DataError, match="cannot be read"):
        case.build()
    batch.landed_path.unlink()
    with pytest.raises(DataError, match="is gone"):
        case.build()
    assert [row[0] for row in case.query(WHOLE)] == ["erp:P1"]


def test_every_entity_has_a_table_and_presence(case: Case) -> None:
    payments(case, "append")
    result = case.build()
    presence = case.query("SELECT entity, is_mapped, row_count FROM canonical.entity_presence")
    assert len(presence) == len(result.row_counts)
    assert [row for row in presence if row[1]] == [("payment", True, 0)]
    assert case.one("SELECT count(*) FROM canonical.invoice") == 0
    assert case.query("SELECT * FROM canonical.source_freshness") == [("erp", "payments", 0, None, None)]
    case.land("erp.payments", "pay1.csv", COLUMNS, ("P1", "2026-01-01", "1", "a"), at="2026-03-02 00:00:00")
    case.build()
    assert case.query("SELECT * FROM canonical.source_freshness") == [
        ("erp", "payments", 1, datetime(2026, 3, 2), None)
    ]


def test_unchanged_entities_are_kept_and_tampered_ones_built_again(case: Case) -> None:
    payments(case, "append")
    case.land("erp.payments", "pay1.csv", COLUMNS, ("P1", "2026-01-01", "1", "a"), ("P2", "2026-01-01", "x", "a"))

    def dump() -> list[list[tuple[object, ...]]]:
        return [
            case.query(f"SELECT * FROM canonical.{table} ORDER BY ALL")
            for table in ("payment", "quarantine", "row_account", "entity_presence", "build_state")
        ]

    first = case.build()
    before = dump()
    again = case.build()
    assert (first.reused, again.reused) == (frozenset(), {"payment"})
    assert again.totals() == first.totals()
    assert dump() == before
    for statement in (
        "UPDATE canonical.payment SET amount = 2",
        "DELETE FROM canonical.quarantine",
        "DROP TABLE canonical.payment",
        "ALTER TABLE canonical.row_account ADD COLUMN x INTEGER",
    ):
        with duckdb.connect(str(case.workspace.warehouse_file)) as connection:
            connection.execute(statement)
        assert case.build().reused == frozenset(), statement
        assert dump() == before, statement
    payments(case, "append", "keep: [颜色]")  # the mapping changed
    assert case.build().reused == frozenset()


def test_the_same_files_give_the_same_result(case: Case, tmp_path: Path) -> None:
    rows = [(f"P{i % 40}", "2026-01-01", str(i % 3), "a") for i in range(200)]
    results: list[tuple[CanonicalResult, list[tuple[object, ...]]]] = []
    for name in ("one", "two"):
        other = Case(tmp_path / name)
        other.map("erp", PAYMENTS.format(load="upsert", extra="key: [号]"))
        for start in range(0, 200, 50):
            other.land("erp.payments", f"pay{start}.csv", COLUMNS, *rows[start : start + 50])
        results.append(
            (other.build(), other.query("SELECT payment_id, source_row, amount FROM canonical.payment ORDER BY ALL"))
        )
    assert results[0] == results[1]
    assert len(results[0][1]) == 40
    # the last of 200 rows with id k is row k + 160; its amount is (k + 160) % 3
    assert {row[0]: row[2] for row in results[0][1]} == {f"erp:P{k}": Decimal((k + 160) % 3) for k in range(40)}


def test_odd_names_and_texts_are_only_names_and_texts(tmp_path: Path) -> None:
    case = Case(tmp_path / "year=2026 [x]'s")
    case.map(
        "erp",
        r"""
        objects:
          payments:
            file: "pay*.csv"
            load: append
            feeds:
              payment:
                drop: [{when: "\"a\"\"b\" = 'it''s'", reason: "it's \"odd\""}]
                columns:
                  payment_id: "总 价; DROP TABLE x"
                  paid_on: "日'期"
                  amount: 'a"b'
                  currency: {value: CNY}
                  method: {from: "select", values: {"'; --": "x'y"}, otherwise: "%"}
        """,
    )
    for number in (1, 2):
        with duckdb.connect() as connection:
            connection.execute(
                """CREATE TABLE t ("总 价; DROP TABLE x" VARCHAR, "日'期" VARCHAR, "a""b" VARCHAR, "select" VARCHAR, """
                "_row BIGINT)"
            )
            rows = [[str(number), "2026-01-01", "1", "'; --", 2], ["9", "x", "it's", "", 3], ["8", "x", "1", "", 4]]
            connection.executemany("INSERT INTO t VALUES (?, ?, ?, ?, ?)", rows)
            case.land_query("erp.payments", f"pay'{number}.csv", connection, "SELECT * FROM t")
    case.build()
    assert case.query(WHOLE) == [("erp:1", "2026-01-01", "1.00", "x'y"), ("erp:2", "2026-01-01", "1.00", "x'y")]
    assert case.fates("payment") == {"pay'1.csv": (3, 1, 1, 0, 1, 0), "pay'2.csv": (3, 1, 1, 0, 1, 0)}
    reasons = case.query("SELECT DISTINCT filter_reasons FROM canonical.row_account")
    assert [json.loads(text) for (text,) in reasons] == [{'it\'s "odd"': 1}]
    raw_row = case.query("SELECT raw_row FROM canonical.quarantine LIMIT 1")[0][0]
    assert json.loads(raw_row) == {"总 价; DROP TABLE x": "8", "日'期": "x", 'a"b': "1", "select": ""}


def test_the_account_tables_are_those_that_the_contract_announces_to_dbt() -> None:
    built = {**PER_ENTITY_TABLES, **OTHER_TABLES}
    for table, (_, columns) in SYSTEM_TABLES.items():
        assert built[table] == columns, table
