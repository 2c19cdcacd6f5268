"""The published scorecards of marketing, and what they rest on."""

from __future__ import annotations

from orchestration.lib.publish.table import PublishedTable, words

SCORECARD_TABLES: tuple[PublishedTable, ...] = (
    PublishedTable(
        "campaign_scorecard",
        "metrics.campaign_scorecard",
        words("campaign_id"),
        words(
            "campaign_id channel_id marketing_spend touches leads opportunities orders attributed_booked"
            " attributed_invoiced attributed_collected attributed_contribution attributed_contribution_reported"
            " is_reliable channel_roi realised_roi is_realised not_realised_because mature_on payback_months"
            " payback_reason restated_because"
        ),
        "One row per campaign: cost, reach, leads, orders, credited money, delivery, quality, cash, return, payback.",
        "每个营销活动一行：成本、触达、线索、订单、归因金额、交付、质量、回款、回报与回收期。",
        readers=words("marketing sales finance"),
    ),
    PublishedTable(
        "campaign_reach",
        "metrics.campaign_reach",
        words("campaign_id"),
        words("campaign_id accounts_touched leads_touched orders_touched last_touched_on mature_on"),
        "Whom each campaign met, and until when that can still win an order.",
        "每个营销活动触达了谁，以及何时之前仍可带来订单。",
        readers=words("marketing sales finance"),
    ),
    PublishedTable(
        "campaign_stage_cost",
        "metrics.campaign_stage_cost",
        words("campaign_id stage"),
        words("campaign_id stage label_en label_zh marketing_spend sales_time_cost touches spend_share cost_per_touch"),
        "What each campaign spent in each stage of the funnel, and on how many touches.",
        "每个营销活动在各漏斗阶段的费用与触点数。",
        readers=words("marketing sales finance"),
    ),
    PublishedTable(
        "attributed_payback",
        "metrics.attributed_payback",
        words("cut channel_id campaign_id"),
        words(
            "cut channel_id campaign_id begun_month mature_on cost contribution contribution_collected payback_months"
            " payback_reason payback_months_collected payback_reason_collected"
        ),
        "When each campaign and channel has earned back its cost, by month; if not, why.",
        "每个营销活动与渠道何时收回费用（按月）；未收回则注明原因。",
        readers=words("marketing sales finance"),
    ),
    PublishedTable(
        "channel_month",
        "metrics.channel_month",
        words("channel_id month"),
        words("channel_id month attributed_contribution attributed_contribution_reported restated_because"),
        "One row per channel and month: cost, leads, orders, credited money, as reported too.",
        "每个渠道每月一行：成本、线索、订单与归因金额（含报告值）。",
        readers=words("marketing sales finance"),
    ),
)
