"""The market, sales and distributors before the marts: rows told twice, amounts in a known currency, dates and figures
that are possible. What is shared with other entities is built by the suites of its family."""

from __future__ import annotations

from dataclasses import dataclass

from expectations.model import Check, Inputs, Label
from expectations.sql import business_date, literal, shown, union, violations
from expectations.suites.currency import Converted, conversion_checks
from expectations.suites.dedup import Grain, fan_out
from expectations.suites.time import Order, event_order

GRAINS = (
    Grain("quote", "int_quote", "quote_id", "sales"),
    Grain(
        "quote_line",
        "int_quote_line",
        "quote_line_id",
        "sales",
        of="exists (select 1 from staging.stg_quote as q where q.quote_id = s.quote_id)",
    ),
    Grain("sell_out", "int_sell_out", "sell_out_id", "sales"),
)

CONVERTED = (
    Converted("int_quote", "quote", "quote_id", "quoted_on", "amount", "amount_functional", "sales"),
    Converted(
        "int_quote_line", "quote_line", "quote_line_id", "quoted_on", "net_amount", "net_amount_functional", "sales"
    ),
    Converted("int_sell_out", "sell_out", "sell_out_id", "valued_on", "amount", "amount_functional", "sales"),
)

ORDERS = (
    Order(
        "opportunity_quote", "quote", "quote_id",
        "staging.stg_quote as t join staging.stg_opportunity as o on o.opportunity_id = t.opportunity_id",
        ("o.created_at", True), ("t.quoted_at", True), "sales",
        Label(en="an opportunity exists before its quote", zh="商机早于其报价"), ("opportunity",),
    ),
    Order(
        "quote_valid", "quote", "quote_id", "staging.stg_quote as t",
        ("t.quoted_at", True), ("t.valid_until", False), "sales",
        Label(en="a quote is valid on or after its day", zh="报价有效期不早于报价日"),
    ),
    Order(
        "quote_order", "sales_order", "order_id",
        "staging.stg_sales_order as t join staging.stg_quote as o on o.quote_id = t.quote_id",
        ("o.quoted_at", True), ("t.ordered_at", True), "sales",
        Label(en="a quote exists before the order that names it", zh="报价早于引用它的订单"), ("quote",),
    ),
    Order(
        "lead_interaction", "interaction", "interaction_id",
        "staging.stg_interaction as t join staging.stg_lead as o on o.lead_id = t.lead_id",
        ("o.created_at", True), ("t.occurred_at", True), "sales",
        Label(en="a lead exists before anybody speaks with it", zh="线索早于与其的互动"), ("lead",),
    ),
    Order(
        "lead_stage", "stage_event", "stage_event_id",
        "staging.stg_stage_event as t join staging.stg_lead as o on t.subject_kind = 'lead' "
        "and o.lead_id = t.subject_id",
        ("o.created_at", True), ("t.entered_at", True), "sales",
        Label(en="a lead exists before it enters a stage", zh="线索早于其阶段变更"), ("lead",),
    ),
    Order(
        "opportunity_stage", "stage_event", "stage_event_id",
        "staging.stg_stage_event as t join staging.stg_opportunity as o on t.subject_kind = 'opportunity' "
        "and o.opportunity_id = t.subject_id",
        ("o.created_at", True), ("t.entered_at", True), "sales",
        Label(en="an opportunity exists before it enters a stage", zh="商机早于其阶段变更"), ("opportunity",),
    ),
    Order(
        "stage_closed", "stage_event", "stage_event_id",
        "staging.stg_stage_event as t join staging.stg_opportunity as o on t.subject_kind = 'opportunity' "
        "and o.opportunity_id = t.subject_id",
        ("t.entered_at", True), ("o.closed_at", True), "sales",
        Label(en="a closed opportunity enters no further stage", zh="商机关闭后不再有阶段变更"), ("opportunity",),
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Repeated:
    """Rows of one source that say the same under two keys; a column that is empty in both is the same too."""

    entity: str
    key: str
    same: tuple[str, ...]
    owner: str
    reason: Label
    where: str = "true"


REPEATED = (
    Repeated(
        "quote",
        "quote_id",
        ("quote_no", "version"),
        "sales",
        Label(en="a version of a quote exists once", zh="同一报价的同一版本只有一份"),
        where="quote_no is not null",
    ),
    Repeated(
        "interaction",
        "interaction_id",
        ("kind", "lead_id", "opportunity_id", "customer_id", "salesperson_id", "occurred_at"),
        "sales",
        Label(
            en="one call or visit is recorded once, or the effort behind a deal is overstated",
            zh="一次电话或拜访只记录一次，否则成交投入被高估",
        ),
    ),
    Repeated(
        "stage_event",
        "stage_event_id",
        ("subject_kind", "subject_id", "stage", "entered_at"),
        "sales",
        Label(en="a stage is entered once at one moment", zh="同一时刻进入同一阶段只记录一次"),
    ),
    Repeated(
        "work_hours",
        "work_hours_id",
        ("campaign_id", "salesperson_id", "worked_on", "activity", "stage", "hours"),
        "marketing",
        Label(en="hours are entered once, or the campaign bears them twice", zh="工时只登记一次，否则活动成本重复"),
    ),
    Repeated(
        "sell_out",
        "sell_out_id",
        ("distributor_id", "product_id", "month"),
        "sales",
        Label(
            en="a distributor reports a product once a month, or its sales count twice",
            zh="经销商每月每个产品只上报一次，否则动销重复计算",
        ),
    ),
)


@dataclass(frozen=True)
class Within:
    """An event that must lie between two dates of what it belongs to.

    Attributes:
        source: FROM clause; ``t`` is the row that a violation names.
        day: expression, and whether it is a moment (else a date).
        bounds: first and last day.
    """

    identifier: str
    entity: str
    key: str
    source: str
    day: tuple[str, bool]
    bounds: tuple[str, str]
    owner: str
    reason: Label
    requires: tuple[str, ...]


WITHIN = (
    Within(
        "session_in_campaign", "campaign_session", "campaign_session_id",
        "staging.stg_campaign_session as t join staging.stg_campaign as o on o.campaign_id = t.campaign_id",
        ("t.starts_at", True), ("o.starts_on", "o.ends_on"), "marketing",
        Label(en="a session lies within its campaign's dates", zh="场次在活动起止日期之内"), ("campaign",),
    ),
    Within(
        "hours_in_employment", "work_hours", "work_hours_id",
        "staging.stg_work_hours as t join staging.stg_salesperson as o on o.salesperson_id = t.salesperson_id",
        ("t.worked_on", False), ("o.active_from", "o.active_to"), "marketing",
        Label(en="hours are worked by who is employed that day", zh="工时登记人当日在职"), ("salesperson",),
    ),
    Within(
        "sell_out_in_contract", "sell_out", "sell_out_id",
        "intermediate.int_sell_out as t join staging.stg_distributor as o on o.distributor_id = t.distributor_id",
        ("t.month", False), ("date_trunc('month', o.contract_from)", "o.contract_to"), "sales",
        Label(en="a distributor reports sales for months of its contract", zh="经销商动销月份在合同期内"),
        ("distributor",),
    ),
)  # fmt: skip


def checks() -> list[Check]:
    """Everything before the marts."""
    return [
        *(fan_out(grain) for grain in GRAINS),
        *(check for converted in CONVERTED for check in conversion_checks(converted)),
        *(event_order(order) for order in ORDERS),
        *(_repeated(item) for item in REPEATED),
        *(_within(item) for item in WITHIN),
        _future_sell_out(),
        *_possible(),
    ]


def _repeated(item: Repeated) -> Check:
    columns = ", ".join(item.same)
    told = " || ', ' || ".join(f"'{column} ' || {shown(column)}" for column in item.same)
    table = f"staging.stg_{item.entity}"
    return Check(
        id=f"staging.dedup.{item.entity}_repeated",
        gate="staging",
        family="dedup",
        tables=(table,),
        severity="warn",
        owner=item.owner,
        reason=item.reason,
        sql=lambda _inputs: (
            f"""
with doubled as (
  select {item.key} as key, source_file, source_row, {told} as told,
    min({item.key}) over (partition by source_system, {columns}) as first_key
  from {table} where {item.where}
)
select key, source_file, source_row, told || ': also ' || first_key as detail from doubled where key <> first_key"""
        ),
        requires=(item.entity,),
    )


def _within(item: Within) -> Check:
    def sql(inputs: Inputs) -> str:
        expression, is_moment = item.day
        day = business_date(inputs, expression) if is_moment else expression
        first, last = (f"cast({bound} as date)" for bound in item.bounds)
        tolerance = inputs.settings.time.order_tolerance_days
        named = literal(expression.partition(".")[2] + " = ")
        return (
            f"select t.{item.key} as key, t.source_file, t.source_row, {named} || {shown(day)} || ', ' || "
            f"{shown(first)} || ' … ' || {shown(last)} as detail from {item.source} "
            f"where {day} < {first} - {tolerance} or {day} > {last} + {tolerance}"
        )

    return Check(
        id=f"staging.time.{item.identifier}",
        gate="staging",
        family="time",
        tables=(f"staging.stg_{item.entity}", *(f"staging.stg_{entity}" for entity in item.requires)),
        severity="warn",
        owner=item.owner,
        reason=item.reason,
        sql=sql,
        requires=(item.entity, *item.requires),
    )


def _future_sell_out() -> Check:
    # month is a column that may plan ahead in other entities; here it says what was sold
    return Check(
        id="staging.time.sell_out_future",
        gate="staging",
        family="time",
        tables=("intermediate.int_sell_out",),
        severity="block",
        owner="sales",
        reason=Label(en="nothing was sold on in a month that has not begun", zh="尚未开始的月份没有动销"),
        sql=lambda inputs: violations(
            "intermediate.int_sell_out",
            "sell_out_id",
            f"t.month > {literal(inputs.last_day)}",
            f"'month = ' || t.month || {literal(f' > {inputs.last_day}')}",
        ),
        requires=("sell_out",),
    )


def _possible() -> list[Check]:
    def below(entity: str, key: str, columns: tuple[str, ...]) -> str:
        return union(
            [
                violations(
                    f"staging.stg_{entity}",
                    key,
                    f"t.{column} < 0",
                    f"'{column} = ' || {shown('t.' + column)} || ' < 0'",
                )
                for column in columns
            ]
        )

    def share(entity: str, key: str) -> str:
        return violations(
            f"staging.stg_{entity}",
            key,
            "t.discount < 0 or t.discount > 1",
            f"'discount = ' || {shown('t.discount')} || ': not in 0 … 1'",
        )

    positive = Label(en="a quote has no negative amount, quantity or price", zh="报价的金额、数量、单价不为负")
    return [
        _figure("quote_sign", "quote", positive, below("quote", "quote_id", ("amount",))),
        _figure(
            "quote_line_sign",
            "quote_line",
            positive,
            below("quote_line", "quote_line_id", ("quantity", "unit_price", "net_amount")),
        ),
        *(
            _figure(
                f"{entity}_discount",
                entity,
                Label(
                    en="a discount is a share from 0 to 1, not a percentage", zh="折扣率是 0 到 1 的比例，不是百分数"
                ),
                share(entity, f"{entity}_id"),
            )
            for entity in ("quote", "quote_line")
        ),
        _figure(
            "distributor_parent",
            "distributor",
            Label(en="no distributor is its own parent", zh="经销商的上级不是自己"),
            violations(
                "staging.stg_distributor",
                "distributor_id",
                "t.parent_id = t.distributor_id",
                "'parent_id = distributor_id'",
            ),
        ),
        _figure(
            "work_day",
            "work_hours",
            Label(en="nobody works more than 24 hours a day", zh="一人一天的工时不超过 24 小时"),
            """
select min(work_hours_id) as key, arg_min(source_file, work_hours_id) as source_file,
  arg_min(source_row, work_hours_id) as source_row,
  salesperson_id || ' @ ' || worked_on || ': ' || sum(hours) || ' h > 24 h' as detail
from staging.stg_work_hours where salesperson_id is not null
group by salesperson_id, worked_on having sum(hours) > 24""",
            owner="marketing",
        ),
    ]


def _figure(identifier: str, entity: str, reason: Label, sql: str, *, owner: str = "sales") -> Check:
    return Check(
        id=f"staging.contract.{identifier}",
        gate="staging",
        family="contract",
        tables=(f"staging.stg_{entity}",),
        severity="warn",
        owner=owner,
        reason=reason,
        sql=lambda _inputs: sql,
        requires=(entity,),
    )
