"""What the promised columns of the funnel's tables mean, en and zh."""

from __future__ import annotations

FUNNEL_COLUMNS: dict[str, tuple[str, str]] = {
    "funnel_stage_id": ("Stage of the funnel, such as opportunity:quotation", "漏斗阶段，如 opportunity:quotation"),
    "position": ("Place in the funnel; empty when not configured", "在漏斗中的顺序；未配置则为空"),
    "label_en": ("Name in English", "英文名称"),
    "label_zh": ("Name in Chinese", "中文名称"),
    "means": ("mql, sql, won, lost or nothing", "含义：mql、sql、won（赢）、lost（输）或无"),
    "is_configured": ("Whether the settings list the stage", "设置中是否列出该阶段"),
    "is_closing": ("Whether the stage is won or lost", "是否为赢或输的阶段"),
    "sales_team": ("Team of the salesperson", "销售人员所属团队"),
    "next_stage_id": ("First stage further on that was entered afterwards", "此后首个进入的更靠后阶段"),
    "has_moved_on": ("Entered a later stage, or was won", "是否进入更靠后阶段或赢得"),
    "is_lost_here": ("Lost, and this was the last open stage", "是否在此阶段丢失"),
    "is_still_here": ("Neither won nor lost, and this is the last stage", "是否仍在此阶段"),
    "prospect_id": ("Prospect: account, company or person", "潜在客户：客户主体、公司或个人"),
    "prospect_kind": ("By what it is known: account, company, person", "识别依据：客户主体、公司、个人"),
    "first_lead_id": ("Its earliest valid lead", "最早的有效线索"),
    "first_lead_on": ("Day of that lead", "该线索产生日期"),
    "first_order_on": ("First order with a positive net amount", "首个净额为正的订单日期"),
    "days_to_first_order": ("Days from the first lead to the first order", "首条线索至首单天数"),
    "has_earlier_order": ("Had ordered before the first lead", "首条线索之前已有订单"),
    "is_customer_within_window": ("Placed its first order within the window", "是否在窗口期内下首单"),
    "is_window_mature": ("Whether the whole window has passed", "窗口期是否已满"),
    "last_stage_id": ("Stage in which it was lost", "丢失时所在阶段"),
    "opportunity_product_id": ("Opportunity and product", "商机与产品"),
    "quote_count": ("Quotes that offer the product", "含该产品的报价数"),
    "customer_segment": ("Segment of the account", "客户细分"),
    "customer_region": ("Region of the account", "客户地区"),
    "loss_reason": ("Why it was lost, as the source says it", "丢单原因，按来源原文"),
    "days_to_close": ("Days from opening to closing", "创建至关闭天数"),
    "is_won": ("Won", "是否赢单"),
    "is_lost": ("Lost", "是否输单"),
}

FUNNEL_COLUMNS_OF_TABLE: dict[tuple[str, str], tuple[str, str]] = {
    ("dim_funnel_stage", "stage"): ("Code of the stage, in small letters", "阶段代码（小写）"),
    ("funnel_stage_facts", "stage_event_id"): ("Stage event of the first entry", "首次进入的阶段变更"),
    ("funnel_stage_facts", "stage"): ("Code of the stage, in small letters", "阶段代码（小写）"),
    ("funnel_stage_facts", "entered_on"): ("Day of the first entry", "首次进入日期"),
    ("funnel_stage_facts", "days_in_stage"): (
        "Days of all stays; empty while one lasts",
        "各次停留天数之和；未结束则为空",
    ),
}
