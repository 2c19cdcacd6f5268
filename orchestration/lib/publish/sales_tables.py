"""Published tables of the market, of sales and of distributors."""

from __future__ import annotations

from orchestration.lib.publish.table import PublishedTable, words

SALES_TABLES: tuple[PublishedTable, ...] = (
    PublishedTable(
        "touch_facts",
        "marts.touch_facts",
        words("touch_id"),
        words(
            "touch_id lead_id account_id contact_id campaign_id channel_id touched_at touched_on precision touch_type"
        ),
        "Touches that count, one row each: which campaign met whom, when, through which placement, page and form.",
        "有效触点，一行一个：哪个活动何时、经由哪个广告位、页面和表单触达了谁。",
        readers=words("marketing sales"),
    ),
    PublishedTable(
        "campaign_session_facts",
        "marts.campaign_session_facts",
        words("campaign_session_id"),
        words("campaign_session_id campaign_id channel_id starts_on ends_on visitors lead_count touch_count"),
        "One row per session of a campaign, such as a day of a show, with the leads and touches that fell into it.",
        "活动的每一场次（如展会的一天）一行，及其中的线索与触点数。",
        readers=words("marketing sales"),
    ),
    PublishedTable(
        "work_hours_facts",
        "marts.work_hours_facts",
        words("work_hours_id"),
        words("work_hours_id campaign_id channel_id salesperson_id worked_on hours"),
        "Hours worked for campaigns.",
        "为活动投入的工时。",
        readers=words("marketing sales finance"),
    ),
    PublishedTable(
        "marketing_spend_facts",
        "marts.marketing_spend_facts",
        words("spend_id"),
        words(
            "spend_id campaign_id channel_id spent_on service_from service_to placement cost_type stage"
            " amount_functional tax_functional"
        ),
        "Costs of marketing, each bill once, before they are spread over their service period.",
        "营销费用，每笔一次，尚未按服务期间分摊。",
        readers=words("marketing finance"),
    ),
    PublishedTable(
        "dim_contact",
        "marts.dim_contact",
        words("contact_id"),
        words("contact_id account_id customer_id role company"),
        "Contacts without anything personal: whose they are and in which role.",
        "联系人，不含个人信息：所属客户与职务。",
        readers=words("marketing sales"),
    ),
    PublishedTable(
        "interaction_facts",
        "marts.interaction_facts",
        words("interaction_id"),
        words(
            "interaction_id kind occurred_on lead_id opportunity_id account_id salesperson_id outcome"
            " days_since_created"
        ),
        "Calls, visits, demos and the like, tied to lead, opportunity and account.",
        "电话、拜访、演示等互动，关联线索、商机与客户主体。",
        readers=words("sales"),
    ),
    PublishedTable(
        "quote_facts",
        "marts.quote_facts",
        words("quote_id"),
        words(
            "quote_id opportunity_id account_id quoted_on version status amount_functional line_count"
            " is_latest_version is_ordered days_to_quote"
        ),
        "One row per version of a quote: what it was worth, whether it is the last one, whether it was ordered.",
        "报价单每个版本一行：金额、是否最新、是否已转为订单。",
        readers=words("sales"),
    ),
    PublishedTable(
        "quote_line_facts",
        "marts.quote_line_facts",
        words("quote_line_id"),
        words("quote_line_id quote_id product_id quantity unit_price net_amount_functional is_latest_version"),
        "One row per quote line: product, quantity, price.",
        "报价单每个明细一行：产品、数量、价格。",
        readers=words("sales"),
    ),
    PublishedTable(
        "stage_event_facts",
        "marts.stage_event_facts",
        words("subject_kind subject_id sequence stage_event_id"),
        words(
            "stage_event_id subject_kind subject_id account_id stage entered_on left_at next_stage days_in_stage"
            " sequence is_entry is_first_entry is_valid"
        ),
        "The history of each lead and opportunity through the funnel: entries, returns, days in each stage.",
        "每条线索与商机的漏斗历史：进入、回退与各阶段停留天数。",
        readers=words("marketing sales"),
    ),
    PublishedTable(
        "dim_distributor",
        "marts.dim_distributor",
        words("distributor_id"),
        words("distributor_id name region level parent_id"),
        "Distributors.",
        "经销商。",
        readers=words("sales finance"),
    ),
    PublishedTable(
        "sell_out_facts",
        "marts.sell_out_facts",
        words("sell_out_id"),
        words("sell_out_id distributor_id product_id month quantity amount_functional"),
        "What distributors sold on, by month and product.",
        "经销商对外销售，按月与产品。",
        readers=words("sales finance"),
    ),
    PublishedTable(
        "distributor_month",
        "marts.distributor_month",
        words("distributor_id month"),
        words(
            "distributor_id month order_count net_booked net_invoiced contribution collected sell_out_quantity"
            " sell_out_amount"
        ),
        "One row per distributor and month, quiet months included: booked, invoiced, contribution, cash, sell-out.",
        "每家经销商每月一行（含空月份）：签约、开票、边际贡献、回款与动销。",
        readers=words("sales finance"),
    ),
)
