"""The published tables of quality and of what loop 2 adds up: cohorts of what was shipped, cost of poor quality, demand
and capacity, period tables."""

from __future__ import annotations

from orchestration.lib.publish.table import PublishedTable, words

QUALITY_TABLES: tuple[PublishedTable, ...] = (
    PublishedTable(
        "shipped_line_quality",
        "marts.shipped_line_quality",
        words("order_line_id"),
        words(
            "order_line_id order_id account_id product_id origin_channel_id origin_campaign_id first_shipped_on"
            " quantity_shipped quantity_returned quantity_returned_in_window units_repaired net_invoiced after_sales"
        ),
        "Order lines shipped, as cohorts of their first shipment: returned, repaired, after-sales cost.",
        "已发货订单行，按首次发货同期群：退货、返修与售后成本。",
        readers=words("sales production quality finance"),
    ),
    PublishedTable(
        "quality_cost",
        "marts.quality_cost",
        words("quality_cost_id"),
        words("quality_cost_id kind document_kind document_id occurred_on product_id lot_id quantity amount is_valued"),
        "One row per document of scrap, rework, return or warranty, with what it cost.",
        "报废、返工、退货与保修的每份单据一行，及其成本。",
        readers=words("production quality finance"),
    ),
    PublishedTable(
        "lot_customer",
        "marts.lot_customer",
        words("lot_customer_id"),
        words(
            "lot_customer_id lot_no lot_id product_id order_line_id order_id account_id origin_channel_id"
            " origin_campaign_id first_shipped_on quantity_shipped quantity_out_least quantity_out_most ticket_count"
        ),
        "For a recall: which customers were shipped a lot, how much, and how much is still out there.",
        "召回追溯：某批次发给了哪些客户、多少、仍有多少在外。",
        readers=words("sales production quality"),
    ),
    PublishedTable(
        "lot_origin",
        "marts.lot_origin",
        words("ticket_id"),
        words(
            "ticket_id kind opened_on product_id lot_no lot_id serial_no production_order_id order_id account_id"
            " traced_by origin_channel_id origin_campaign_id lot_account_count"
        ),
        "For a complaint: from a ticket to its lot, order, customer and where that order came from.",
        "投诉追溯：由工单到批次、订单、客户及订单来源。",
        readers=words("sales production quality"),
    ),
    PublishedTable(
        "quality_cohort",
        "marts.quality_cohort",
        words("product_family order_month months_since_shipped"),
        words(
            "product_family order_month months_since_shipped line_count units_shipped net_invoiced is_reached"
            " units_returned repair_count after_sales units_returned_to_date after_sales_to_date"
        ),
        "After-sales cost, repairs and returns by month of order and months since shipment.",
        "按下单月份与发货后月数的售后成本、返修与退货。",
        readers=words("sales production quality finance"),
    ),
    PublishedTable(
        "supply_demand_month",
        "marts.supply_demand_month",
        words("product_family month"),
        words(
            "product_family month booked_quantity promised_quantity produced_quantity shipped_quantity stock_quantity"
            " stock_value days_of_cover response_count mean_response_days"
        ),
        "Demand and response per product family and month: booked, promised, produced, shipped, stock, days of cover.",
        "每产品系列每月的需求与响应：订单、承诺、完工、发货、库存与可供天数。",
        readers=words("sales production finance"),
    ),
    PublishedTable(
        "work_centre_month",
        "marts.work_centre_month",
        words("work_centre month"),
        words(
            "work_centre month capacity_gap hours_available booked_hours promised_hours produced_hours backlog_hours"
            " promised_without_hours load_rate utilisation shortage_hours is_overloaded"
        ),
        "Capacity against demand: hours available, promised, ordered, made and open, per work centre and month.",
        "产能与需求：每工作中心每月的可用、承诺、订单、完工与未发货工时。",
        readers=words("sales production quality finance"),
    ),
    PublishedTable(
        "work_centre_demand_month",
        "marts.work_centre_demand_month",
        words("work_centre product_family hours_gap month"),
        words(
            "work_centre product_family hours_gap month booked_quantity promised_quantity produced_quantity"
            " backlog_quantity booked_hours promised_hours produced_hours backlog_hours"
        ),
        "Units and hours that demand asks of a work centre, per product family and month; why where none can be told.",
        "每工作中心、产品系列与月份的需求数量与工时；无法换算的注明原因。",
        readers=words("sales production quality finance"),
    ),
    PublishedTable(
        "rolled_yield_period",
        "metrics.rolled_yield_period",
        words("cut period_kind period_start product_family product_id"),
        words("cut period_kind period_start product_family product_id step_count inspection_count rolled_yield"),
        "Rolled first-pass yield by period, product family and product.",
        "滚动一次合格率，按期间、产品系列与产品。",
        readers=words("production quality"),
    ),
    PublishedTable(
        "return_reason_period",
        "metrics.return_reason_period",
        words("cut period_kind period_start product_family return_reason"),
        words("cut period_kind period_start product_family return_reason units_returned units_shipped"),
        "Units returned by reason and units shipped, by cohort of the first shipment.",
        "按首次发货同期群的分原因退货数量与发货数量。",
        readers=words("sales production quality"),
    ),
    PublishedTable(
        "inventory_period",
        "metrics.inventory_period",
        words("cut period_kind period_start product_family"),
        words("cut period_kind period_start product_family closing_month mean_value cogs value_days"),
        "Mean stock of 13 month ends and 12 months of cost of goods, at the end of each period.",
        "各期末的 13 个月末平均库存与 12 个月销货成本。",
        readers=words("production finance"),
    ),
)
