"""What cannot be in delivery and service: more returned than shipped; and what is hardly so: more shipped than ordered,
a shipped lot that nobody made or bought, a serial number shipped twice."""

from __future__ import annotations

from expectations.model import Check, Label
from expectations.sql import shown, violations
from expectations.suites.reconciliation import Sum, loops_check, sum_check

LINES = "intermediate.int_shipment_line"


def _shared(document: str, mart: str, key: str, amount: str, reason: Label) -> Sum:
    return Sum(
        f"{mart}_shared",
        ("marts.order_cost_facts", f"marts.{mart}_facts"),
        f"select {key} as document_id, {amount} as amount from marts.{mart}_facts where {amount} is not null",
        f"select document_id, amount from marts.order_cost_facts where document_kind = '{document}'",
        "document_id",
        (document,),
        reason,
        f"select {key} as locator, source_file, source_row from staging.stg_{document}",
    )


SUMS = (
    _shared(
        "shipment",
        "shipment",
        "shipment_id",
        "freight",
        Label(en="a shipment's freight is what its order lines bear", zh="发货单运费等于各订单行分摊之和"),
    ),
    _shared(
        "service_ticket",
        "ticket",
        "ticket_id",
        "net_cost",
        Label(en="a ticket's net cost is what its order lines bear", zh="售后工单净成本等于各订单行分摊之和"),
    ),
)


def checks() -> list[Check]:
    """Shipments against orders, returns against shipments, lots, serial numbers, costs."""
    return [
        _shipped_ordered(),
        _returned_shipped(),
        _shipped_lot(),
        _serial_shipped_twice(),
        _shipment_lines(),
        _shipment_order(),
        _cost_of_no_order(),
        *(sum_check(item) for item in SUMS),
    ]


def _shipped_ordered() -> Check:
    return loops_check(
        "shipped_ordered",
        (LINES, "staging.stg_sales_order_line"),
        "production",
        Label(en="no more of an order line is shipped than was ordered", zh="订单明细的发货数量不超过订购数量"),
        sql=f"""
with shipped as (select order_line_id, sum(quantity) as quantity from {LINES} group by order_line_id)
select o.order_line_id as key, o.source_file, o.source_row, shipped.quantity || ' > ' || o.quantity as detail
from staging.stg_sales_order_line as o join shipped on shipped.order_line_id = o.order_line_id
where shipped.quantity > o.quantity""",
        requires=("shipment_line", "sales_order_line"),
        severity="warn",
    )


def _returned_shipped() -> Check:
    return loops_check(
        "returned_shipped",
        ("intermediate.int_sales_return", LINES),
        "quality",
        Label(en="no more of an order line comes back than was shipped", zh="订单明细的退货数量不超过发货数量"),
        sql=f"""
with shipped as (select order_line_id, sum(quantity) as quantity from {LINES} group by order_line_id),
returned as (
  select order_line_id, sum(quantity) as quantity, arg_max(return_id, (returned_on, return_id)) as return_id
  from intermediate.int_sales_return where order_line_id is not null group by order_line_id
)
select r.return_id as key, r.source_file, r.source_row,
  returned.quantity || ' > ' || coalesce(shipped.quantity, 0) as detail
from returned
join intermediate.int_sales_return as r on r.return_id = returned.return_id
left join shipped on shipped.order_line_id = returned.order_line_id
where returned.quantity > coalesce(shipped.quantity, 0)""",
        requires=("sales_return", "shipment_line"),
    )


def _shipped_lot() -> Check:
    return loops_check(
        "shipped_lot",
        ("marts.shipment_line_facts", "marts.lot_facts"),
        "quality",
        Label(
            en="a shipped lot was made, or bought and inspected, or a recall cannot follow it",
            zh="发出的批次应有生产工单或来料检验，否则无法追溯召回",
        ),
        sql=violations(
            "marts.shipment_line_facts",
            "shipment_line_id",
            "t.lot_no is not null and not exists (select 1 from marts.lot_facts as l where l.lot_no = t.lot_no "
            "and (l.product_id = t.product_id or l.product_id is null or t.product_id is null))",
            f"{shown('t.product_id')} || ', lot_no = ' || t.lot_no",
        ),
        requires=("shipment_line", "production_order"),
        severity="warn",
    )


def _serial_shipped_twice() -> Check:
    return loops_check(
        "serial_shipped_twice",
        (LINES,),
        "quality",
        Label(
            en="a serial number is shipped for one order line, or its tickets find no order",
            zh="一个序列号只为一条订单明细发货，否则售后工单找不到订单",
        ),
        sql=f"""
select shipment_line_id as key, source_file, source_row,
  'serial_no = ' || serial_no || ': ' || order_line_id || ' <> ' || first_line as detail
from (
  select *, min(order_line_id) over (partition by serial_no) as first_line from {LINES} where serial_no is not null
) where order_line_id <> first_line""",
        requires=("shipment_line",),
        severity="warn",
    )


def _shipment_lines() -> Check:
    return loops_check(
        "shipment_lines",
        ("intermediate.int_shipment",),
        "production",
        Label(en="a shipment carries something", zh="发货单有明细"),
        sql=violations("intermediate.int_shipment", "shipment_id", "t.line_count = 0", "'lines = 0'"),
        requires=("shipment", "shipment_line"),
        severity="warn",
    )


def _shipment_order() -> Check:
    return loops_check(
        "shipment_order",
        (LINES, "staging.stg_shipment"),
        "production",
        Label(en="a shipment for one order carries lines of that order", zh="为某订单发货的发货单只含该订单的明细"),
        sql=f"""
select l.shipment_line_id as key, l.source_file, l.source_row, l.order_id || ' <> ' || s.order_id as detail
from {LINES} as l join staging.stg_shipment as s on s.shipment_id = l.shipment_id
where l.order_id <> s.order_id""",
        requires=("shipment", "shipment_line"),
        severity="warn",
    )


def _cost_of_no_order() -> Check:
    return loops_check(
        "cost_of_no_order",
        ("intermediate.int_order_cost",),
        "finance",
        Label(en="a cost of an order names its order, or no order bears it", zh="订单费用要指明订单，否则没有订单承担"),
        sql=violations(
            "intermediate.int_order_cost",
            "document_id",
            "t.document_kind = 'order_cost' and t.order_id is null",
            f"{shown('t.kind')} || ' ' || {shown('t.amount')} || ': order_id = NULL'",
        ),
        requires=("order_cost",),
        severity="warn",
    )
