"""The published tables of money: receivables, and the way from list price to cash."""

from __future__ import annotations

from orchestration.lib.publish.table import PublishedTable, words

FINANCE_TABLES: tuple[PublishedTable, ...] = (
    PublishedTable(
        "receivable_month",
        "marts.receivable_month",
        words("account_id month"),
        words(
            "account_id customer_segment customer_region month closing_on receivable written_off open_amount not_due"
            " overdue_1 overdue_2 overdue_3 overdue_4 overdue_amount advance_amount credit_sales bad_debt"
        ),
        "What each account owes at the end of each month, by age; advances; credit sales and bad debt of the month.",
        "每个客户主体每月末的应收与账龄、预收款，以及当月赊销与坏账。",
        readers=words("sales finance"),
    ),
    PublishedTable(
        "receivable_period",
        "metrics.receivable_period",
        words("cut period_kind period_start account_id customer_segment customer_region ageing_bucket"),
        words(
            "ageing_bucket customer_segment customer_region cut period_kind period_start account_id"
            " closing_on day_count open_amount overdue_amount credit_sales"
        ),
        "Receivables at the end of each month, quarter, half-year and year, in total and by account, age and segment.",
        "各月、季、半年与年末的应收，合计及按客户、账龄与客户类别。",
        readers=words("sales finance"),
    ),
    PublishedTable(
        "price_waterfall",
        "metrics.price_waterfall",
        words("waterfall_id"),
        words(
            "waterfall_id order_id order_line_id month account_id channel_id campaign_id product_id list_value discount"
            " net_booked gross_invoiced credited net_invoiced cogs gross_profit contribution collected written_off"
            " open_amount"
        ),
        "One row per order line from list price to cash: discount, cancelled, invoiced, credited, costs, contribution,"
        " collected, open.",
        "每个订单行从目录价到回款的瀑布：折扣、取消、开票、红字、成本、边际贡献、回款与未收。",
        readers=words("sales finance"),
    ),
    PublishedTable(
        "price_waterfall_month",
        "metrics.price_waterfall_month",
        words("month channel_id product_family"),
        words(
            "month channel_id product_family list_value discount net_booked net_invoiced contribution collected"
            " written_off open_amount"
        ),
        "The same by month of order, channel and product family.",
        "同上，按下单月份、渠道与产品系列。",
        readers=words("sales finance"),
    ),
)
