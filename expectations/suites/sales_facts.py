"""The marts of the market, of sales and of distributors: each row once, each sum that of its documents."""

from __future__ import annotations

from expectations.model import Check, Label, Severity
from expectations.sql import NO_SOURCE, shown, unequal_sums
from expectations.suites.reconciliation import FactGrain, fact_grain

FACT_GRAINS = (
    FactGrain("interaction_facts", "staging.stg_interaction", "interaction_id", "interaction", "sales"),
    FactGrain("stage_event_facts", "staging.stg_stage_event", "stage_event_id", "stage_event", "sales"),
    FactGrain("quote_facts", "int_quote", "quote_id", "quote", "sales"),
    FactGrain("quote_line_facts", "int_quote_line", "quote_line_id", "quote_line", "sales"),
    FactGrain("work_hours_facts", "staging.stg_work_hours", "work_hours_id", "work_hours", "marketing"),
    FactGrain(
        "campaign_session_facts", "staging.stg_campaign_session", "campaign_session_id", "campaign_session", "marketing"
    ),
    FactGrain("marketing_spend_facts", "int_spend", "spend_id", "marketing_spend", "marketing"),
    FactGrain("sell_out_facts", "int_sell_out", "sell_out_id", "sell_out", "sales"),
)

_OF_ITS_ORDER = "join marts.order_facts as o on o.order_id = d.order_id where o.distributor_id is not null"

# measure → where the same amounts stand by distributor, the tables of that, and the entity they need
DISTRIBUTOR_SUMS: dict[str, tuple[str, tuple[str, ...], str]] = {
    "net_booked": (
        "select distributor_id, net_booked as amount from marts.order_facts "
        "where distributor_id is not null and not is_excluded",
        ("marts.order_facts",),
        "sales_order",
    ),
    "net_invoiced": (
        "select distributor_id, net_invoiced as amount from marts.invoice_line_facts "
        "where distributor_id is not null and not is_excluded",
        ("marts.invoice_line_facts",),
        "invoice",
    ),
    "collected": (
        f"select o.distributor_id, d.collected as amount from marts.payment_line_facts as d {_OF_ITS_ORDER} "
        "and not d.is_excluded",
        ("marts.payment_line_facts", "marts.order_facts"),
        "payment_allocation",
    ),
    "sell_out_amount": (
        "select distributor_id, amount_functional as amount from marts.sell_out_facts",
        ("marts.sell_out_facts",),
        "sell_out",
    ),
}


def checks() -> list[Check]:
    """Grain, sums and histories."""
    return [
        *(fact_grain(grain) for grain in FACT_GRAINS),
        _touches(),
        _quote_lines(),
        _stage_history(),
        _currency_sum("marketing_spend", "marketing", "int_spend_merge"),
        _currency_sum("sell_out", "sales", None),
        _distributor_month_once(),
        *(_distributor_sum(measure) for measure in DISTRIBUTOR_SUMS),
        _distributor_contribution(),
        _distributor_matrix(),
    ]


def _check(
    identifier: str,
    tables: tuple[str, ...],
    owner: str,
    reason: Label,
    *,
    sql: str,
    requires: tuple[str, ...] = (),
    severity: Severity = "block",
    gate: str = "loops",
) -> Check:
    return Check(
        id=f"{gate}.reconciliation.{identifier}",
        gate=gate,
        family="reconciliation",
        tables=tables,
        severity=severity,
        owner=owner,
        reason=reason,
        sql=lambda _inputs: sql,
        requires=requires,
    )


def _touches() -> Check:
    # by count: touches may be many millions, and the gate before has looked at each key
    return _check(
        "fan_out_touch_facts",
        ("marts.touch_facts", "intermediate.int_touch"),
        "marketing",
        Label(
            en="touch_facts holds as many touches as journeys are made of",
            zh="touch_facts 的触点数与客户旅程所用一致",
        ),
        sql=f"""
select 'touch_facts' as key, {NO_SOURCE}, 'rows = ' || expected.n || ' -> ' || actual.n as detail
from (select count(*) as n from intermediate.int_touch) as expected,
  (select count(*) as n from marts.touch_facts) as actual
where expected.n <> actual.n""",
    )


def _quote_lines() -> Check:
    return _check(
        "quote_lines",
        ("marts.quote_facts", "marts.quote_line_facts"),
        "sales",
        Label(
            en="a quote's amount is the sum of its lines, or that less the discount it states",
            zh="报价金额等于明细之和，或明细之和减去报价单所写折扣",
        ),
        sql="""
with lined as (select quote_id, sum(net_amount) as amount from marts.quote_line_facts group by quote_id)
select q.quote_id as key, q.source_file, q.source_row,
  q.amount || ' <> ' || lined.amount || ' (- ' || coalesce(q.discount, 0) || ')' as detail
from marts.quote_facts as q join lined on lined.quote_id = q.quote_id
where q.amount <> lined.amount
  and q.amount <> round(cast(lined.amount as decimal(28, 2)) * (1 - coalesce(q.discount, 0)), 2)""",
        requires=("quote", "quote_line"),
        # a quote is an offer: it moves no figure of money
        severity="warn",
    )


def _stage_history() -> Check:
    return _check(
        "stage_history",
        ("marts.stage_event_facts",),
        "sales",
        Label(
            en="the stays of a lead or opportunity follow one another: none backwards, one still open, none missing",
            zh="线索或商机的阶段停留首尾相接：不倒序、仅一段未结束、不缺失",
        ),
        sql="""
select subject_kind || '|' || subject_id as key, arg_min(source_file, sequence) as source_file,
  arg_min(source_row, sequence) as source_row,
  'open = ' || count(*) filter (is_entry and left_at is null) || ', days < 0: '
    || count(*) filter (days_in_stage < 0) || ', rows = ' || count(*) || ', sequence = ' || max(sequence) as detail
from marts.stage_event_facts
group by subject_kind, subject_id
having count(*) filter (is_entry and left_at is null) <> 1 or count(*) filter (left_at < entered_at) > 0
  or count(*) filter (days_in_stage < 0) > 0 or max(sequence) <> count(*) or count(distinct sequence) <> count(*)""",
        requires=("stage_event",),
    )


def _currency_sum(entity: str, owner: str, merges: str | None) -> Check:
    key = {"marketing_spend": "spend_id", "sell_out": "sell_out_id"}[entity]
    kept = f" where {key} not in (select {key} from intermediate.{merges})" if merges else ""
    return _check(
        f"{entity}_currency",
        (f"marts.{entity}_facts", f"staging.stg_{entity}"),
        owner,
        Label(
            en="amounts sum to the same in the mart as in the source, per currency",
            zh="金额按币种合计，数据集市与来源一致",
        ),
        sql=unequal_sums(
            f"select currency, amount from staging.stg_{entity}{kept}",
            f"select currency, amount from marts.{entity}_facts",
            ("currency",),
        ),
        requires=(entity,),
    )


def _distributor_month_once() -> Check:
    return _check(
        "distributor_month",
        ("marts.distributor_month",),
        "sales",
        Label(
            en="a distributor has each month once and none is missing between its first and last",
            zh="经销商每月一行，首末月份之间不缺月",
        ),
        sql=f"""
select distributor_id as key, {NO_SOURCE},
  min(month) || ' … ' || max(month) || ': ' || count(*) || ' rows, ' || count(distinct month) || ' months' as detail
from marts.distributor_month
group by distributor_id
having count(*) <> count(distinct month) or count(*) <> date_diff('month', min(month), max(month)) + 1""",
        requires=("sales_order",),
    )


def _distributor_sum(measure: str) -> Check:
    expected, tables, entity = DISTRIBUTOR_SUMS[measure]
    return _check(
        f"distributor_{measure}",
        ("marts.distributor_month", *tables),
        "sales",
        Label(
            en=f"a distributor's months sum to its documents: {measure}",
            zh=f"经销商各月之和等于其单据之和：{measure}",
        ),
        sql=unequal_sums(
            expected, f"select distributor_id, {measure} as amount from marts.distributor_month", ("distributor_id",)
        ),
        requires=(entity,),
    )


def _distributor_contribution() -> Check:
    return _check(
        "distributor_contribution",
        ("marts.distributor_month", "attribution.order_measure"),
        "sales",
        Label(
            en="a distributor's months sum to the contribution its orders posted",
            zh="经销商各月边际贡献之和等于其订单过账的边际贡献",
        ),
        sql=unequal_sums(
            "select distributor_id, amount from attribution.order_measure "
            "where measure = 'contribution' and distributor_id is not null",
            "select distributor_id, contribution as amount from marts.distributor_month",
            ("distributor_id",),
        ),
        requires=("sales_order",),
        gate="attribution",
    )


def _distributor_matrix() -> Check:
    return _check(
        "distributor_matrix",
        ("metrics.distributor_matrix", "marts.distributor_month"),
        "sales",
        Label(
            en="in each span of the matrix a distributor with a month in it stands once, with the sum of its months",
            zh="质量矩阵每个区间内，有业务月的经销商各列一行，金额等于其各月之和",
        ),
        sql=f"""
with span as (select distinct span, first_month, last_month from metrics.distributor_matrix),
expected as (
  select s.span, s.first_month, m.distributor_id,
    case when count(*) = count(m.net_invoiced) then sum(m.net_invoiced) end as amount
  from span as s
  join marts.distributor_month as m on m.month between s.first_month and s.last_month
  group by s.span, s.first_month, m.distributor_id
),
found as (
  select span, first_month, distributor_id, count(*) as n, sum(net_invoiced) as amount
  from metrics.distributor_matrix
  group by span, first_month, distributor_id
)
select distributor_id as key, {NO_SOURCE}, span || ' ' || first_month || ': ' || {shown("e.amount")} || ' <> '
  || {shown("f.amount")} || ', rows = ' || coalesce(f.n, 0) as detail
from expected as e
full outer join found as f using (span, first_month, distributor_id)
where f.n is distinct from 1 or e.amount is distinct from f.amount""",
        requires=("distributor", "sales_order"),
        gate="metrics",
    )
