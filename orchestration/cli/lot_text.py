"""What ``triloop lot`` says, in English and Chinese."""

from __future__ import annotations

from orchestration.cli.text import LANGUAGES

TEXT: dict[str, tuple[str, str]] = {
    "title": ("Lot {lot}: {products}", "批次 {lot}：{products}"),
    "summary": (
        "{shipped} shipped to {accounts} customers, {out} still out",
        "已发货 {shipped}，涉及 {accounts} 个客户，仍在外 {out}",
    ),
    "from_ticket": (
        "from ticket {ticket} ({kind}, {day}), order {order}, whose order came from {campaign}",
        "由工单 {ticket}（{kind}，{day}）追溯，订单 {order}，订单来源 {campaign}",
    ),
    "between": (
        "Between two numbers: a return names its order line, and some of these lines were filled from several lots.",
        "数量为区间：退货只写订单行，而其中有的订单行由多个批次发货。",
    ),
    "production": ("Made by", "生产工单"),
    "inspections": ("Inspections", "检验"),
    "holders": ("Shipped to", "发货去向"),
    "tickets": ("Tickets", "服务工单"),
    "returns": ("Returns of these order lines", "上述订单行的退货"),
    "origins": ("Where these customers' orders came from", "这些客户订单的来源"),
    "production_order_id": ("production order", "生产工单"),
    "product_id": ("product", "产品"),
    "planned_finish_on": ("planned finish", "计划完工"),
    "started_on": ("started", "开工"),
    "finished_on": ("finished", "完工"),
    "quantity_planned": ("planned", "计划数量"),
    "quantity_finished": ("finished units", "完工数量"),
    "quantity_scrapped": ("scrapped", "报废数量"),
    "inspected_on": ("day", "检验日"),
    "kind": ("kind", "类别"),
    "step": ("step", "工序"),
    "quantity_inspected": ("inspected", "检验数量"),
    "quantity_first_pass": ("passed first time", "一次合格"),
    "quantity_reworked": ("reworked", "返工"),
    "quantity_rejected": ("rejected", "拒收"),
    "defect_code": ("defect", "缺陷"),
    "inspection_id": ("inspection", "检验单"),
    "account": ("customer", "客户"),
    "order_line_id": ("order line", "订单行"),
    "first_shipped_on": ("first shipped", "首次发货"),
    "quantity_shipped": ("shipped", "发货数量"),
    "quantity_out_least": ("out, at least", "至少在外"),
    "quantity_out_most": ("out, at most", "至多在外"),
    "serial_count": ("serial numbers", "序列号数"),
    "first_udi_pi": ("first UDI-PI", "首个 UDI-PI"),
    "ticket_count": ("tickets", "工单数"),
    "ticket_id": ("ticket", "工单"),
    "opened_on": ("opened", "报修日"),
    "closed_on": ("closed", "关闭日"),
    "serial_no": ("serial number", "序列号"),
    "order_id": ("order", "订单"),
    "traced_by": ("traced by", "追溯依据"),
    "origin_campaign_id": ("campaign", "来源活动"),
    "net_cost": ("cost", "成本"),
    "return_id": ("return", "退货单"),
    "returned_on": ("day", "退货日"),
    "quantity": ("units", "数量"),
    "reason": ("reason", "原因"),
    "channel": ("channel", "渠道"),
    "campaign": ("campaign", "活动"),
    "account_count": ("customers", "客户数"),
}


def tell(key: str, language: str, **values: object) -> str:
    """The text of a key."""
    return TEXT[key][LANGUAGES.index(language)].format(**values)
