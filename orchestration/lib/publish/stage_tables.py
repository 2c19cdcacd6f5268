"""Published tables of stages, of channels across attribution models, and of paths."""

from __future__ import annotations

from orchestration.lib.publish.table import PublishedTable, words

STAGE_TABLES: tuple[PublishedTable, ...] = (
    PublishedTable(
        "stage_scorecard",
        "metrics.stage_scorecard",
        words("stage_scorecard_id"),
        words(
            "stage_scorecard_id cut period_kind period_start channel_id campaign_id stage stage_number model"
            " pool_weight cost entrants advances conversion_rate conversion_rate_low conversion_rate_high is_mature"
            " cost_per_advance orders credited_booked credited_invoiced credited_collected credited_contribution roi"
            " is_small_sample"
        ),
        "What each stage of the way to an order cost, moved on and returned, by channel, campaign and period.",
        "成单路径各阶段的费用、推进与回报，按渠道、活动与期间。",
        readers=words("marketing sales finance"),
    ),
    PublishedTable(
        "channel_model",
        "metrics.channel_model",
        words("channel_model_id"),
        words(
            "channel_model_id cut period_kind period_start member_id name model measure credit share"
            " share_of_attributed member_rank cost roi units effect_share effect_share_low effect_share_high"
            " is_small_sample warning warning_en warning_zh"
        ),
        "What each attribution model gives each channel and campaign: credit, share, rank, return, warnings.",
        "各归因模型给予各渠道与活动的归因值、占比、排名、回报与注意事项。",
        readers=words("marketing sales finance"),
    ),
    PublishedTable(
        "channel_disagreement",
        "metrics.channel_disagreement",
        words("channel_disagreement_id"),
        words(
            "channel_disagreement_id cut period_kind period_start member_id name measure models share_least model_least"
            " share_most model_most share_span share_mean share_variation rank_best rank_worst units is_small_sample"
        ),
        "How far the attribution models differ over each channel and campaign.",
        "各归因模型对每个渠道与活动的分歧。",
        readers=words("marketing sales finance"),
    ),
    PublishedTable(
        "model_disagreement",
        "metrics.model_disagreement",
        words("model_disagreement_id"),
        words(
            "model_disagreement_id cut period_kind period_start measure model_a model_b models members distance"
            " rank_correlation rank_concordance"
        ),
        "How far each pair of attribution models differs, and all of them: distance of shares, agreement of ranks.",
        "每对归因模型及全部模型的分歧：占比距离与排名一致程度。",
        readers=words("marketing sales finance"),
    ),
    PublishedTable(
        "path_summary",
        "metrics.path_summary",
        words("path_summary_id"),
        words(
            "path_summary_id level period_kind period_start path_rank path steps journeys conversions null_paths"
            " conversion_rate conversion_rate_low conversion_rate_high conversion_share new_customers repeat_orders"
            " booked invoiced collected contribution days_median days_p90 is_small_sample"
        ),
        "The paths that led to orders and those that came to nothing, with what the orders on each were worth.",
        "通向成交与未转化的路径，及各路径上订单的价值。",
        readers=words("marketing sales"),
    ),
    PublishedTable(
        "path_distribution",
        "metrics.path_distribution",
        words("path_distribution_id"),
        words(
            "path_distribution_id cut period_kind period_start band_number band journeys conversions null_paths"
            " conversion_rate conversion_share new_customers repeat_orders booked contribution days_median days_p90"
            " is_small_sample"
        ),
        "How journeys are spread over length, days to convert, and first and last channel group.",
        "旅程在长度、转化天数与起止渠道组上的分布。",
        readers=words("marketing sales"),
    ),
)
