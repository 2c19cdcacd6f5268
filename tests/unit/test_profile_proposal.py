"""What is proposed: names, values, keys, references, gaps; the file always loads and never shows a person."""

from __future__ import annotations

import gzip
import json
import sqlite3
from pathlib import Path

import pytest

from orchestration.lib.contract import load_contract
from orchestration.lib.errors import ConfigurationError, DataError
from orchestration.lib.profile.names import name_index, table_names
from orchestration.lib.profile.place import family
from orchestration.lib.profile.vocabulary import FILE, read_vocabulary
from tests.unit.profile_case import only_table, profiled, proposed, text_of

ORDERS = [
    "销售订单号,客户代码,手机号,下单日期,币种,订单状态,业务员,备用列",
    *(
        f"SO{number:03d},C{number % 5},1380000{number:04d},2024/{1 + number % 12:02d}/15,"
        f"{['人民币', 'USD', '美元'][number % 3]},{['已审核', '草稿', '停滞'][number % 3]},张伟,"
        for number in range(40)
    ),
]


def write(path: Path, lines: list[str], encoding: str = "utf-8") -> Path:
    path.write_bytes(("\n".join(lines) + "\n").encode(encoding))
    return path


def test_a_file_of_orders(tmp_path: Path) -> None:
    result = profiled(write(tmp_path / "销售订单_20240630.csv", ORDERS, "gb18030"))
    table = only_table(result)
    (feed,) = table.feeds
    assert (feed.entity.name, table.key, table.table.file) == ("sales_order", ("销售订单号",), "销售订单_*.csv")
    assert table.table.layout.encoding == "gb18030"
    assert {one.column.name: one.raw for one in feed.accepted} == {
        "order_id": "销售订单号",
        "customer_id": "客户代码",
        "ordered_at": "下单日期",
        "currency": "币种",
        "status": "订单状态",
        "salesperson_id": "业务员",
    }
    status = proposed(feed, "status")
    assert status.values == {"已审核": "confirmed", "草稿": "draft"}
    assert status.unknown == (("停滞", 13),)
    assert proposed(feed, "currency").values == {"人民币": "CNY", "USD": "USD", "美元": "USD"}
    assert table.table.layout.date == ("%Y/%m/%d",)
    assert table.personal == {"手机号": "phone"}
    text = text_of(result)
    assert "停滞: ??? 13 rows" in text
    assert "备用列" in text.split("not used")[1].splitlines()[0]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_no_person_is_shown_anywhere(tmp_path: Path, lang: str) -> None:
    people = [
        f"C{number},王{given}梅,1391234{number:04d},p{number}@example.com,请致电 1391234{number:04d} 王{given}梅"
        for number, given in enumerate("小晓雪红春冬秋月玉金")
    ]
    result = profiled(write(tmp_path / "contacts.csv", ["contact_id,name,phone,email,note", *people]))
    shown = text_of(result, lang) + repr(result)
    for number, given in enumerate("小晓雪红春冬秋月玉金"):
        assert f"1391234{number:04d}" not in shown
        assert f"王{given}梅" not in shown
        assert f"p{number}@example.com" not in shown
    assert "139****0000" in shown or "139****0001" in shown


def test_a_missing_required_column_makes_a_remark_and_says_what_to_fill_in(tmp_path: Path) -> None:
    rows = [f"P{number},{number}.50,{'转账' if number % 2 else '现金'}" for number in range(20)]
    result = profiled(write(tmp_path / "收款.csv", ["收款单号,金额,方式", *rows]))
    (feed,) = only_table(result).feeds
    assert [column.name for column in feed.missing] == ["paid_on"]
    assert any("'paid_on', which is required" in problem for problem in feed.problems)
    text = text_of(result)  # it loads all the same
    assert "paid_on: ???" in text
    assert "\n    feeds:" not in text


def test_the_remark_is_a_feed_once_it_is_filled_in(tmp_path: Path) -> None:
    from orchestration.lib.profile.checked import check_text
    from orchestration.lib.settings import Settings

    rows = [f"P{number},{number}.50,2024-01-{1 + number:02d}" for number in range(20)]
    result = profiled(write(tmp_path / "收款.csv", ["收款单号,金额,第三列", *rows]))
    lines = text_of(result).splitlines()
    start = next(number for number, line in enumerate(lines) if line == "    # feeds:")
    done = [line.replace("    # ", "    ", 1) if number >= start else line for number, line in enumerate(lines)]
    text = "\n".join(done).replace("paid_on: ???", "paid_on: 第三列")
    assert check_text("source", text, Settings()) == ()
    assert "payment:" in text


def test_a_day_that_may_be_a_month_is_left_to_a_person(tmp_path: Path) -> None:
    rows = [f"S{number},{1 + number % 12:02d}/{1 + number % 9:02d}/2024" for number in range(30)]
    result = profiled(write(tmp_path / "shipments.csv", ["shipment_id,ship date", *rows]))
    shipped = proposed(only_table(result).feeds[0], "shipped_at")
    assert not shipped.accepted
    assert "# shipped_at: {from: ship date" in text_of(result)


def test_lines_get_a_key_of_order_and_line_and_quote_it(tmp_path: Path) -> None:
    lines = [(order, line) for order in range(30) for line in range(1, 2 + order % 3)]
    write(
        tmp_path / "order_lines.csv",
        ["order_no,line_no,product,quantity,net_amount"]
        + [f"SO{order:03d},{line},P{(order + line) % 7},{line},{order}.25" for order, line in lines],
    )
    write(
        tmp_path / "returns.csv",
        ["return_id,order_no,line_no,returned_at,quantity"]
        + [
            f"R{number},SO{order:03d},{line},2024-05-0{1 + number % 9},1"
            for number, (order, line) in enumerate(lines[::2])
        ],
    )
    result = profiled(tmp_path)
    by_entity = {one.entity: one.feeds[0] for one in result.tables}
    assert proposed(by_entity["sales_order_line"], "order_line_id").expression == "order_no || '-' || line_no"
    assert proposed(by_entity["sales_return"], "order_line_id").expression == "order_no || '-' || line_no"
    text_of(result)


def test_head_and_lines_in_one_table_are_two_feeds(tmp_path: Path) -> None:
    rows = [
        f"SO{order:03d},{line},客户{order % 4},2024-03-{1 + order % 28:02d},P{line},{line},{order}.50"
        for order in range(30)
        for line in (1, 2)
    ]
    result = profiled(write(tmp_path / "订单明细.csv", ["订单号,行号,客户,下单日期,产品编码,数量,不含税金额", *rows]))
    main, head = only_table(result).feeds
    assert (main.entity.name, head.entity.name, head.one_per) == ("sales_order_line", "sales_order", ("订单号",))
    assert proposed(head, "ordered_at").raw == "下单日期"
    assert head.stands
    assert "one_per: [订单号]" in text_of(result)


def test_credit_notes_without_a_sign_get_one(tmp_path: Path) -> None:
    rows = [
        f"F{number},{'红字发票' if number % 5 == 0 else '蓝字发票'},2024-01-02,{number}.00,CNY"
        for number in range(1, 30)
    ]
    result = profiled(write(tmp_path / "发票.csv", ["发票号,发票类型,开票日期,不含税金额,币种", *rows]))
    amount = proposed(only_table(result).feeds[0], "net_amount")
    assert amount.expression == "case when 发票类型 in ('红字发票') then '-' else '' end || 不含税金额"
    text_of(result)
    signed = [row.replace(",2024-01-02,", ",2024-01-02,-") if "红字" in row else row for row in rows]
    result = profiled(write(tmp_path / "发票.csv", ["发票号,发票类型,开票日期,不含税金额,币种", *signed]))
    assert proposed(only_table(result).feeds[0], "net_amount").raw == "不含税金额"


def test_units_become_exact_factors(tmp_path: Path) -> None:
    rows = [f"D{number},2024-01-02,{number}.5,甲" for number in range(20)]
    result = profiled(write(tmp_path / "opportunities.csv", ["商机编号,创建时间,预计金额(万元),客户", *rows]))
    assert 'amount: {from: "预计金额(万元)", multiply: 10000}' in text_of(result)


def test_a_stage_that_says_won_or_lost_tells_is_won(tmp_path: Path) -> None:
    stages = ["Won", "Lost", "Negotiation"]
    rows = [f"O{number},2024-01-02,{stages[number % 3]}" for number in range(30)]
    result = profiled(write(tmp_path / "deals.csv", ["deal_id,created,stage", *rows]))
    won = proposed(only_table(result).feeds[0], "is_won")
    assert won.values == {"Won": "true", "Lost": "false", "Negotiation": None}
    text_of(result)


def test_only_days_known_of_touches_is_said(tmp_path: Path) -> None:
    rows = [f"T{number},L{number % 9},2024-01-{1 + number % 28:02d},扫码" for number in range(30)]
    result = profiled(write(tmp_path / "touchpoints.csv", ["touch_id,lead_id,touch_date,type", *rows]))
    assert proposed(only_table(result).feeds[0], "precision").constant == "date"


def test_an_unknown_table_is_still_a_file_that_loads(tmp_path: Path) -> None:
    result = profiled(write(tmp_path / "wetter.csv", ["ort,grad", "Ulm,3", "Jena,4"]))
    assert only_table(result).feeds == ()
    assert "file: wetter.csv" in text_of(result)


def test_a_sqlite_database(tmp_path: Path) -> None:
    path = tmp_path / "erp.db"
    with sqlite3.connect(path) as db:
        db.execute("create table crm_customer (id integer primary key, name text, region text)")
        db.executemany(
            "insert into crm_customer (name, region) values (?, ?)", [(f"公司{n}", "华东") for n in range(12)]
        )
        db.execute(
            "create table sales_order (id integer primary key, customer integer references crm_customer (id), "
            "order_date date, state text, currency text)"
        )
        db.executemany(
            "insert into sales_order (customer, order_date, state, currency) values (?, '2024-02-03', 'done', 'EUR')",
            [(1 + n % 12,) for n in range(500)],
        )
        db.execute("create table alembic_version (version text)")
        db.execute("create table empty_table (id integer)")
    result = profiled(path, sample=100)
    assert result.place.skipped == ("alembic_version",)
    assert result.empty == ("empty_table",)
    by_entity = {one.entity: one for one in result.tables}
    orders = by_entity["sales_order"]
    assert (orders.table.rows, orders.table.is_sample, orders.table.sampled) == (500, True, 100)
    assert proposed(orders.feeds[0], "customer_id").raw == "customer"
    (reference,) = orders.table.references
    assert (reference.table, reference.declared) == ("crm_customer", True)
    assert "table: sales_order" in text_of(result)


def test_packed_lines_of_json(tmp_path: Path) -> None:
    rows = [
        {"touch_id": f"T{n}", "lead": {"id": f"L{n % 4}", "email": f"p{n}@example.com"}, "at": "2024-03-01T10:00:00Z"}
        for n in range(20)
    ]
    with gzip.open(tmp_path / "touches.jsonl.gz", "wt", encoding="utf-8") as out:
        out.writelines(json.dumps(row) + "\n" for row in rows)
    table = only_table(result := profiled(tmp_path / "touches.jsonl.gz"))
    assert table.entity == "touchpoint"
    assert table.personal == {"lead.email": "email"}
    assert proposed(table.feeds[0], "lead_id").raw == "lead.id"
    text_of(result)


def test_a_workbook_with_titles_totals_and_two_sheets(tmp_path: Path) -> None:
    xlsxwriter = pytest.importorskip("xlsxwriter")
    book = xlsxwriter.Workbook(tmp_path / "台账.xlsx")
    for name in ("展会", "广告"):
        sheet = book.add_worksheet(name)
        sheet.write(0, 0, f"{name}费用台账")
        sheet.write_row(2, 0, ["费用编号", "日期", "费用类型", "金额", "币种"])
        for number in range(25):
            sheet.write_row(3 + number, 0, [f"{name[0]}{number:02d}", "2024-05-06", "展位费", 10.5 * number, "CNY"])
        sheet.write_row(28, 0, ["合计", "", "", 3150])
    book.close()
    result = profiled(tmp_path / "台账.xlsx")
    assert [(one.entity, one.table.sheet, one.table.rows) for one in result.tables] == [
        ("marketing_spend", "展会", 25),
        ("marketing_spend", "广告", 25),
    ]
    assert "sheet: 广告" in text_of(result)


def test_a_large_family_of_files_is_a_sample(tmp_path: Path) -> None:
    for month in range(1, 7):
        rows = [f"2024-{month:02d}-{day:02d},K{day % 3},{day}.5,CNY" for day in range(1, 29)]
        write(tmp_path / f"ad_spend_2024{month:02d}.csv", ["date,campaign,cost,currency", *rows])
    result = profiled(tmp_path, sample=50)
    table = only_table(result).table
    assert (table.file, table.rows, table.sampled) == ("ad_spend_*.csv", None, 50)
    assert "2 of 6 files were read" in [note.en for note in table.notes]


def test_broken_rows_are_told(tmp_path: Path) -> None:
    write(tmp_path / "orders.csv", ["order_id,date", "1,2024-01-02", "2", "3,2024-01-03"])
    notes = [note.en for note in only_table(profiled(tmp_path)).table.notes]
    assert "1 rows are broken in structure and would go to quarantine, the first in row 3" in notes


def test_a_broken_file_is_named_and_the_others_are_profiled(tmp_path: Path) -> None:
    write(tmp_path / "leads.csv", ["lead_id,created_at", *(f"L{n},2024-01-02" for n in range(9))])
    write(tmp_path / "orders.csv", ["order_id,date", "2"])
    result = profiled(tmp_path)
    assert [one.entity for one in result.tables] == ["lead"]
    ((name, error),) = result.unreadable
    assert name == "orders"
    assert "row 2" in error.message
    with pytest.raises(DataError, match="row 2"):
        profiled(tmp_path / "orders.csv")


@pytest.mark.parametrize(
    ("file", "pattern"),
    [
        ("订单_20251231.csv", "订单_*.csv"),
        ("media_2024-05.parquet", "media_*.parquet"),
        ("orders.csv", "orders.csv"),
        ("report_2024_05_06.csv.gz", "report_*.csv.gz"),
        ("20240506.csv", "20240506.csv"),
    ],
)
def test_the_pattern_of_a_name(file: str, pattern: str) -> None:
    assert family(file) == pattern


@pytest.mark.parametrize(
    ("name", "entity", "column"),
    [
        ("客户代码", "sales_order", "customer_id"),
        ("customer_no", "customer", "customer_id"),
        ("CustNo", "customer", "customer_id"),
        ("訂單編號", "sales_order", "order_id"),
        ("QtyPlanned", "production_order", "quantity_planned"),
        ("发货日期", "shipment", "shipped_at"),
        ("Invoice Date", "invoice", "invoiced_on"),
        ("recieved amount", "payment", "amount"),
    ],
)
def test_names_are_understood(name: str, entity: str, column: str) -> None:
    match = name_index().match(name)
    best = max(score.score for (owner, _), score in match.items() if owner == entity)
    assert match[entity, column].score == best > 0.6


@pytest.mark.parametrize(
    ("name", "entity"),
    [("seller_id", "distributor_id"), ("product_id", "udi_di"), ("rate", "rate_date"), ("客户名称", "customer_type")],
)
def test_names_that_are_merely_alike_are_not(name: str, entity: str) -> None:
    assert not [
        score for (_, column), score in name_index().match(name).items() if column == entity and score.score > 0.5
    ]


@pytest.mark.parametrize(
    ("table", "entity"),
    [
        ("order_items", "sales_order_line"),
        ("public_customers_2024", "customer"),
        ("销售订单台账", "sales_order"),
        ("发货明细", "shipment_line"),
        ("account_invoice", "invoice"),
    ],
)
def test_tables_are_known_by_their_last_words(table: str, entity: str) -> None:
    found = table_names().match(table)
    assert max(found, key=lambda one: found[one].score) == entity


def test_a_purchase_order_is_no_sales_order() -> None:
    assert table_names().match("purchase_order")["sales_order"].score < 0.5


def test_the_vocabulary_is_checked_against_the_contract(tmp_path: Path) -> None:
    wrong = tmp_path / "vocabulary.yml"
    wrong.write_text(
        FILE.read_text(encoding="utf-8").replace("  campaign.budget:", "  campaign.bugdet:"), encoding="utf-8"
    )
    with pytest.raises(ConfigurationError, match=r"columns.campaign.bugdet") as caught:
        read_vocabulary(wrong, load_contract())
    assert "campaign.budget" in str(caught.value)
