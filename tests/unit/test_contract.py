"""The contract carries the canonical model, holds together, and what is generated from it is current."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.lib.contract import LINEAGE, SQL_TYPES, load_contract, read_contract
from orchestration.lib.contract.generate import SYSTEM_TABLES, main, render, render_dictionary, render_sources, stale
from orchestration.lib.errors import ConfigurationError
from orchestration.lib.yaml_source import parse_yaml

# Columns that mappings, dbt models, gates and the published tables name; * marks personal ones.
PROMISED = """
channel: channel_id name channel_group is_paid
campaign: campaign_id name channel_id parent_campaign_id starts_on ends_on budget currency objective region owner
campaign_session: campaign_session_id campaign_id starts_at ends_at
marketing_spend: spend_id campaign_id channel_id spent_on service_from service_to placement amount tax_amount currency
  cost_type stage
work_hours: work_hours_id campaign_id salesperson_id hours
touchpoint: touchpoint_id lead_id contact_id account_id campaign_id channel_id touched_at precision touch_type
  utm_source utm_medium utm_campaign utm_term utm_content placement landing_page form
contact: contact_id name* phone* email* role customer_id company
lead: lead_id contact_id created_at campaign_id channel_id name* phone* email* company region segment product_interest
  score status owner_id customer_id landing_page mql_at sql_at
interaction: interaction_id lead_id opportunity_id customer_id kind occurred_at salesperson_id outcome
opportunity: opportunity_id lead_id customer_id created_at stage amount currency expected_close_on closed_at is_won
  loss_reason salesperson_id distributor_id
stage_event: stage_event_id subject_kind subject_id stage entered_at
quote: quote_id opportunity_id customer_id quoted_at valid_until amount currency discount version status
quote_line: quote_line_id quote_id product_id quantity unit_price
salesperson: salesperson_id name team region active_from active_to
customer: customer_id name tax_id customer_type segment region group_id distributor_id created_at
distributor: distributor_id name region level parent_id contract_from contract_to
sell_out: sell_out_id distributor_id product_id month quantity amount
product: product_id name family device_class udi_di unit list_price standard_cost currency
  work_centre standard_hours
sales_order: order_id customer_id opportunity_id quote_id campaign_id salesperson_id distributor_id ordered_at
  confirmed_at currency status is_sample is_intercompany is_test
sales_order_line: order_line_id order_id line_no product_id promised_on revised_promised_on quantity list_price
  unit_price discount tax_rate net_amount tax_amount
production_order: production_order_id product_id order_line_id lot_no planned_start_on planned_finish_on started_at
  finished_at quantity_planned quantity_finished quantity_scrapped material_cost labour_cost overhead_cost currency
capacity: capacity_id work_centre month hours_available
quality_inspection: inspection_id lot_no production_order_id kind step inspected_at quantity_inspected quantity_passed
  quantity_reworked quantity_rejected defect_code
shipment: shipment_id order_id shipped_at delivered_at carrier freight_amount currency
shipment_line: shipment_line_id shipment_id order_line_id lot_no serial_no udi_pi quantity
inventory_snapshot: inventory_snapshot_id taken_on product_id warehouse kind quantity value
sales_return: return_id order_line_id returned_at quantity amount currency reason
service_ticket: ticket_id customer_id order_id product_id lot_no serial_no kind opened_at closed_at parts_cost
  labour_cost travel_cost recovered_amount currency is_warranty
invoice: invoice_id order_id customer_id kind invoiced_on due_on net_amount tax_amount currency reverses_invoice_id
invoice_line: invoice_line_id invoice_id order_line_id product_id quantity net_amount tax_amount cost_amount
payment: payment_id customer_id paid_on amount currency method
payment_allocation: allocation_id payment_id invoice_id amount
order_cost: order_cost_id order_id order_line_id kind incurred_on amount currency
exchange_rate: rate_id from_currency to_currency rate_date rate rate_type
ledger_balance: balance_id account month amount currency
"""


def promised() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in PROMISED.replace("\n  ", " ").strip().splitlines():
        entity, _, columns = line.partition(":")
        found[entity] = columns.split()
    return found


def test_every_entity_of_the_model_is_there_and_no_other() -> None:
    assert set(load_contract().entities) == set(promised())
    assert len(load_contract().entities) == 35


@pytest.mark.parametrize("entity", promised())
def test_promised_columns_and_who_is_personal(entity: str) -> None:
    columns = load_contract().entities[entity].columns
    names = [name.rstrip("*") for name in promised()[entity]]
    assert [name for name in names if name not in columns] == []
    assert names[0] == load_contract().entities[entity].key == next(iter(columns))
    personal = {name.rstrip("*") for name in promised()[entity] if name.endswith("*")}
    assert {name for name, column in columns.items() if column.personal} == personal


def test_refs_point_at_entities_that_exist() -> None:
    contract = load_contract()
    for entity in contract.entities.values():
        for column in entity.columns.values():
            if column.type == "ref" and column.entity_by is None:
                assert column.entity in contract.entities, f"{entity.name}.{column.name}"
            elif column.type == "ref":
                assert set(entity.columns[str(column.entity_by)].allowed) <= set(contract.entities)


def test_names_say_the_type() -> None:
    for entity in load_contract().entities.values():
        for column in entity.columns.values():
            place = f"{entity.name}.{column.name}"
            assert (column.type == "timestamp") == column.name.endswith("_at"), place
            assert column.type == "date" or not column.name.endswith("_on"), place
            assert (column.type == "boolean") == column.name.startswith("is_"), place
            assert (column.type in {"key", "ref"}) <= column.name.endswith("_id"), place


def test_sql_types_hold_exact_money() -> None:
    line = load_contract().entities["sales_order_line"]
    assert line.column("net_amount").sql_type == "DECIMAL(18,2)"
    assert line.column("net_amount").scale == 2
    assert line.column("unit_price").sql_type == "DECIMAL(18,6)"
    assert line.column("tax_rate").sql_type == "DECIMAL(18,8)"
    assert line.column("quantity").sql_type == "DECIMAL(18,4)"
    assert line.column("line_no").scale is None
    assert not any("FLOAT" in sql_type or "DOUBLE" in sql_type for sql_type in SQL_TYPES.values())


def test_key_is_required_and_lineage_ends_the_table() -> None:
    lead = load_contract().entities["lead"]
    assert lead.column("lead_id").required
    assert list(lead.sql_columns)[-7:] == list(LINEAGE)
    assert lead.sql_columns["source_row"] == "BIGINT"


def test_unknown_names_are_answered_with_the_nearest() -> None:
    with pytest.raises(ConfigurationError, match="sales_order"):
        load_contract().entity("sale_order")
    with pytest.raises(ConfigurationError, match="ordered_at"):
        load_contract().entity("sales_order").column("order_at")


def test_nothing_generated_is_out_of_date() -> None:
    assert stale(load_contract()) == []
    assert main(["--check"]) == 0


def test_dbt_sources_say_types_and_who_is_personal() -> None:
    source = parse_yaml(render_sources(load_contract()), Path("sources.yml")).data["sources"][0]
    tables = {table["name"]: table for table in source["tables"]}
    assert set(tables) == set(promised()) | set(SYSTEM_TABLES)
    lead = {column["name"]: column for column in tables["lead"]["columns"]}
    assert lead["email"]["config"]["meta"] == {"type": "text", "personal": "email"}
    assert lead["created_at"]["data_type"] == "TIMESTAMP"
    assert "创建时间" in lead["created_at"]["description"]
    assert list(lead)[-7:] == list(LINEAGE)


def test_dictionary_is_in_both_languages() -> None:
    text = render_dictionary(load_contract())
    assert "### sales_order · Sales order · 销售订单" in text
    assert "| `phone` | text | Phone | 电话 | personal 个人信息 (phone) |" in text


GOOD = """\
entity: thing
loop: market
label: {en: Thing, zh: 物}
description: {en: A thing., zh: 一物。}
key: thing_id
columns:
  thing_id: {type: key, label: {en: Id, zh: 编号}}
"""


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ("  a: {type: number, label: {en: A, zh: 甲}}\n", "columns.a.type: 'number' is not one of the allowed values"),
        ("  a: {typ: text, label: {en: A, zh: 甲}}\n", "did you mean 'type'"),
        ("  a: {type: text, label: {en: A}}\n", "columns.a.label needs the key 'zh'"),
        ("  a: {type: ref, label: {en: A, zh: 甲}}\n", "a ref, and nothing else"),
        ("  a: {type: date, entity: thing, label: {en: A, zh: 甲}}\n", "a ref, and nothing else"),
        ("  a: {type: ref, entity: thin, label: {en: A, zh: 甲}}\n", "points at 'thin'"),
        ("  a: {type: money, allowed: [x], label: {en: A, zh: 甲}}\n", "only a text"),
        ("  a: {type: text, minimum: 1, label: {en: A, zh: 甲}}\n", "only a number"),
        ("  a: {type: key, label: {en: A, zh: 甲}}\n", "the one column of type key"),
        ("  source_row: {type: integer, label: {en: A, zh: 甲}}\n", "lineage column"),
    ],
)
def test_a_wrong_entity_file_is_refused(tmp_path: Path, extra: str, words: str) -> None:
    (tmp_path / "thing.yml").write_text(GOOD, encoding="utf-8")
    assert list(read_contract(tmp_path).entities) == ["thing"]
    (tmp_path / "thing.yml").write_text(GOOD + extra, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        read_contract(tmp_path)
    assert words in str(caught.value)


def test_drift_is_seen(tmp_path: Path) -> None:
    (tmp_path / "thing.yml").write_text(GOOD, encoding="utf-8")
    other = read_contract(tmp_path)
    assert {path.name for path in stale(other)} == {"_canonical__sources.yml", "data-dictionary.md"}
    assert set(render(other)) == set(render(load_contract()))
