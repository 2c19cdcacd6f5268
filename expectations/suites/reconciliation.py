"""Sums agree from floor to floor: headers with lines, allocations with payments and invoices, facts with documents,
cuts with totals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from expectations.model import Check, Inputs, Label, Severity
from expectations.sql import each_once, unequal_sums


@dataclass(frozen=True)
class FactGrain:
    """A mart that must hold each row of an intermediate table (or of ``schema.table``) exactly once."""

    mart: str
    source: str
    key: str
    entity: str
    owner: str


FACT_GRAINS = (
    FactGrain("lead_facts", "int_lead", "lead_id", "lead", "sales"),
    FactGrain("opportunity_facts", "int_opportunity", "opportunity_id", "opportunity", "sales"),
    FactGrain("order_facts", "int_order", "order_id", "sales_order", "sales"),
    FactGrain("order_line_facts", "int_order_line", "order_line_id", "sales_order_line", "sales"),
    FactGrain("order_line_delivery", "int_order_line", "order_line_id", "sales_order_line", "production"),
    FactGrain("invoice_line_facts", "int_invoice_line", "invoice_line_id", "invoice", "finance"),
    FactGrain("payment_facts", "int_payment_allocation", "allocation_id", "payment_allocation", "finance"),
)


@dataclass(frozen=True)
class Sum:
    """An amount that must be the same on two floors, by currency or by order.

    Attributes:
        expected, actual: queries with the grouping column and ``amount``.
        located: see expectations.sql.unequal_sums.
    """

    identifier: str
    tables: tuple[str, ...]
    expected: str
    actual: str
    by: str
    requires: tuple[str, ...]
    reason: Label
    located: str | None = None


def _order_sum(measure: str, source: str, amount: str, *, entity: str, en: str, zh: str) -> Sum:
    return Sum(
        f"order_{measure}",
        ("marts.order_facts", f"intermediate.{source}"),
        f"select order_id, {amount} as amount from intermediate.{source} where order_id in "
        "(select order_id from intermediate.int_order)",
        f"select order_id, {measure} as amount from marts.order_facts",
        "order_id",
        ("sales_order", entity),
        Label(en=f"order_facts.{measure} is the sum of its {en}", zh=f"order_facts.{measure} 等于其{zh}之和"),
        "select order_id as locator, source_file, source_row from intermediate.int_order",
    )


SUMS = (
    Sum(
        "order_line_currency",
        ("marts.order_line_facts", "staging.stg_sales_order_line"),
        "select o.currency, l.net_amount as amount from staging.stg_sales_order_line as l "
        "join staging.stg_sales_order as o on o.order_id = l.order_id",
        "select currency, net_amount as amount from marts.order_line_facts",
        "currency",
        ("sales_order", "sales_order_line"),
        Label(
            en="order lines sum to the same in the mart as in the source, per currency",
            zh="订单行金额按币种合计，数据集市与来源一致",
        ),
    ),
    Sum(
        "invoice_currency",
        ("marts.invoice_line_facts", "staging.stg_invoice"),
        "select currency, net_amount as amount from staging.stg_invoice as i where not exists "
        "(select 1 from intermediate.int_invoice_merge as m where m.invoice_id = i.invoice_id)",
        "select currency, net_amount as amount from marts.invoice_line_facts",
        "currency",
        ("invoice",),
        Label(
            en="invoices sum to the same in the mart as in the source, per currency",
            zh="发票金额按币种合计，数据集市与来源一致",
        ),
    ),
    Sum(
        "allocation_currency",
        ("marts.payment_facts", "staging.stg_payment_allocation"),
        "select i.currency, a.amount from staging.stg_payment_allocation as a "
        "join intermediate.int_payment as p on p.payment_id = a.payment_id "
        "join staging.stg_invoice as i on i.invoice_id = a.invoice_id",
        "select currency, allocated_amount as amount from marts.payment_facts",
        "currency",
        ("payment", "payment_allocation", "invoice"),
        Label(
            en="allocations sum to the same in the mart as in the source, per currency",
            zh="核销金额按币种合计，数据集市与来源一致",
        ),
    ),
    _order_sum(
        "net_booked", "int_order_line", "net_booked_functional", entity="sales_order_line", en="lines", zh="订单行"
    ),
    _order_sum(
        "net_invoiced", "int_invoice_line", "net_invoiced_functional", entity="invoice", en="invoice lines", zh="发票行"
    ),
    _order_sum(
        "collected", "int_payment_line", "collected_functional", entity="payment_allocation", en="payments", zh="回款"
    ),
)


def checks() -> list[Check]:
    """Documents, facts and published metrics."""
    return [
        _invoice_lines(),
        _invoice_vat(),
        _allocations("payment"),
        _allocations("invoice"),
        *(fact_grain(grain) for grain in FACT_GRAINS),
        *(sum_check(item) for item in SUMS),
        _channel_sums(),
        _month_sums(),
        _no_invented_ratio(),
        _watched(),
    ]


def loops_check(
    identifier: str,
    tables: tuple[str, ...],
    owner: str,
    reason: Label,
    *,
    sql: str | Callable[[Inputs], str],
    requires: tuple[str, ...],
    severity: Severity = "block",
) -> Check:
    """A check of the gate `loops`."""
    return Check(
        id=f"loops.reconciliation.{identifier}",
        gate="loops",
        family="reconciliation",
        tables=tables,
        severity=severity,
        owner=owner,
        reason=reason,
        sql=sql if callable(sql) else lambda _inputs: sql,
        requires=requires,
    )


def _invoice_lines() -> Check:
    return loops_check(
        "invoice_lines",
        ("intermediate.int_invoice", "staging.stg_invoice_line"),
        "finance",
        Label(en="an invoice's net amount is the sum of its lines", zh="发票不含税金额等于各行之和"),
        sql="""
with lined as (select invoice_id, sum(net_amount) as amount from staging.stg_invoice_line group by invoice_id)
select i.invoice_id as key, i.source_file, i.source_row, i.net_amount || ' <> ' || lined.amount as detail
from intermediate.int_invoice as i join lined on lined.invoice_id = i.invoice_id
where i.net_amount is distinct from lined.amount""",
        requires=("invoice", "invoice_line"),
    )


def _invoice_vat() -> Check:
    return loops_check(
        "invoice_line_tax",
        ("intermediate.int_invoice", "staging.stg_invoice_line"),
        "finance",
        Label(
            en="an invoice's VAT is that of its lines within a cent per line, where each line has it",
            zh="发票税额等于各行税额之和（每行允差一分），各行均有税额时",
        ),
        sql="""
with lined as (
  select invoice_id, sum(tax_amount) as amount, count(*) as line_count from staging.stg_invoice_line
  group by invoice_id having count(*) = count(tax_amount)
)
select i.invoice_id as key, i.source_file, i.source_row, i.tax_amount || ' <> ' || lined.amount as detail
from intermediate.int_invoice as i join lined on lined.invoice_id = i.invoice_id
where abs(i.tax_amount - lined.amount) > 0.01 * lined.line_count""",
        requires=("invoice", "invoice_line"),
        severity="warn",
    )


def _allocations(side: str) -> Check:
    amount, key = ("amount", "payment_id") if side == "payment" else ("gross_amount", "invoice_id")
    # a payment in another currency than its invoices has no common sum in original amounts
    same = "and allocated.currencies = 1 and allocated.currency = d.currency" if side == "payment" else ""
    label = (
        Label(en="no more of a payment is allocated than was paid", zh="回款的核销额不超过回款金额")
        if side == "payment"
        else Label(en="no more is allocated to an invoice than it asks, VAT included", zh="发票的核销额不超过含税金额")
    )
    return loops_check(
        f"allocation_{side}",
        (f"intermediate.int_{side}", "intermediate.int_payment_allocation"),
        "finance",
        label,
        sql=f"""
with allocated as (
  select {key}, sum(allocated_amount) as amount, count(distinct currency) as currencies, min(currency) as currency
  from intermediate.int_payment_allocation group by {key}
)
select d.{key} as key, d.source_file, d.source_row, allocated.amount || ' > ' || d.{amount} as detail
from intermediate.int_{side} as d join allocated on allocated.{key} = d.{key}
where (d.{amount} >= 0 and allocated.amount > d.{amount} or d.{amount} < 0 and allocated.amount < d.{amount}) {same}""",
        requires=("payment_allocation", side),
    )


def fact_grain(grain: FactGrain) -> Check:
    """The mart holds each row of its source once."""
    source = grain.source if "." in grain.source else f"intermediate.{grain.source}"
    kept = f"select s.{grain.key} as key, s.source_file, s.source_row from {source} as s"
    return loops_check(
        f"fan_out_{grain.mart}",
        (f"marts.{grain.mart}", source),
        grain.owner,
        Label(
            en=f"{grain.mart} has one row per {grain.key}: no join multiplied or lost a row",
            zh=f"{grain.mart} 每个 {grain.key} 一行：关联没有放大或丢失数据",
        ),
        sql=each_once(kept, grain.key, f"marts.{grain.mart}"),
        requires=(grain.entity,),
    )


def sum_check(item: Sum) -> Check:
    """The check that an amount is the same on two floors."""
    return loops_check(
        item.identifier,
        item.tables,
        "finance",
        item.reason,
        sql=unequal_sums(item.expected, item.actual, (item.by,), located=item.located),
        requires=item.requires,
    )


# ---- metrics --------------------------------------------------------------------------------------------------

_SERIES = "metric_id, variant, view, basis, model"
_KEY = "concat_ws('|', metric_id, variant, basis, model, period_kind, cast(period_start as varchar))"


def _metrics(identifier: str, severity: Severity, reason: Label, sql: str, *beside: str) -> Check:
    return Check(
        id=f"metrics.reconciliation.{identifier}",
        gate="metrics",
        family="reconciliation",
        tables=("metrics.metric_value", *beside),
        severity=severity,
        owner="data",
        reason=reason,
        sql=lambda _inputs: sql,
    )


def _unequal_parts(part: str, whole: str, periods: str) -> str:
    """Sides of additive metrics, in every cut of ``part``, whose parts differ from the whole."""
    return f"""
with additive as (
  select m.* from metrics.metric_value as m
  join metrics.metric_availability as a on a.metric_id = m.metric_id and a.variant = m.variant
  where a.is_additive
),
part as (
  select {_SERIES}, cut, {periods}, sum(numerator) as numerator, sum(denominator) as denominator
  from additive where {part} group by all
),
whole as (
  select {_SERIES}, {periods}, sum(numerator) as numerator, sum(denominator) as denominator
  from additive where {whole} group by all
)
select
  concat_ws('|', part.metric_id, part.variant, part.basis, part.model, part.cut, part.period_kind,
    cast(part.period_start as varchar)) as key,
  cast(null as varchar) as source_file, cast(null as bigint) as source_row,
  concat_ws(' / ', part.numerator, part.denominator) || ' <> '
    || coalesce(concat_ws(' / ', whole.numerator, whole.denominator), 'NULL') as detail
from part left join whole on part.metric_id = whole.metric_id and part.variant = whole.variant
  and part.view = whole.view and part.basis is not distinct from whole.basis
  and part.model is not distinct from whole.model and part.period_kind is not distinct from whole.period_kind
  and part.period_start is not distinct from whole.period_start
-- shares of a customer among channels have 9 places: a sum of a thousand may be off by a millionth
where abs(part.numerator - coalesce(whole.numerator, 0)) > 0.000001
  or abs(coalesce(part.denominator, 0) - coalesce(whole.denominator, 0)) > 0.000001"""


def _channel_sums() -> Check:
    return _metrics(
        "cut_sum",
        "warn",
        Label(
            en="an additive metric summed over the members of any cut is its total", zh="可加指标按任一切分合计等于总计"
        ),
        _unequal_parts("cut <> 'total'", "cut = 'total'", "period_kind, period_start"),
    )


def _month_sums() -> Check:
    return _metrics(
        "month_sum",
        "warn",
        Label(en="an additive metric summed over months is that of all time", zh="可加指标各月合计等于全部期间"),
        _unequal_parts(
            "cut = 'total' and period_kind = 'month'",
            "cut = 'total' and period_kind = 'all'",
            "'all' as period_kind, cast(null as date) as period_start",
        ),
    )


def _watched() -> Check:
    """A metric that nobody watches goes wrong unseen."""
    return _metrics(
        "watched",
        "warn",
        Label(
            en="each metric with a value in some closed month is watched for anomalies",
            zh="每个在已结束月份有值的指标都纳入异常波动监测",
        ),
        """
select concat_ws('|', value.metric_id, value.variant, value.basis, value.model) as key,
  cast(null as varchar) as source_file, cast(null as bigint) as source_row,
  count(*) || ' months' as detail
from metrics.metric_value as value
left join metrics.metric_anomaly as watched
  on watched.cut = 'total' and value.metric_id = watched.metric_id and value.variant = watched.variant
  and value.basis is not distinct from watched.basis and value.model is not distinct from watched.model
where value.cut = 'total' and value.period_kind = 'month' and value.is_mature and value.value is not null
  and watched.anomaly_id is null
group by value.metric_id, value.variant, value.basis, value.model
having count(*) > 12""",
        "metrics.metric_anomaly",
    )


def _no_invented_ratio() -> Check:
    return _metrics(
        "zero_denominator",
        "block",
        Label(
            en="a ratio over nothing has no value; it is neither 0 nor infinite",
            zh="分母为零的比率没有值，不记为 0 或无穷",
        ),
        f"""
select {_KEY} as key, cast(null as varchar) as source_file, cast(null as bigint) as source_row,
  numerator || ' / 0 = ' || value as detail
from metrics.metric_value where denominator = 0 and value is not null""",
    )
