"""时间一致性 - dates are possible, and events happen in an order that is possible."""

from __future__ import annotations

import re
from dataclasses import dataclass

from expectations.model import Check, Inputs, Label
from expectations.sql import business_date, literal, name, shown, union, violations
from expectations.suites.contract import OWNERS
from orchestration.lib.contract import Column, Entity, load_contract
from orchestration.lib.settings_names import ORDER_CHECK

PLANNED = frozenset(
    {
        "promised_on", "revised_promised_on", "due_on", "expected_close_on", "starts_on", "ends_on", "starts_at",
        "ends_at", "planned_start_on", "planned_finish_on", "valid_until", "contract_from", "contract_to",
        "active_from", "active_to", "service_from", "service_to", "month",
    }
)  # fmt: skip
"""Columns that may lie in the future, because they say what is meant to happen."""

PERIODS = (
    ("campaign", "starts_on", "ends_on"),
    ("campaign_session", "starts_at", "ends_at"),
    ("marketing_spend", "service_from", "service_to"),
    ("production_order", "planned_start_on", "planned_finish_on"),
    ("distributor", "contract_from", "contract_to"),
    ("salesperson", "active_from", "active_to"),
)
"""Spans that somebody declared: an end before the start is a typing error and blocks."""


@dataclass(frozen=True)
class Order:
    """Two events of which the first cannot come after the second.

    Attributes:
        source: FROM clause; ``t`` is the row that a violation names.
        earlier, later: expressions and whether each is a moment (else a business date).
    """

    identifier: str
    entity: str
    key: str
    source: str
    earlier: tuple[str, bool]
    later: tuple[str, bool]
    owner: str
    reason: Label
    requires: tuple[str, ...] = ()


_ORDERS = (
    Order(
        "lead_opportunity", "opportunity", "opportunity_id",
        "staging.stg_opportunity as t join staging.stg_lead as o on o.lead_id = t.lead_id",
        ("o.created_at", True), ("t.created_at", True), "sales",
        Label(en="a lead exists before the opportunity it became", zh="线索早于由它产生的商机"), ("lead",),
    ),
    Order(
        "opportunity_closed", "opportunity", "opportunity_id", "staging.stg_opportunity as t",
        ("t.created_at", True), ("t.closed_at", True), "sales",
        Label(en="an opportunity is created before it closes", zh="商机先创建后关闭"),
    ),
    Order(
        "opportunity_order", "sales_order", "order_id",
        "staging.stg_sales_order as t join staging.stg_opportunity as o on o.opportunity_id = t.opportunity_id",
        ("o.created_at", True), ("t.ordered_at", True), "sales",
        Label(en="an opportunity exists before its order", zh="商机早于其订单"), ("opportunity",),
    ),
    Order(
        "order_confirmed", "sales_order", "order_id", "staging.stg_sales_order as t",
        ("t.ordered_at", True), ("t.confirmed_at", True), "sales",
        Label(en="an order is placed before it is confirmed", zh="订单先下单后确认"),
    ),
    Order(
        "confirmed_shipped", "shipment", "shipment_id",
        "staging.stg_shipment as t join staging.stg_sales_order as o on o.order_id = t.order_id",
        ("coalesce(o.confirmed_at, o.ordered_at)", True), ("t.shipped_at", True), "production",
        Label(en="goods leave after the order is confirmed", zh="订单确认后才发货"), ("sales_order",),
    ),
    Order(
        "confirmed_invoiced", "invoice", "invoice_id",
        "staging.stg_invoice as t join staging.stg_sales_order as o on o.order_id = t.order_id",
        ("coalesce(o.confirmed_at, o.ordered_at)", True), ("t.invoiced_on", False), "finance",
        Label(en="an invoice follows the order's confirmation", zh="订单确认后才开票"), ("sales_order",),
    ),
    Order(
        "invoiced_due", "invoice", "invoice_id", "staging.stg_invoice as t",
        ("t.invoiced_on", False), ("t.due_on", False), "finance",
        Label(en="an invoice is due on or after its day", zh="发票到期日不早于开票日"),
    ),
    Order(
        "shipped_delivered", "shipment", "shipment_id", "staging.stg_shipment as t",
        ("t.shipped_at", True), ("t.delivered_at", True), "production",
        Label(en="goods leave before they arrive", zh="先发货后签收"),
    ),
    Order(
        "production", "production_order", "production_order_id", "staging.stg_production_order as t",
        ("t.started_at", True), ("t.finished_at", True), "production",
        Label(en="production starts before it finishes", zh="先开工后完工"),
    ),
    Order(
        "ticket_closed", "service_ticket", "ticket_id", "staging.stg_service_ticket as t",
        ("t.opened_at", True), ("t.closed_at", True), "production",
        Label(en="a ticket is opened before it is closed", zh="工单先受理后关闭"),
    ),
)  # fmt: skip


def checks() -> list[Check]:
    """Possible dates, possible periods, possible order, touches within their campaign."""
    found: list[Check] = []
    for entity in load_contract().entities.values():
        dated = [column for column in entity.columns.values() if column.type in {"date", "timestamp"}]
        if dated:
            found.append(_earliest(entity, dated))
        events = [column for column in dated if column.name not in PLANNED]
        if events:
            found.append(_future(entity, events))
    return [
        *found,
        *(_period(*period) for period in PERIODS),
        *(event_order(order) for order in _ORDERS),
        _touch_in_campaign(),
    ]


def _bounded(entity: Entity, columns: list[Column], inputs: Inputs, *, future: bool) -> str:
    first, last = inputs.settings.time.earliest, inputs.last_day
    queries = []
    for column in columns:
        quoted = f"t.{name(column.name)}"
        if future:
            next_day = type(last).fromordinal(last.toordinal() + 1)
            limit = inputs.day_start(next_day) if column.type == "timestamp" else next_day
            where, sign, bound = f"{quoted} >= {literal(limit)}", ">", last
        else:
            limit = inputs.day_start(first) if column.type == "timestamp" else first
            where, sign, bound = f"{quoted} < {literal(limit)}", "<", first
        queries.append(
            violations(
                f"staging.stg_{entity.name}",
                name(entity.key),
                where,
                f"{literal(column.name + ' = ')} || {shown(quoted)} || {literal(f' {sign} {bound}')}",
            )
        )
    return union(queries)


def _earliest(entity: Entity, columns: list[Column]) -> Check:
    return Check(
        id=f"staging.time.earliest_{entity.name}",
        gate="staging",
        family="time",
        tables=(f"staging.stg_{entity.name}",),
        severity="block",
        owner=OWNERS[entity.loop],
        reason=Label(
            en=f"{entity.label.en}: no date is before time.earliest (a default such as 1900-01-00 is not a date)",
            zh=f"{entity.label.zh}：日期不早于 time.earliest（1900-01-00 之类的默认值不是日期）",
        ),
        sql=lambda inputs: _bounded(entity, columns, inputs, future=False),
        requires=(entity.name,),
    )


def _future(entity: Entity, columns: list[Column]) -> Check:
    return Check(
        id=f"staging.time.future_{entity.name}",
        gate="staging",
        family="time",
        tables=(f"staging.stg_{entity.name}",),
        severity="block",
        owner=OWNERS[entity.loop],
        reason=Label(
            en=f"{entity.label.en}: nothing has happened after today plus time.future_days",
            zh=f"{entity.label.zh}：已发生的事件不晚于今天加 time.future_days 天",
        ),
        sql=lambda inputs: _bounded(entity, columns, inputs, future=True),
        requires=(entity.name,),
    )


def _period(entity_name: str, start: str, end: str) -> Check:
    entity = load_contract().entities[entity_name]
    sql = violations(
        f"staging.stg_{entity_name}",
        name(entity.key),
        f"t.{name(end)} < t.{name(start)}",
        f"{literal(end + ' = ')} || {shown('t.' + name(end))} || {literal(f' < {start} = ')} || "
        f"{shown('t.' + name(start))}",
    )
    return Check(
        id=f"staging.time.period_{entity_name}_{start}",
        gate="staging",
        family="time",
        tables=(f"staging.stg_{entity_name}",),
        severity="block",
        owner=OWNERS[entity.loop],
        reason=Label(
            en=f"{entity.label.en}: {end} is not before {start}", zh=f"{entity.label.zh}：{end} 不早于 {start}"
        ),
        sql=lambda _inputs: sql,
        requires=(entity_name,),
    )


def event_order(order: Order) -> Check:
    """The earlier event is not dated after the later one, within the tolerance of the pair or of all pairs."""

    def sql(inputs: Inputs) -> str:
        setting = inputs.settings.time
        tolerance = setting.order_tolerance_days_by_pair.get(order.identifier, setting.order_tolerance_days)
        earlier, later = (
            business_date(inputs, expression) if is_moment else expression
            for expression, is_moment in (order.earlier, order.later)
        )
        gap = f" + {tolerance} d" if tolerance else ""
        # the column an expression names first: what a reader would look up
        first, second = (re.findall(r"\.(\w+)", expression)[0] for expression, _ in (order.earlier, order.later))
        return (
            f"select t.{order.key} as key, t.source_file, t.source_row, {literal(first + ' = ')} || "
            f"{shown(earlier)} || {literal(f' > {second} = ')} || {shown(later)} || {literal(gap)} as detail "
            f"from {order.source} where date_diff('day', {later}, {earlier}) > {tolerance}"
        )

    others = tuple(f"staging.stg_{entity}" for entity in order.requires)
    return Check(
        id=f"{ORDER_CHECK}{order.identifier}",
        gate="staging",
        family="time",
        tables=(f"staging.stg_{order.entity}", *others),
        severity="warn",
        severity_setting=lambda settings: settings.time.severity_event_order,
        owner=order.owner,
        reason=order.reason,
        sql=sql,
        requires=(order.entity, *order.requires),
    )


def _touch_in_campaign() -> Check:
    def sql(inputs: Inputs) -> str:
        day = business_date(inputs, "t.touched_at")
        tolerance = inputs.settings.time.order_tolerance_days
        return (
            "select t.touchpoint_id as key, t.source_file, t.source_row, "
            f"'touched_at = ' || {day} || ', ' || c.campaign_id || ': ' || {shown('c.starts_on')} || ' … ' || "
            f"{shown('c.ends_on')} as detail from staging.stg_touchpoint as t "
            "join staging.stg_campaign as c on c.campaign_id = t.campaign_id "
            f"where {day} < c.starts_on - {tolerance} or {day} > c.ends_on + {tolerance}"
        )

    return Check(
        id="staging.time.touch_in_campaign",
        gate="staging",
        family="time",
        tables=("staging.stg_touchpoint", "staging.stg_campaign"),
        severity="warn",
        owner="marketing",
        reason=Label(
            en="a touch lies within its campaign's dates, or the tag or the dates are wrong",
            zh="触点在活动起止日期之内，否则标记或日期有误",
        ),
        sql=sql,
        requires=("touchpoint", "campaign"),
    )
