"""Published tables of customers over time, of distributors and of product combinations."""

from __future__ import annotations

from orchestration.lib.publish.table import PublishedTable, words

CUSTOMER_TABLES: tuple[PublishedTable, ...] = (
    PublishedTable(
        "repeat_purchase_facts",
        "marts.repeat_purchase_facts",
        words("account_id"),
        words("account_id first_order_id first_order_on repeat_order_id is_exposed is_repeat"),
        "One row per customer: its first order and the one that makes it a repeat customer.",
        "每个客户一行：首单以及使其成为复购客户的订单。",
        readers=words("marketing sales finance"),
    ),
    PublishedTable(
        "customer_retention",
        "metrics.customer_retention",
        words("cut period_kind period_start channel_id distributor_id customer_segment customer_region"),
        words(
            "channel_id distributor_id customer_segment customer_region cut period_kind period_start buyers_before"
            " buyers_kept revenue_before revenue_kept revenue_now"
        ),
        "Buyers of the period before and what they bought in this one, by quarter, half-year and year.",
        "上一期买家及其本期购买，按季度、半年与年。",
        readers=words("marketing sales finance"),
    ),
    PublishedTable(
        "customer_cohort_month",
        "metrics.customer_cohort_month",
        words("cohort_start channel_id campaign_id months_since"),
        words(
            "cohort_start channel_id campaign_id months_since customers cohort_cost contribution"
            " cumulative_contribution cumulative_collected"
        ),
        "What the customers won in a month earned by each month after, by channel and campaign, beside their cost.",
        "某月获得的客户在其后各月的累计收益，按渠道与活动，并列获客费用。",
        readers=words("marketing sales finance"),
    ),
    PublishedTable(
        "customer_payback",
        "metrics.customer_payback",
        words("cut period_kind period_start channel_id campaign_id"),
        words("cut period_kind period_start channel_id campaign_id cohort_cost contribution payback_months shortfall"),
        "When the customers won in a period have earned back what it cost to win them.",
        "某期间获得的客户何时收回其获客费用。",
        readers=words("marketing sales finance"),
    ),
    PublishedTable(
        "customer_ltv",
        "metrics.customer_ltv",
        words("account_id"),
        words("account_id method horizon_days predicted predicted_low predicted_high holdout_error"),
        "What each customer has contributed and is expected to, with an interval and how far off the method was.",
        "每个客户至今与预期的边际贡献，附区间与方法误差。",
        readers=words("sales finance"),
    ),
    PublishedTable(
        "customer_ltv_cohort",
        "metrics.customer_ltv_cohort",
        words("cut period_kind period_start customer_segment customer_region"),
        words(
            "customer_segment customer_region cut period_kind period_start customers predicted predicted_mean_low"
            " predicted_mean_high"
        ),
        "The same of the customers won in a period, together.",
        "同上，按获客期间合计。",
        readers=words("sales finance"),
    ),
    PublishedTable(
        "distributor_share",
        "metrics.distributor_share",
        words("cut period_kind period_start distributor_id"),
        words("cut period_kind period_start distributor_id net_invoiced company_net_invoiced contribution collected"),
        "What came through each distributor in a period, beside the company's total.",
        "各经销商在某期间带来的收入、边际贡献与回款，并列公司合计。",
        readers=words("sales finance"),
    ),
    PublishedTable(
        "distributor_stability",
        "metrics.distributor_stability",
        words("cut period_kind period_start distributor_id"),
        words("cut period_kind period_start distributor_id variation_coefficient monthly_trend concentration_index"),
        "How steady each distributor was over 12 months, and how much hangs on few of them.",
        "各经销商近 12 个月的稳定性与集中度。",
        readers=words("sales finance"),
    ),
    PublishedTable(
        "distributor_matrix",
        "metrics.distributor_matrix",
        words("span first_month distributor_id"),
        words(
            "distributor_id span first_month last_month net_invoiced growth margin_rate variation_coefficient"
            " largest_family_share size_rating growth_rating margin_rating stability_rating concentration_rating"
            " is_rated segment segment_en segment_zh reason_en reason_zh"
        ),
        "Distributors rated on size, growth, margin, stability and concentration, with their segment and the reason.",
        "经销商质量矩阵：规模、增长、利润率、稳定性、集中度的评级、分类与理由。",
        readers=words("sales finance"),
    ),
    PublishedTable(
        "distributor_stock_month",
        "marts.distributor_stock_month",
        words("distributor_id product_id month"),
        words(
            "distributor_id product_id month is_covered sell_in_quantity sell_out_quantity stock_quantity"
            " sell_through_rate excess_3m_quantity sell_in_per_sell_out_3m stock_months"
        ),
        "What distributors bought, sold on and still have, by product and month; figures on stuffing, no verdict.",
        "经销商进销存，按产品与月份：进货、动销、推算库存与压货相关数字。",
        readers=words("sales finance production"),
    ),
    PublishedTable(
        "distributor_stock_period",
        "metrics.distributor_stock_period",
        words("cut period_kind period_start distributor_id product_id product_family"),
        words("cut period_kind period_start distributor_id product_id product_family stock_quantity"),
        "Stock at distributors against their sell-out of three months, at the end of each period.",
        "期末经销商库存与其近 3 个月动销。",
        readers=words("sales finance production"),
    ),
    PublishedTable(
        "product_affinity",
        "metrics.product_affinity",
        words("grain product_id with_product_id"),
        words(
            "affinity_id grain product_id with_product_id basket_count product_count with_product_count both_count"
            " support confidence lift pair_count p_value p_value_corrected is_significant"
        ),
        "Products bought together, per order and per customer: support, confidence, lift, significance.",
        "产品组合：按订单与按客户的支持度、置信度、提升度与显著性。",
        readers=words("marketing sales production"),
    ),
    PublishedTable(
        "product_affinity_triple",
        "metrics.product_affinity_triple",
        words("grain product_id and_product_id with_product_id"),
        words(
            "affinity_id grain product_id and_product_id with_product_id basket_count pair_count with_product_count"
            " all_count support confidence lift question_count p_value p_value_corrected is_significant"
        ),
        "Sets of three products: what a pair is bought with, with support, confidence, lift, significance.",
        "三产品组合：两产品与第三产品的同购，附支持度、置信度、提升度与显著性。",
        readers=words("marketing sales production"),
    ),
)
