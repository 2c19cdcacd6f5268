"""The published tables of quality: cohorts of what was shipped, cost of poor quality, period tables of loop 2."""

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
