"""A tiny hand-made warehouse, small enough to work out every number by hand.

Two channels: fair (cost 100.00, contribution 250.00, one new customer) and paid_search (cost 50.00, nothing came of
it). Three lead rows arrived in leads.csv, one of them merged into another; one more is quarantined.
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb

from orchestration.lib.publish.manifest import Company
from orchestration.lib.publish.writer import PublishResult, publish_snapshot
from orchestration.lib.workspace import Workspace

KEYS = {"lead": "lead_id", "sales_order": "order_id", "invoice_line": "invoice_line_id", "marketing_spend": "spend_id"}
SHA = "ab" * 32


def side(formula: str, *parts: dict[str, Any]) -> dict[str, Any]:
    return {"formula": formula, "parts": list(parts)}


def part(name: str, table: str, expression: str, time_column: str, filter_sql: str | None = None) -> dict[str, Any]:
    return {
        "name": name,
        "table": table,
        "aggregation": "sum",
        "expression": expression,
        "filter_sql": filter_sql,
        "time_column": time_column,
        "dimensions": {"channel_id": "channel_id"},
    }


def metric(
    metric_id: str, labels: tuple[str, str], unit: str, numerator: dict[str, Any], denominator: dict[str, Any] | None
) -> dict[str, Any]:
    en, zh = labels
    return {
        "name": metric_id,
        "metric_id": metric_id,
        "variant": "standard",
        "label_en": en,
        "label_zh": zh,
        "formula_en": f"how {en} is made",
        "formula_zh": f"{zh}的算法",
        "grain_en": "channel by month",
        "grain_zh": "渠道按月",
        "caveat_en": f"mind {en}",
        "caveat_zh": f"注意{zh}",
        "source_columns": ["lead.created_at", "lead.status", "invoice.kind"],
        "unit": unit,
        "owner": "marketing",
        "view": "period",
        "basis": "invoiced" if metric_id == "channel_roi" else None,
        "is_attributed": metric_id != "marketing_spend",
        "maturity_days": 0,
        "requires": [],
        "cuts": ["total", "channel"],
        "numerator": numerator,
        "denominator": denominator,
    }


CREDIT = part(
    "credited_contribution",
    "attribution_credit",
    "amount",
    "posted_on",
    "measure = 'contribution' and model = 'linear'",
)
COST = part("cost", "cost_allocation", "amount", "allocated_on")
NEW = part("new_customers", "new_customer_weight", "weight", "converted_on", "model = 'linear'")
PAID = part("paid", "payment_facts", "amount", "paid_on")
DEFINITIONS = [
    metric(
        "channel_roi",
        ("Channel ROI", "渠道 ROI"),
        "ratio",
        side("(credited_contribution) - (cost)", CREDIT, COST),
        side("cost", COST),
    ),
    metric("marketing_spend", ("Marketing spend", "广告投入"), "money", side("cost", COST), None),
    metric("cac", ("Customer acquisition cost", "获客成本"), "money", side("cost", COST), side("new_customers", NEW)),
    metric("collection_days", ("Collection days", "回款天数"), "days", side("paid", PAID), side("paid", PAID)),
]

WAREHOUSE = f"""
create schema canonical; create schema staging; create schema intermediate; create schema marts;
create schema attribution; create schema metrics; create schema gate;

create table staging.stg_lead as select * from (values
  ('crm:L1', 'crm', 'leads', 'leads.csv', 2, '{SHA}'), ('crm:L2', 'crm', 'leads', 'leads.csv', 3, '{SHA}'),
  ('crm:L3', 'crm', 'leads', 'leads.csv', 4, '{SHA}'))
  t(lead_id, source_system, source_object, source_file, source_row, source_sha256);
create table staging.stg_sales_order as select 'erp:O1' as order_id, 'erp' as source_system, 'orders' as source_object,
  'orders.csv' as source_file, 2 as source_row, '{SHA}' as source_sha256;
create table staging.stg_invoice_line as select 'erp:I1-1' as invoice_line_id, 'erp' as source_system,
  'invoices' as source_object, 'invoices.csv' as source_file, 7 as source_row, '{SHA}' as source_sha256;
create table staging.stg_marketing_spend as select 'crm:S' || i as spend_id, 'crm' as source_system,
  'spend' as source_object, 'spend.csv' as source_file, i + 1 as source_row, '{SHA}' as source_sha256
  from range(1, 4) t(i);
create table intermediate.int_lead_merge as
  select 'crm:L3' as lead_id, 'crm:L1' as surviving_lead_id, 'same_phone' as rule;
create table intermediate.int_as_of as select date '2024-06-30' as as_of;
create table canonical.row_account as select * from (values
  ('crm', 'leads', 'lead', 'leads.csv', '{SHA}', 5::bigint, 3::bigint, 1::bigint, 0::bigint, 1::bigint, 0::bigint,
   'test: 1'),
  ('erp', 'orders', 'sales_order', 'orders.csv', '{SHA}', 1, 1, 0, 0, 0, 0, null)) t(source_system, source_object,
   entity, source_file, source_sha256, rows_in, loaded, quarantined, merged, filtered, unchanged, filter_reasons);
create table canonical.quarantine as select 'q1' as quarantine_id, 'crm' as source_system, 'leads' as source_object,
  'lead' as entity, 'leads.csv' as source_file, 6 as source_row, '{SHA}' as source_sha256,
  'crm.leads.abababababab' as ingest_id, 'cast:created_at' as rule_id, 'created_at' as column_name,
  '2024-02-30' as raw_value, '{{}}' as raw_row, 'not a date' as reason_en, '不是日期' as reason_zh;
create table gate.result as select * from (values
  ('staging', 'lead_unique', 'b1', 'passed', timestamp '2024-07-01 00:00:00', '[]'),
  ('staging', 'lead_unique', 'b0', 'failed', timestamp '2024-06-01 00:00:00', '[]'),
  ('metrics', 'roi_jump', 'b1', 'warned', timestamp '2024-07-01 00:00:09',
   '[{{"key": "tok_phone_{"0" * 32}"}}]')) t(gate, check_id, build_id, status, evaluated_at, examples);
create table marts.dim_channel as select * from (values ('crm:fair', 'Trade fair'), ('crm:paid_search', '搜索广告'))
  t(channel_id, name);
create table marts.order_facts as select 'erp:O1' as order_id, 'A1' as account_id, 'erp:C1' as customer_id,
  'crm:fair' as origin_channel_id, null::varchar as origin_campaign_id, date '2024-05-20' as ordered_on,
  false as is_excluded, null::varchar as exclusion_reason, true as is_first_order, 500.00::decimal(18,2) as net_booked,
  500.00::decimal(18,2) as net_invoiced, 250.00::decimal(18,2) as cogs, 250.00::decimal(18,2) as gross_profit,
  250.00::decimal(18,2) as contribution, 0.00::decimal(18,2) as collected;
create table attribution.order_measure as select 'erp:O1' as order_id, 'erp:O1-1' as order_line_id,
  'invoice_line:erp:I1-1' as posting_id, date '2024-05-21' as posted_on, 'contribution' as measure,
  250.00::decimal(18,2) as amount, 'invoice_line' as document_kind, 'erp:I1-1' as document_id;
create table attribution.attribution_credit as select 'erp:O1' as order_id, 'erp:O1-1' as order_line_id,
  'invoice_line:erp:I1-1' as posting_id, date '2024-05-21' as posted_on, 1 as version, 'linear' as model,
  'contribution' as measure, 'lead:crm:L' || i as touch_id, null::varchar as campaign_id, 'crm:fair' as channel_id,
  null::varchar as stage, null::varchar as unattributed_reason,
  case when i = 1 then 125.01 else 124.99 end::decimal(18,2) as amount from range(1, 3) t(i);
create table attribution.new_customer_weight as select 'A1' as account_id, 'erp:O1' as order_id,
  date '2024-05-20' as converted_on, 'linear' as model, 'crm:fair' as channel_id, null::varchar as campaign_id,
  1.000000000::decimal(10,9) as weight;
create table attribution.cost_allocation as select 'crm:S' || i || ':m' as cost_allocation_id, 'crm:S' || i as spend_id,
  null::varchar as campaign_id, case when i = 3 then 'crm:paid_search' else 'crm:fair' end as channel_id,
  null::varchar as stage, make_date(2024, 3 + i::int, 1) as allocated_on, make_date(2024, 3 + i::int, 1) as month,
  case i when 1 then 60.00 when 2 then 40.00 else 50.00 end::decimal(18,2) as amount, 'direct' as basis,
  null::varchar as reason from range(1, 4) t(i);
create table metrics.metric_availability as select * from (values
  ('channel_roi', 'standard', true, null, null, null), ('marketing_spend', 'standard', true, null, null, null),
  ('cac', 'standard', true, null, null, null),
  ('collection_days', 'standard', false, 'payment', 'no source is mapped to payment', '没有数据源映射到收款'))
  t(metric_id, variant, is_available, missing_entities, reason_en, reason_zh);
create table metrics.metric_value (metric_id varchar, variant varchar, cut varchar, channel_id varchar,
  campaign_id varchar, salesperson_id varchar, distributor_id varchar, account_id varchar, product_family varchar,
  period_kind varchar, period_start date, view varchar, basis varchar, model varchar,
  numerator decimal(28,6), denominator decimal(28,6), value decimal(28,8),
  value_low decimal(28,8), value_high decimal(28,8), n bigint, is_mature boolean, reported decimal(28,8));
insert into metrics.metric_value by position
  select c0, c1, c2, c3, c4, null, null, null, null, c5, c6::date, c7, c8, c9,
  c10, c11, c12, null, null, c13, c14, case c0 when 'channel_roi' then c12 end from (values
  ('channel_roi','standard','total',null,null,'all',null,'period','invoiced','linear',100,150,0.66666667,1,true),
  ('channel_roi','standard','channel','crm:fair',null,'all',null,'period','invoiced','linear',150,100,1.5,1,true),
  ('channel_roi','standard','channel','crm:paid_search',null,'all',null,'period','invoiced','linear',-50,50,-1,0,true),
  ('channel_roi','standard','channel','crm:fair',null,'month','2024-05-01','period','invoiced','linear',210,40,5.25,1,true),
  ('channel_roi','standard','channel','crm:fair',null,'month','2024-04-01','period','invoiced','linear',-60,60,-1,1,true),
  ('marketing_spend','standard','total',null,null,'all',null,'period',null,null,150,null,150,3,true),
  ('marketing_spend','standard','channel','crm:fair',null,'all',null,'period',null,null,100,null,100,2,true),
  ('marketing_spend','standard','channel','crm:fair',null,'month','2024-04-01','period',null,null,60,null,60,1,true),
  ('marketing_spend','standard','channel','crm:fair',null,'month','2024-05-01','period',null,null,40,null,40,1,true),
  ('cac','standard','channel','crm:fair',null,'all',null,'period',null,'linear',100,1,100,1,true),
  ('cac','standard','channel','crm:paid_search',null,'all',null,'period',null,'linear',50,0,null,0,false)
  ) t(c0,c1,c2,c3,c4,c5,c6,c7,c8,c9,c10,c11,c12,c13,c14);
"""


def settings(**roles: list[str]) -> Any:
    """The part of the settings that publishing reads."""
    return SimpleNamespace(
        roles=roles or {"marketing": ["metric_value", "dim_channel"], "audit": ["*"]},
        publish=SimpleNamespace(keep=3),
        company=Company(name="Demo"),
        attribution=SimpleNamespace(default_model="linear"),
        as_of=None,
    )


def make_workspace(root: Path, extra_sql: str = "") -> Workspace:
    """A workspace whose warehouse is the fixture."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "triloop.yml").write_text("company: {name: Demo}\n", encoding="utf-8")
    workspace = Workspace(root)
    for folder in (workspace.landing_dir, workspace.published_dir):
        folder.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(workspace.warehouse_file)) as connection:
        connection.execute(WAREHOUSE + extra_sql)
    return workspace


def change(workspace: Workspace, sql: str) -> None:
    with duckdb.connect(str(workspace.warehouse_file)) as connection:
        connection.execute(sql)


def publish(workspace: Workspace, **more: Any) -> PublishResult:
    """Publish the fixture; the gates have tests of their own."""
    return publish_snapshot(
        workspace,
        more.pop("settings", settings()),
        run_id="run-1",
        code_version="0.0.0",
        gates=more.pop("gates", ()),
        keys=KEYS,
        definitions=more.pop("definitions", DEFINITIONS),
        **more,
    )
