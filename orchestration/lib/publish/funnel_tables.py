"""Published tables of the funnel, from lead to order."""

from __future__ import annotations

from orchestration.lib.publish.table import PublishedTable, words

FUNNEL_TABLES: tuple[PublishedTable, ...] = (
    PublishedTable(
        "dim_funnel_stage",
        "marts.dim_funnel_stage",
        words("subject_kind position funnel_stage_id"),
        words("funnel_stage_id subject_kind stage position label_en label_zh means is_configured is_closing"),
        "The stages of the funnel in order, with their names; those that occur without being configured too.",
        "漏斗各阶段及其顺序与名称，含出现但未配置的阶段。",
        readers=words("marketing sales"),
    ),
    PublishedTable(
        "funnel_stage_facts",
        "marts.funnel_stage_facts",
        words("subject_kind subject_id position stage_event_id"),
        words(
            "position stage_event_id subject_kind subject_id funnel_stage_id stage is_configured is_closing account_id"
            " salesperson_id sales_team origin_channel_id entered_on days_in_stage next_stage_id has_advanced"
            " is_lost_here is_still_here"
        ),
        "Each stage that a lead or opportunity entered: since when, how long, whether it moved on or was lost there.",
        "线索或商机进入的每个阶段：何时进入、停留多久、是否前进或在此丢失。",
        readers=words("marketing sales"),
    ),
    PublishedTable(
        "prospect_facts",
        "marts.prospect_facts",
        words("prospect_id"),
        words(
            "prospect_id prospect_kind account_id first_lead_id first_lead_on lead_count origin_channel_id"
            " origin_campaign_id salesperson_id sales_team first_order_on days_to_first_order has_earlier_order"
            " is_customer_within_window is_window_mature"
        ),
        "Everybody who left a lead - account, company or person - and whether a first order came of it.",
        "每个留下线索的潜在客户（客户主体、公司或个人）及其是否下首单。",
        readers=words("marketing sales"),
    ),
    PublishedTable(
        "loss_facts",
        "marts.loss_facts",
        words("opportunity_id"),
        words(
            "opportunity_id account_id last_stage_id loss_reason created_on closed_on days_to_close amount_functional"
            " origin_channel_id salesperson_id sales_team customer_segment customer_region"
        ),
        "Opportunities lost: in which stage, for which reason, how much was at stake.",
        "输掉的商机：在哪个阶段、因何原因、涉及多少金额。",
        readers=words("marketing sales"),
    ),
    PublishedTable(
        "opportunity_product_facts",
        "marts.opportunity_product_facts",
        words("opportunity_id product_id"),
        words(
            "opportunity_product_id opportunity_id product_id quote_count quantity net_amount_functional account_id"
            " closed_on is_won is_lost"
        ),
        "The products offered in each opportunity, by the last versions of its quotes.",
        "每个商机按最新版本报价所含的产品。",
        readers=words("sales"),
    ),
    PublishedTable(
        "salesperson_scorecard",
        "metrics.salesperson_scorecard",
        words("grain sales_team salesperson_id"),
        words(
            "scorecard_id grain sales_team salesperson_id name lead_stage_conversion opportunity_stage_conversion"
            " decided won win_rate win_rate_low win_rate_high cycle_days_median"
        ),
        "One row per salesperson and per team: stage conversion, win rate and cycle, with counts and 95 % intervals.",
        "每位销售人员与每个团队一行：阶段转化率、赢单率与成交周期，附样本数与 95% 区间。",
        readers=words("sales"),
    ),
    PublishedTable(
        "opportunity_driver_facts",
        "marts.opportunity_driver_facts",
        words("opportunity_id"),
        words(
            "opportunity_id account_id salesperson_id sales_team created_on closed_on is_won amount_functional"
            " days_to_close interaction_count call_count email_count message_count meeting_count visit_count demo_count"
            " sample_count other_count days_to_response is_quoted quote_count days_to_first_quote discount"
        ),
        "Deals won or lost with what happened until then: interactions, first answer, first quote, discount.",
        "已决商机及其关闭前的情况：互动、首次响应、首次报价与折扣。",
        readers=words("sales"),
    ),
    PublishedTable(
        "interaction_win_lift",
        "metrics.interaction_win_lift",
        words("position period_kind period_start lift_id"),
        words(
            "position lift_id period_kind period_start driver driver_group label_en label_zh n_with won_with"
            " win_rate_with n_without won_without win_rate_without lift lift_low lift_high"
        ),
        "Win rates with and without each driver, and their ratio with a 95 % interval. Association, not cause.",
        "具备与不具备各因素的赢单率及其比值，附 95% 区间。关联，不代表因果。",
        readers=words("marketing sales"),
    ),
    PublishedTable(
        "win_model",
        "metrics.win_model",
        words("population"),
        words(
            "is_available reason_en reason_zh population deal_count won_count lost_count driver_count auc caveat_en"
            " caveat_zh"
        ),
        "Whether the win drivers could be weighed together, on which deals, how well, or why not.",
        "成交因素模型是否可用、依据哪些商机、效果如何，或不可用的原因。",
        readers=words("marketing sales"),
    ),
    PublishedTable(
        "win_driver",
        "metrics.win_driver",
        words("position driver"),
        words("driver position label_en label_zh unit is_control n_with coefficient odds_ratio odds_low odds_high"),
        "What one unit more of each driver goes with, all others equal: odds ratios of a ridge logistic regression. "
        "Association, not cause.",
        "其他因素不变时，各因素每增加一个单位对应的赢单优势比（岭惩罚逻辑回归）。关联，不代表因果。",
        readers=words("marketing sales"),
    ),
)
