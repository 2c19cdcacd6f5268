"""去重 - nothing is counted twice: one lead per person-intent, one account per legal entity, one document once, and no
join that multiplies rows."""

from __future__ import annotations

from dataclasses import dataclass

from expectations.model import Check, Inputs, Label, Severity
from expectations.sql import each_once


@dataclass(frozen=True)
class Grain:
    """An intermediate table that must hold each row of a staging table exactly once.

    Attributes:
        merges: the table that lists rows given way to another, if duplicates are merged here.
        of: the rows of the staging table that are expected, when not all.
        may_add: further rows are allowed (accounts that only documents name).
    """

    entity: str
    table: str
    key: str
    owner: str
    merges: str | None = None
    of: str | None = None
    may_add: bool = False


GRAINS = (
    Grain("customer", "int_account", "customer_id", "sales", may_add=True),
    Grain("lead", "int_lead", "lead_id", "sales", merges="int_lead_merge"),
    Grain("opportunity", "int_opportunity", "opportunity_id", "sales"),
    Grain("sales_order", "int_order", "order_id", "sales"),
    Grain(
        "sales_order_line",
        "int_order_line",
        "order_line_id",
        "sales",
        of="exists (select 1 from staging.stg_sales_order as o where o.order_id = s.order_id)",
    ),
    Grain("shipment_line", "int_shipment_line", "shipment_line_id", "production"),
    Grain("invoice", "int_invoice", "invoice_id", "finance", merges="int_invoice_merge"),
    Grain(
        "invoice_line",
        "int_invoice_line",
        "invoice_line_id",
        "finance",
        of="exists (select 1 from intermediate.int_invoice as i where i.invoice_id = s.invoice_id)",
        may_add=True,  # an invoice without lines stands for itself
    ),
    Grain("payment", "int_payment", "payment_id", "finance", merges="int_payment_merge"),
    Grain("marketing_spend", "int_spend", "spend_id", "marketing", merges="int_spend_merge"),
)


@dataclass(frozen=True)
class Document:
    """A document that two sources may both send, by number, amount and day."""

    entity: str
    table: str
    key: str
    amount: str
    day: str
    owner: str
    label: Label


DOCUMENTS = (
    Document(
        "invoice", "int_invoice", "invoice_id", "gross_amount", "invoiced_on", "finance", Label(en="invoice", zh="发票")
    ),
    Document("payment", "int_payment", "payment_id", "amount", "paid_on", "finance", Label(en="payment", zh="回款")),
    Document(
        "marketing_spend", "int_spend", "spend_id", "amount", "spent_on", "marketing", Label(en="cost row", zh="费用")
    ),
)


def checks() -> list[Check]:
    """Identity, documents and fan-out."""
    return [
        _person_intent(),
        _account_of_tax_id(),
        *(_double_document(document) for document in DOCUMENTS),
        *(_repeated_document(document) for document in DOCUMENTS),
        *(fan_out(grain) for grain in GRAINS),
        _unique_touch(),
        _one_freight(),
    ]


def _check(
    identifier: str,
    tables: tuple[str, ...],
    owner: str,
    reason: Label,
    *,
    sql: str,
    requires: tuple[str, ...],
    severity: Severity = "block",
) -> Check:
    return Check(
        id=f"staging.dedup.{identifier}",
        gate="staging",
        family="dedup",
        tables=tables,
        severity=severity,
        owner=owner,
        reason=reason,
        sql=lambda _inputs: sql,
        requires=requires,
    )


def _person_intent() -> Check:
    def sql(inputs: Inputs) -> str:
        window = inputs.settings.dedup.lead_window_days
        return f"""
with survivor as (
  select lead.lead_id, lead.created_at, lead.created_on, lead.source_file, lead.source_row, raw.phone, raw.email
  from intermediate.int_lead as lead
  join staging.stg_lead as raw on raw.lead_id = lead.lead_id
  where lead.is_valid
),
followed as (
  {
            " union all ".join(
                f'''select lead_id, created_on, source_file, source_row, '{kind}' as kind,
    lag(lead_id) over (partition by {kind} order by created_at, lead_id) as previous_id,
    lag(created_on) over (partition by {kind} order by created_at, lead_id) as previous_on
  from survivor where {kind} is not null'''
                for kind in ("phone", "email")
            )
        }
)
select lead_id as key, source_file, source_row,
  'same ' || string_agg(distinct kind, ', ' order by kind) || ': ' || previous_id || ', '
    || min(date_diff('day', previous_on, created_on)) || ' d <= {window} d' as detail
from followed
where date_diff('day', previous_on, created_on) <= {window}
group by lead_id, source_file, source_row, previous_id"""

    return Check(
        id="staging.dedup.lead_intent",
        gate="staging",
        family="dedup",
        tables=("intermediate.int_lead", "staging.stg_lead"),
        severity="block",
        owner="sales",
        reason=Label(
            en="a person who asks again within dedup.lead_window_days is one lead, or leads and conversion are wrong",
            zh="同一人在 dedup.lead_window_days 天内再次询问算一条线索，否则线索数与转化率失真",
        ),
        sql=sql,
        requires=("lead",),
    )


def _account_of_tax_id() -> Check:
    comparable = "nullif(replace(replace(upper(trim({column})), ' ', ''), '-', ''), '')"
    tax_id = comparable.format(column="customer.tax_id")
    return _check(
        "account_tax_id",
        ("intermediate.int_account", "staging.stg_customer"),
        "sales",
        Label(
            en="one tax number is one account, or its journey and its lifetime value fall apart",
            zh="同一税号只对应一个账户，否则客户旅程和生命周期价值被拆散",
        ),
        sql=f"""
with numbered as (
  select account.account_id, {tax_id} as tax_number, customer.customer_id, customer.source_file, customer.source_row,
    min(account.account_id) over (partition by {tax_id}) as first_account
  from staging.stg_customer as customer
  join intermediate.int_account as account on account.customer_id = customer.customer_id
)
select customer_id as key, source_file, source_row,
  'tax_id ' || tax_number || ': ' || account_id || ' <> ' || first_account as detail
from numbered where tax_number is not null and account_id <> first_account""",
        requires=("customer",),
    )


def _numbered(document: Document) -> str:
    bare = f"substr({document.key}, position(':' in {document.key}) + 1)"
    return (
        f"select {document.key} as key, source_system, source_file, source_row, {document.amount} as amount, currency, "
        f"{document.day} as day, coalesce(document_no, {bare}) as number, document_no "
        f"from intermediate.{document.table}"
    )


def _double_document(document: Document) -> Check:
    return _check(
        f"{document.entity}_double",
        (f"intermediate.{document.table}",),
        document.owner,
        Label(
            en=f"a {document.label.en} that two sources sent (same number, amount, day) is counted once",
            zh=f"两个来源都送来的{document.label.zh}（号码、金额、日期相同）只计一次",
        ),
        sql=f"""
with document as ({_numbered(document)}),
ranked as (
  select *, row_number() over (partition by source_system, number, amount, currency, day order by key) as occurrence
  from document
),
first_one as (
  select *, first_value(key) over (
    partition by number, amount, currency, day, occurrence order by source_system, key) as first_key
  from ranked
)
select key, source_file, source_row,
  'number ' || number || ', ' || amount || ' ' || coalesce(currency, '-') || ', ' || day || ': also ' || first_key
    as detail
from first_one where key <> first_key""",
        requires=(document.entity,),
    )


def _repeated_document(document: Document) -> Check:
    return _check(
        f"{document.entity}_repeated",
        (f"intermediate.{document.table}",),
        document.owner,
        Label(
            en=f"one source does not list a {document.label.en} number twice with the same amount and day",
            zh=f"同一来源中{document.label.zh}号码、金额、日期相同的记录不重复",
        ),
        sql=f"""
with document as ({_numbered(document)}),
first_one as (
  select *, min(key) over (partition by source_system, document_no, amount, currency, day) as first_key
  from document where document_no is not null
)
select key, source_file, source_row,
  'document_no ' || document_no || ', ' || amount || ', ' || day || ': also ' || first_key as detail
from first_one where key <> first_key""",
        requires=(document.entity,),
        # an invoice number is issued once; a cost or payment reference may lawfully cover several equal rows
        severity="block" if document.entity == "invoice" else "warn",
    )


def fan_out(grain: Grain) -> Check:
    """The intermediate table holds each row of the staging table once."""
    staged = f"staging.stg_{grain.entity}"
    conditions = [grain.of] if grain.of else []
    if grain.merges:
        conditions.append(
            f"not exists (select 1 from intermediate.{grain.merges} as m where m.{grain.key} = s.{grain.key})"
        )
    where = " where " + " and ".join(conditions) if conditions else ""
    kept = f"select s.{grain.key} as key, s.source_file, s.source_row from {staged} as s{where}"
    return _check(
        f"fan_out_{grain.table}",
        (f"intermediate.{grain.table}", staged),
        grain.owner,
        Label(
            en=f"{grain.table} holds every {grain.entity} once: no join multiplied or lost a row",
            zh=f"{grain.table} 中每条 {grain.entity} 恰好一行：关联没有放大或丢失数据",
        ),
        sql=each_once(kept, grain.key, f"intermediate.{grain.table}", may_add=grain.may_add),
        requires=(grain.entity,),
    )


def _unique_touch() -> Check:
    return _check(
        "touch",
        ("intermediate.int_touch",),
        "marketing",
        Label(en="a touch occurs once, or it earns credit twice", zh="触点不重复，否则会被重复归因"),
        sql="""
select touch_id as key, any_value(source_file) as source_file, min(source_row) as source_row,
  'rows = ' || count(*) as detail
from intermediate.int_touch group by touch_id having count(*) > 1""",
        requires=(),
    )


def _one_freight() -> Check:
    return _check(
        "freight",
        ("intermediate.int_order_cost",),
        "finance",
        Label(
            en="freight comes with an order's shipments or as a cost of the order, not both: it would be paid twice",
            zh="一张订单的运费要么在发货单上，要么在订单费用中，两处都有就会重复计算",
        ),
        sql="""
select c.document_id as key, c.source_file, c.source_row,
  'order ' || c.order_id || ': ' || c.amount || ' ' || coalesce(c.currency, '-') || ' beside freight of its shipments'
    as detail
from intermediate.int_order_cost as c
where c.kind = 'freight' and c.document_kind = 'order_cost' and c.amount <> 0 and exists (
  select 1 from intermediate.int_order_cost as s
  where s.kind = 'freight' and s.document_kind = 'shipment' and s.order_id = c.order_id and s.amount <> 0
)""",
        requires=("order_cost", "shipment"),
    )
