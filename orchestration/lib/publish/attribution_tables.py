"""Published tables of paths and of the data-driven attribution models."""

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
)
