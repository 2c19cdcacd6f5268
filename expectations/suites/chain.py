"""The chain from goods to cash, and the month-end cut-off: goods, invoice, payment in an order that is possible.

What comes before (lead, opportunity, quote, order, shipment) is in the suites `time` and `sales`; an advance is no
fault, so these pairs have tolerances of their own (time.order_tolerance_days_by_pair).
"""

from __future__ import annotations

from expectations.model import Check, Inputs, Label
from expectations.sql import business_date, shown
from expectations.suites.time import Order, event_order

_PAID = (
    "staging.stg_payment_allocation as t "
    "join staging.stg_payment as p on p.payment_id = t.payment_id and p.amount >= 0 "
    "join staging.stg_invoice as o on o.invoice_id = t.invoice_id and o.kind = 'invoice'"
)

ORDERS = (
    Order(
        "shipped_invoiced", "invoice", "invoice_id",
        "staging.stg_invoice as t join (select order_id, min(shipped_at) as shipped_at from staging.stg_shipment "
        "group by order_id) as o on o.order_id = t.order_id and t.kind = 'invoice'",
        ("o.shipped_at", True), ("t.invoiced_on", False), "finance",
        Label(
            en="goods leave before they are invoiced, but for an invoice in advance "
            "(time.order_tolerance_days_by_pair.shipped_invoiced)",
            zh="先发货后开票，预开票除外（time.order_tolerance_days_by_pair.shipped_invoiced）",
        ),
        ("shipment",),
    ),
    Order(
        "invoiced_paid", "payment_allocation", "allocation_id", _PAID,
        ("o.invoiced_on", False), ("p.paid_on", False), "finance",
        Label(
            en="an invoice exists before it is paid, but for a payment in advance "
            "(time.order_tolerance_days_by_pair.invoiced_paid)",
            zh="先开票后付款，预付款除外（time.order_tolerance_days_by_pair.invoiced_paid）",
        ),
        ("payment", "invoice"),
    ),
    Order(
        "ordered_paid", "payment_allocation", "allocation_id",
        f"{_PAID} join staging.stg_sales_order as s on s.order_id = o.order_id",
        ("s.ordered_at", True), ("p.paid_on", False), "finance",
        Label(
            en="nobody pays for what was not ordered yet, not even in advance",
            zh="下单之后才有付款，预付款也不例外",
        ),
        ("payment", "invoice", "sales_order"),
    ),
)  # fmt: skip


def checks() -> list[Check]:
    """Shipment to payment, and the cut-off."""
    return [*(event_order(order) for order in ORDERS), _cut_off()]


def _cut_off() -> Check:
    def sql(inputs: Inputs) -> str:
        shipped, days = business_date(inputs, "t.shipped_at"), inputs.settings.time.cut_off_days
        return f"""
with delivered as (
  select t.shipment_id, t.source_file, t.source_row, {shipped} as shipped_on, last_day({shipped}) + {days} as due_on,
    (select min(i.invoiced_on) from staging.stg_invoice as i
     where i.order_id = t.order_id and i.kind = 'invoice') as invoiced_on
  from staging.stg_shipment as t
  join staging.stg_sales_order as o on o.order_id = t.order_id and o.status <> 'cancelled'
    and not coalesce(o.is_sample or o.is_intercompany or o.is_test, false)
)
select shipment_id as key, source_file, source_row,
  'shipped_at = ' || shipped_on || ', invoiced_on = ' || {shown("invoiced_on")} || ' > ' || due_on as detail
from delivered
where coalesce(invoiced_on > due_on, due_on < (select max(as_of_on) from intermediate.int_as_of))"""

    return Check(
        id="staging.time.cut_off_invoiced",
        gate="staging",
        family="time",
        tables=("staging.stg_shipment", "staging.stg_invoice", "intermediate.int_as_of"),
        severity="warn",
        owner="finance",
        reason=Label(
            en="what left in a month is invoiced within time.cut_off_days of its end, or revenue falls into a later "
            "month or is missing",
            zh="当月发出的货物在月末后 time.cut_off_days 天内开票，否则收入计入以后月份或漏记",
        ),
        sql=sql,
        requires=("shipment", "invoice", "sales_order"),
    )
