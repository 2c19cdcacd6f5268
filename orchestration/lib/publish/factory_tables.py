"""The published tables of production, delivery, service, stock and the books."""

from __future__ import annotations

from orchestration.lib.publish.table import PublishedTable, words

FACTORY_TABLES: tuple[PublishedTable, ...] = (
    PublishedTable(
        "production_order_facts",
        "marts.production_order_facts",
        words("production_order_id"),
        words(
            "production_order_id product_id order_id lot_no lot_id planned_start_on planned_finish_on started_on"
            " finished_on cycle_days start_delay_days finish_delay_days quantity_planned quantity_finished"
            " quantity_scrapped total_cost"
        ),
        "One row per production order: plan, result, delay, cost.",
        "每个生产工单一行：计划、结果、延误与成本。",
        readers=words("production quality finance"),
    ),
    PublishedTable(
        "inspection_facts",
        "marts.inspection_facts",
        words("inspection_id"),
        words(
            "inspection_id lot_no lot_id product_id production_order_id kind step inspected_on quantity_inspected"
            " quantity_passed quantity_first_pass quantity_reworked quantity_rejected defect_code"
        ),
        "One row per inspection: what of which lot at which step passed the first time, and what was wrong.",
        "每次检验一行：哪个批次在哪道工序一次合格多少、缺陷是什么。",
        readers=words("production quality"),
    ),
    PublishedTable(
        "shipment_facts",
        "marts.shipment_facts",
        words("shipment_id"),
        words(
            "shipment_id order_id account_id shipped_on delivered_on transit_days carrier line_count quantity freight"
        ),
        "One row per shipment: when it left and arrived, by whom, at what freight.",
        "每张发货单一行：发货与签收日期、承运商与运费。",
        readers=words("sales production quality finance"),
    ),
    PublishedTable(
        "shipment_line_facts",
        "marts.shipment_line_facts",
        words("shipment_line_id"),
        words(
            "shipment_line_id shipment_id order_line_id order_id product_id account_id lot_no lot_id serial_no udi_pi"
            " quantity shipped_on delivered_on"
        ),
        "One row per shipment line: which lot, serial number and UDI-PI went to which account.",
        "每条发货明细一行：哪个批号、序列号与 UDI-PI 发给了哪个客户主体。",
        readers=words("sales production quality"),
    ),
    PublishedTable(
        "return_facts",
        "marts.return_facts",
        words("return_id"),
        words(
            "return_id order_line_id order_id product_id account_id returned_on days_since_shipped quantity"
            " amount reason"
        ),
        "One row per return of goods: what came back, when and why.",
        "每笔退货一行：退回什么、何时、为何。",
        readers=words("sales production quality finance"),
    ),
    PublishedTable(
        "ticket_facts",
        "marts.ticket_facts",
        words("ticket_id"),
        words(
            "ticket_id kind customer_id account_id order_id product_id lot_no lot_id serial_no opened_on closed_on"
            " days_open parts_cost labour_cost travel_cost recovered net_cost is_warranty"
        ),
        "One row per service ticket: whose, on what, how long, at what cost.",
        "每张售后工单一行：客户、产品、时长与成本。",
        readers=words("sales quality finance"),
    ),
    PublishedTable(
        "inventory_facts",
        "marts.inventory_facts",
        words("inventory_snapshot_id"),
        words("inventory_snapshot_id product_id warehouse kind taken_on month is_month_end quantity value"),
        "One row per stock count; `is_month_end` marks the last one of a month.",
        "每次库存盘点一行；`is_month_end` 标明当月最后一次。",
        readers=words("production quality finance"),
    ),
    PublishedTable(
        "capacity_facts",
        "marts.capacity_facts",
        words("capacity_id"),
        words("capacity_id work_centre month hours_available"),
        "Hours that each work centre has available in each month.",
        "各工作中心每月的可用工时。",
        readers=words("production quality"),
    ),
    PublishedTable(
        "ledger_balance_facts",
        "marts.ledger_balance_facts",
        words("balance_id"),
        words("balance_id account month book_amount"),
        "The lines of the books, in functional currency.",
        "总账各行，折合本位币。",
        readers=words("finance"),
    ),
    PublishedTable(
        "ledger_tie_out",
        "marts.ledger_tie_out",
        words("account month"),
        words("account month book_amount own_amount difference difference_share is_closed"),
        "The books against our own documents, per account and month.",
        "账簿与自有单据的核对，按科目与月份。",
        readers=words("finance"),
    ),
    PublishedTable(
        "exchange_rate_facts",
        "marts.exchange_rate_facts",
        words("rate_id"),
        words("rate_id from_currency to_currency quoted_on rate rate_type rate_source is_used served_from served_to"),
        "Every quoted exchange rate, who published it, and the days it converted.",
        "每个公布的汇率、发布方及其适用日期。",
        readers=words("finance"),
    ),
)
