"""Published tables of paths, of the attribution models, and of what is restated."""

from __future__ import annotations

from orchestration.lib.publish.table import PublishedTable, words

ATTRIBUTION_TABLES: tuple[PublishedTable, ...] = (
    PublishedTable(
        "journey_path",
        "attribution.journey_path",
        words("journey_id"),
        words(
            "journey_id order_id account_id is_converted touch_count channel_path campaign_path first_touch_on"
            " last_touch_on converted_on days_to_convert"
        ),
        "One row per journey, with its channels and campaigns in order: orders, and paths that came to nothing.",
        "每段旅程一行，含按顺序的渠道与营销活动：订单旅程，以及未转化路径。",
        readers=words("marketing sales"),
    ),
    PublishedTable(
        "channel_effect",
        "attribution.channel_effect",
        words("model level member_id"),
        words(
            "model level member_id effect share share_low share_high conversions journeys total_conversions draws"
            " is_reliable reason_en reason_zh"
        ),
        "Markov removal effect and Shapley value of each channel and campaign; advice only where `is_reliable`.",
        "各渠道与活动的马尔可夫移除效应和沙普利值；仅在 `is_reliable` 为真时可作建议依据。",
        readers=words("marketing sales finance"),
    ),
    PublishedTable(
        "attribution_restatement",
        "attribution.attribution_restatement",
        words("month order_id order_line_id posting_id measure model touch_id stage unattributed_reason"),
        words(
            "month posted_on order_id order_line_id posting_id measure model touch_id channel_id campaign_id stage"
            " unattributed_reason reason reported restated difference"
        ),
        "Credits of closed months that would be told differently today, as reported and restated, with the reason.",
        "已关账月份中与当前口径不同的归因金额：报告值、重述值与原因。",
        readers=words("marketing finance"),
    ),
    PublishedTable(
        "attribution_model",
        "attribution.attribution_model",
        words("model"),
        words("model family is_default_model definition"),
        "The attribution models that are computed, and what each is by the settings.",
        "当前计算的归因模型及其设置。",
        readers=words("marketing sales finance"),
    ),
)
