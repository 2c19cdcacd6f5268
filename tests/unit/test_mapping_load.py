"""Mapping files: what is accepted, and that each mistake is named with its line and its fix."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.lib.errors import ConfigurationError
from orchestration.lib.mapping import SourceMapping, connection_spec, load_mappings, request_spec, spec
from orchestration.lib.mapping.model import Format
from orchestration.lib.settings import load_settings
from orchestration.lib.workspace import PROJECT_ROOT, Workspace

HEAD = """\
source: erp
connection: {type: files, path: inbox/erp}
objects:
  leads:
    file: "leads*.csv"
    load: append
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    (tmp_path / "triloop.yml").write_text("company: {timezone: Asia/Shanghai}\n", encoding="utf-8")
    (tmp_path / "mappings").mkdir()
    return Workspace(tmp_path)


def read(workspace: Workspace, text: str, source: str = "erp") -> SourceMapping:
    (workspace.mappings_dir / f"{source}.yml").write_text(text, encoding="utf-8")
    return next(one for one in load_mappings(workspace, load_settings(workspace)) if one.source == source)


def refusal(workspace: Workspace, text: str) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        read(workspace, text)
    return caught.value


def lead(columns: str, more: str = "") -> str:
    """A mapping with one feed to lead; the columns begin on line 10."""
    body = "".join(f"          {line}\n" for line in columns.splitlines())
    return f"{HEAD}    feeds:\n      lead:\n        columns:\n{body}{more}"


GOOD = "lead_id: 编号\ncreated_at: 创建时间\nstatus: {value: new}\n"


def test_short_and_long_forms_lines_and_defaults(workspace: Workspace) -> None:
    mapping = read(
        workspace,
        "source: erp\nconnection: {type: files, path: inbox/erp}\n"
        "defaults: {date: '%d.%m.%Y', null_values: ['', '-'], thousands: ','}\n"
        + HEAD.split("\n", 2)[2]
        + "    format: {encoding: GB18030, date: ['%Y%m%d', '%Y年%m月%d日']}\n"
        "    key: 编号\n    keep: [颜色]\n    personal: {备注: text}\n"
        "    feeds:\n      lead:\n        columns:\n          lead_id: 编号\n          created_at: {from: 创建时间}\n"
        "          status: {value: new}\n          phone: 手机\n          score: {expr: 得分}\n",
    )
    obj = mapping.objects["leads"]
    feed = obj.feeds["lead"][0]
    assert mapping.timezone == "Asia/Shanghai"  # the company's
    assert (obj.format.encoding, obj.format.date, obj.format.thousands) == ("gb18030", ("%Y%m%d", "%Y年%m月%d日"), ",")
    assert obj.format.null_values == ("", "-")
    assert feed.columns["lead_id"].column == "编号"
    assert feed.columns["lead_id"].line == 15
    assert obj.raw_columns_used() == {"编号", "创建时间", "手机", "得分"}
    assert obj.privacy_plan() == {"备注": "text", "手机": "phone"}
    assert next(iter(feed.columns)) == "lead_id"  # in the order of the contract


def test_unknown_names_give_line_and_nearest(workspace: Workspace) -> None:
    error = refusal(workspace, lead(GOOD + "regoin: 地区"))
    assert error.line == 13
    assert "no column 'regoin'" in str(error)
    assert "did you mean 'region'?" in str(error)
    error = refusal(workspace, lead(GOOD).replace("      lead:", "      laed:"))
    assert (error.line, "did you mean 'lead'?" in str(error)) == (8, True)
    error = refusal(workspace, lead(GOOD).replace("load: append", "lod: append"))
    assert "did you mean 'load'?" in str(error)


def test_all_problems_at_once(workspace: Workspace) -> None:
    error = refusal(workspace, lead("lead_id: 编号\nregoin: 地区\nstatus: {from: 状态, values: {新: nwe}}"))
    text = str(error)
    assert "3 problems" in text
    assert "'created_at', which is required" in text
    assert "'nwe' is not allowed for status" in text
    assert "did you mean 'new'?" in text


@pytest.mark.parametrize(
    ("column", "line", "message", "hint"),
    [
        ("mql_at: {value: soon}", 13, "'soon' is not of type timestamp", ""),
        ("mql_at: {from: a, value: b}", 13, "exactly one of from, expr, value, utm", ""),
        ("mql_at: {}", 13, "exactly one of from, expr, value, utm", ""),
        ("mql_at: {from: a, otherwise: b}", 13, "'otherwise' needs 'values'", ""),
        ("mql_at: {from: a, formats: [yyyy-mm-dd]}", 13, "is not a date format", ""),
        ("mql_at: {from: a, formats: ['%d/%m/%Y', '%m/%d/%Y']}", 13, "can both read '05/04/2003'", ""),
        ("mql_at: {from: a, formats: ['%Q']}", 13, "is not a date format", ""),
        ("mql_at: {from: a, formats: ['%年']}", 13, "is not a date format", ""),
        ("mql_at: {from: a, formats: ['%Y-%m-%dT%H:%M:%SZ']}", 13, "end it in %z", ""),
        ("region: {from: a, formats: ['%Y']}", 13, "'formats' is for dates", ""),
        ("region: {from: a, round: half_up}", 13, "'round' and 'multiply' are for numbers", ""),
        ("region: {from: a, multiply: 10000000}", 13, "out of range", ""),
        ("region: {from: a, sourse: x}", 13, "unknown key 'sourse'", "did you mean 'source'?"),
        ("channel_id: {utm: campaign_id}", 13, "utm gives campaign_id", ""),
        ("channel_id: {utm: channel_id}", 9, "no utm_rules", ""),
        ("region: {expr: '(SELECT 1)'}", 13, "a subquery", ""),
        ("region: {expr: 'phone || 1 ||'}", 13, "is not valid SQL", ""),
    ],
)
def test_column_mistakes(workspace: Workspace, column: str, line: int, message: str, hint: str) -> None:
    error = refusal(workspace, lead(GOOD + column))
    assert message in str(error)
    assert hint in str(error)
    assert f"erp.yml:{line}" in str(error)


def test_constants_must_fit_the_type(workspace: Workspace) -> None:
    base = (
        HEAD
        + "    feeds:\n      order_cost:\n        columns:\n"
        + "          order_cost_id: a\n          kind: {value: rebate}\n"
    )
    rest = "          incurred_on: {value: 2026-01-31}\n          currency: {value: CNY}\n          order_id: b\n"
    read(workspace, base + rest + "          amount: {value: 12.50}\n")
    assert "has more decimals than money holds" in str(
        refusal(workspace, base + rest + "          amount: {value: 1.005}\n")
    )
    assert "is not of type date" in str(
        refusal(workspace, base + rest.replace("2026-01-31", "2026/01/31") + "          amount: {value: 1}\n")
    )


def test_objects_and_connections(workspace: Workspace) -> None:
    text = lead(GOOD)
    assert "needs 'key'" in str(refusal(workspace, text.replace("append", "upsert")))
    assert "write table: NAME" in str(refusal(workspace, text.replace("type: files", "type: sqlite")))
    assert "must end in one of" in str(refusal(workspace, text.replace("leads*.csv", "leads*.doc")))
    assert "leaves the source's folder" in str(refusal(workspace, text.replace("leads*.csv", "../leads.csv")))
    assert "describes the source 'crm'" in str(refusal(workspace, text.replace("source: erp", "source: crm")))
    assert "is not a time zone" in str(refusal(workspace, text + "timezone: Asia/Shanghei\n"))
    assert "is not an encoding" in str(refusal(workspace, text + "defaults: {encoding: utf-9}\n"))
    assert "no entity 'campaing'" in str(refusal(workspace, text + "references: {campaing: crm}\n"))


def test_owner_and_freshness(workspace: Workspace) -> None:
    mapping = read(workspace, lead(GOOD, "owner: team:marketing\nfreshness: {hours: 26}\n"))
    assert (mapping.owner, mapping.freshness_hours) == ("team:marketing", 26)
    mapping = read(workspace, lead(GOOD, "owner: marketing@example.com\n"))
    assert (mapping.owner, mapping.freshness_hours) == ("marketing@example.com", None)
    for owner in ("nobody", "team:", "a b@example.com"):
        assert "is not an owner" in str(refusal(workspace, lead(GOOD, f"owner: '{owner}'\n")))
    assert "freshness.hours" in str(refusal(workspace, lead(GOOD, "freshness: {hours: 0}\n")))


def test_a_database_has_tables_and_queries(workspace: Workspace) -> None:
    def text(connection: str, place: str) -> str:
        given = lead(GOOD).replace('file: "leads*.csv"', place)
        return given.replace("{type: files, path: inbox/erp}", connection)

    sqlite, sql = "{type: sqlite, path: erp.sqlite}", '{type: sql, url: "${ERP_URL}", schema: sales}'
    assert read(workspace, text(sqlite, "query: SELECT 1")).objects["leads"].query == "SELECT 1"
    mapping = read(workspace, text(sql, "table: 订单"))
    assert (mapping.connection.url, mapping.connection.schema) == ("${ERP_URL}", "sales")
    assert mapping.objects["leads"].is_database
    read(workspace, text('{type: sql, url: "postgresql+psycopg://reader:${ERP_PASSWORD}@db/erp"}', "table: a"))
    assert "exactly one of" in str(refusal(workspace, text(sql, "table: a\n    query: SELECT 1")))
    read(workspace, text(sql, 'query: "-- last month\\n /* all */ ( with a as (select 1) select * from a)"'))
    for statement in ("delete from a", "create table b (c)", "selected", "-- select 1"):
        assert "a query only reads" in str(refusal(workspace, text(sql, f'query: "{statement}"')))
    assert "needs 'url'" in str(refusal(workspace, text("{type: sql, path: erp.sqlite}", "table: a")))
    assert "needs 'path'" in str(refusal(workspace, text("{type: files}", 'file: "*.csv"')))
    assert "its own, exact reader" in str(refusal(workspace, text('{type: sql, url: "sqlite:///x.db"}', "table: a")))
    assert "with type: sql only" in str(refusal(workspace, text("{type: sqlite, path: a, url: b}", "table: a")))


@pytest.mark.parametrize("url", ["postgresql://reader:s3cret@db/erp", "mysql://db/erp?user=a&password=s3cret"])
def test_a_password_in_the_file_is_refused_and_not_repeated(workspace: Workspace, url: str) -> None:
    text = lead(GOOD).replace('file: "leads*.csv"', "table: a")
    error = refusal(workspace, text.replace("{type: files, path: inbox/erp}", f'{{type: sql, url: "{url}"}}'))
    assert "holds a password" in str(error)
    assert "s3cret" not in str(error)


def test_spreadsheets_have_sheets_headers_and_total_rows(workspace: Workspace) -> None:
    excel = lead(GOOD).replace("leads*.csv", "台账*.xlsx")
    obj = read(workspace, excel).objects["leads"]
    assert (obj.sheet, obj.format.header, obj.format.total_rows) == (None, "auto", ("合计", "小计", "总计", "Total"))
    assert [drop.reason for drop in obj.feeds["lead"][0].drops] == ["total_row"]
    assert obj.raw_columns_needed() == {"编号", "创建时间"}
    more = "    sheet: 费用\n    format: {header: 3, total_rows: 总数}\n    load"
    obj = read(workspace, excel.replace("    load", more)).objects["leads"]
    assert (obj.sheet, obj.format.header, obj.format.total_rows) == ("费用", 3, ("总数",))
    obj = read(workspace, excel.replace("    load", "    sheet: 2\n    format: {total_rows: []}\n    load")).objects[
        "leads"
    ]
    assert (obj.sheet, obj.feeds["lead"][0].drops) == (2, ())
    plain = read(workspace, lead(GOOD)).objects["leads"]
    assert (plain.format.header, plain.format.total_rows, plain.feeds["lead"][0].drops) == (None, (), ())
    assert "'sheet' is for spreadsheets" in str(
        refusal(workspace, lead(GOOD).replace("    load", "    sheet: 1\n    load"))
    )
    lines = lead(GOOD).replace("leads*.csv", "leads.jsonl").replace("    load", "    format: {header: 2}\n    load")
    assert "'header' is for CSV" in str(refusal(workspace, lines))


def test_only_rates_are_inverted(workspace: Workspace) -> None:
    assert "'invert' is for rates" in str(refusal(workspace, lead(GOOD + "region: {from: a, invert: true}")))
    assert "do not go together" in str(refusal(workspace, lead(GOOD + "region: {from: a, invert: true, multiply: 2}")))


def test_a_misspelt_source_of_a_reference_is_refused_and_a_foreign_one_is_not(workspace: Workspace) -> None:
    read(workspace, lead(GOOD) + "references: {campaign: crm}\n")
    (workspace.mappings_dir / "market.yml").write_text(
        lead(GOOD).replace("source: erp", "source: market"), encoding="utf-8"
    )
    error = refusal(workspace, lead(GOOD) + "references: {campaign: markte}\n")
    assert (error.line, "did you mean 'market'?" in str(error)) == (13, True)


@pytest.mark.parametrize(
    ("feed", "message"),
    [
        ("region: {expr: \"手机 || 'x'\"}", "may not use it"),
        ('name: {expr: "姓 || 名"}', "is personal (name), so an expression may not make it"),
        ("region: {from: 手机, values: {'1': x}}", "has no value map"),
        ("mql_at: 手机", "lands as a token, which mql_at (timestamp) cannot hold"),
        ("email: 手机", "personal as phone and as email"),
    ],
)
def test_personal_columns_stay_untouched(workspace: Workspace, feed: str, message: str) -> None:
    assert message in str(refusal(workspace, lead(GOOD + "phone: 手机\n" + feed)))


def test_personal_columns_in_conditions_and_keep(workspace: Workspace) -> None:
    columns = GOOD + "phone: 手机\ncontact_id: 手机"
    read(workspace, lead(columns))  # a token may well be an id
    drop = '        drop: [{when: "手机 IS NULL", reason: x}]\n'
    assert "write {empty: 手机, reason: word}" in str(refusal(workspace, lead(columns, drop)))
    read(workspace, lead(columns, "        drop: [{empty: 手机, reason: x}]\n"))
    assert "may not land in clear" in str(refusal(workspace, lead(columns, "    keep: [手机]\n")))


def test_several_feeds_to_one_entity(workspace: Workspace) -> None:
    one = "{columns: {order_cost_id: {expr: \"单号 || '-%s'\"}, order_id: 单号, kind: {value: %s}, incurred_on: 日期, "
    one += "amount: %s, currency: {value: CNY}}}"
    feeds = f"    feeds:\n      order_cost:\n        - {one % ('F', 'freight', '运费')}\n"
    mapping = read(workspace, HEAD + feeds + f"        - {one % ('R', 'rebate', '返利')}\n")
    assert [feed.name for feed in mapping.objects["leads"].feeds["order_cost"]] == ["order_cost", "order_cost#2"]
    error = refusal(workspace, HEAD + feeds + f"        - {one % ('R', 'rebat', '返利')}\n")
    assert (error.line, "did you mean 'rebate'?" in str(error)) == (10, True)


def test_the_reference_page_has_every_key_and_default() -> None:
    page = (PROJECT_ROOT / "docs" / "reference" / "mapping.md").read_text(encoding="utf-8")
    models = (
        spec.MappingSpec,
        spec.ObjectSpec,
        spec.FeedSpec,
        spec.ColumnSpec,
        spec.DropSpec,
        spec.FormatSpec,
        spec.UtmRuleSpec,
        spec.ConnectionSpec,
    )
    keys = {field.alias or name for model in models for name, field in model.model_fields.items()}
    assert sorted(key for key in keys if f"`{key}`" not in page and f"{key}:" not in page) == []
    assert [one for one in spec.ENCODINGS if f"`{one}`" not in page] == []
    for default in (Format().date[0], Format().timestamp[0]):
        assert f'`["{default}"]`' in page


def test_the_page_of_apis_has_every_key_and_its_mappings_are_valid(workspace: Workspace) -> None:
    page = (PROJECT_ROOT / "docs" / "reference" / "api-sources.md").read_text(encoding="utf-8")
    models = (connection_spec.ApiSpec, connection_spec.AuthSpec, request_spec.RequestSpec, request_spec.PagesSpec)
    keys = {name for model in (*models, spec.CursorSpec) for name in model.model_fields}
    assert sorted(key for key in keys if f"`{key}`" not in page and f"{key}:" not in page) == []
    api, kingdee = [block.split("```")[0] for block in page.split("```yaml\n")[1:]]
    assert read(workspace, api, "crm").objects["leads"].request is not None
    assert read(workspace, kingdee, "k3").objects["orders"].query is not None


def test_the_mapping_of_the_reference_page_is_valid(workspace: Workspace) -> None:
    page = (PROJECT_ROOT / "docs" / "reference" / "mapping.md").read_text(encoding="utf-8")
    first, rules = [block.split("```")[0] for block in page.split("```yaml\n")[1:]]
    mapping = read(workspace, first + rules)
    assert [feed.name for feed in mapping.objects["orders"].all_feeds()] == ["sales_order", "sales_order_line"]
    assert len(mapping.utm_rules) == 3


@pytest.mark.parametrize(("written", "meant"), [("epr", "erp"), ("ERP", "erp"), ("mse", "mes")])
def test_letters_in_another_order_or_case_are_a_misspelling(workspace: Workspace, written: str, meant: str) -> None:
    (workspace.mappings_dir / f"{meant}.yml").write_text(
        lead(GOOD).replace("source: erp", f"source: {meant}"), encoding="utf-8"
    )
    error = refusal(workspace, lead(GOOD) + f"references: {{customer: {written}}}\n")
    assert f"there is no source '{written}'" in str(error)
    assert f"did you mean '{meant}'?" in str(error)


def test_two_systems_with_like_names_are_no_misspelling(workspace: Workspace) -> None:
    (workspace.mappings_dir / "wms.yml").write_text(lead(GOOD).replace("source: erp", "source: wms"), encoding="utf-8")
    assert read(workspace, lead(GOOD) + "references: {customer: mes}\n").references == {"customer": "mes"}


def test_an_encoding_that_is_none_lists_those_that_are(workspace: Workspace) -> None:
    error = refusal(workspace, lead(GOOD) + "defaults: {encoding: utf-88}\n")
    assert error.hint is not None
    assert "gb18030" in error.hint


def test_a_heading_that_counts_in_ten_thousands_needs_its_factor(workspace: Workspace) -> None:
    def opportunity(amount: str) -> str:
        return lead(GOOD).replace("      lead:", "      opportunity:").split("        columns:")[0] + (
            f"        columns:\n          opportunity_id: 编号\n          amount: {amount}\n"
            "          currency: {value: CNY}\n"
        )

    error = refusal(workspace, opportunity('{from: "预计金额（万元）"}'))
    assert "the heading '预计金额（万元）' counts in 万元" in str(error)
    assert "add multiply: 10000" in str(error)
    assert error.line == 11
    for written in ('{from: "预计金额（万元）", multiply: 10000}', '{from: "金额(万元)", multiply: 1}', "{from: 金额}"):
        read(workspace, opportunity(written))
