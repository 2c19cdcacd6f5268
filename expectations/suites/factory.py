"""Production, delivery, service, stock and the books by the rules that hold for every entity: each row once from floor
to floor, each amount converted at its day's rate, events in an order that is possible."""

from __future__ import annotations

from expectations.model import Check, Label
from expectations.suites.currency import Converted, conversion_checks
from expectations.suites.dedup import Grain, fan_out
from expectations.suites.reconciliation import FactGrain, fact_grain
from expectations.suites.time import Order, event_order

GRAINS = (
    Grain("production_order", "int_production_order", "production_order_id", "production"),
    Grain("quality_inspection", "int_inspection", "inspection_id", "quality"),
    Grain("shipment", "int_shipment", "shipment_id", "production"),
    Grain("sales_return", "int_sales_return", "return_id", "quality"),
    Grain("service_ticket", "int_service_ticket", "ticket_id", "quality"),
    Grain("inventory_snapshot", "int_inventory_snapshot", "inventory_snapshot_id", "production"),
    Grain("ledger_balance", "int_ledger_balance", "balance_id", "finance"),
)

FACT_GRAINS = (
    FactGrain("shipment_facts", "int_shipment", "shipment_id", "shipment", "production"),
    FactGrain("shipment_line_facts", "int_shipment_line", "shipment_line_id", "shipment_line", "production"),
    FactGrain(
        "production_order_facts", "int_production_order", "production_order_id", "production_order", "production"
    ),
    FactGrain("inspection_facts", "int_inspection", "inspection_id", "quality_inspection", "quality"),
    FactGrain("return_facts", "int_sales_return", "return_id", "sales_return", "quality"),
    FactGrain("ticket_facts", "int_service_ticket", "ticket_id", "service_ticket", "quality"),
    FactGrain("inventory_facts", "int_inventory_snapshot", "inventory_snapshot_id", "inventory_snapshot", "production"),
    FactGrain("capacity_facts", "staging.stg_capacity", "capacity_id", "capacity", "production"),
    FactGrain("ledger_balance_facts", "int_ledger_balance", "balance_id", "ledger_balance", "finance"),
    FactGrain("exchange_rate_facts", "staging.stg_exchange_rate", "rate_id", "exchange_rate", "finance"),
)

CONVERTED = (
    Converted(
        "int_shipment", "shipment", "shipment_id", "incurred_on", "freight_amount", "freight_functional", "finance"
    ),
    Converted(
        "int_production_order",
        "production_order",
        "production_order_id",
        "valued_on",
        "total_cost",
        "total_functional",
        "production",
    ),
    Converted("int_sales_return", "sales_return", "return_id", "valued_on", "amount", "amount_functional", "finance"),
    Converted(
        "int_service_ticket", "service_ticket", "ticket_id", "opened_on", "net_cost", "net_functional", "quality"
    ),
    Converted(
        "int_inventory_snapshot",
        "inventory_snapshot",
        "inventory_snapshot_id",
        "taken_on",
        "value",
        "value_functional",
        "finance",
    ),
    Converted(
        "int_ledger_balance", "ledger_balance", "balance_id", "valued_on", "amount", "amount_functional", "finance"
    ),
)

ORDERS = (
    Order(
        "ordered_ticket", "service_ticket", "ticket_id",
        "staging.stg_service_ticket as t join staging.stg_sales_order as o on o.order_id = t.order_id",
        ("o.ordered_at", True), ("t.opened_at", True), "quality",
        Label(en="an order is placed before its first service ticket", zh="先下单，后有售后工单"), ("sales_order",),
    ),
    Order(
        "shipped_returned", "sales_return", "return_id",
        "staging.stg_sales_return as t join (select l.order_line_id, min(s.shipped_at) as shipped_at "
        "from staging.stg_shipment_line as l join staging.stg_shipment as s on s.shipment_id = l.shipment_id "
        "group by l.order_line_id) as o on o.order_line_id = t.order_line_id",
        ("o.shipped_at", True), ("t.returned_at", True), "quality",
        Label(en="goods are shipped before they come back", zh="先发货后退货"), ("shipment_line", "shipment"),
    ),
    Order(
        "started_inspected", "quality_inspection", "inspection_id",
        "staging.stg_quality_inspection as t "
        "join staging.stg_production_order as o on o.production_order_id = t.production_order_id",
        ("o.started_at", True), ("t.inspected_at", True), "quality",
        Label(en="a production order starts before it is inspected", zh="先开工后检验"), ("production_order",),
    ),
)  # fmt: skip


def checks() -> list[Check]:
    """Grain, conversion and order of events."""
    return [
        *(fan_out(grain) for grain in GRAINS),
        *(fact_grain(grain) for grain in FACT_GRAINS),
        *(check for converted in CONVERTED for check in conversion_checks(converted)),
        *(event_order(order) for order in ORDERS),
    ]
