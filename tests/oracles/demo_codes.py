"""What the cells of the demo's raw tables hold: which columns identify a record, how each is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal

from tests.oracles.exact import money

Parser = Callable[[str], object]


def moment(pattern: str) -> Callable[[str], datetime]:
    """A parser of local moments."""
    return lambda text: datetime.strptime(text, pattern)


def day(pattern: str) -> Callable[[str], date]:
    """A parser of days."""
    return lambda text: datetime.strptime(text, pattern).date()


def code(values: Mapping[str, object]) -> Parser:
    """A parser of codes; one that is not listed cannot be read."""

    def read(text: str) -> object:
        if text not in values:
            raise ValueError(text)
        return values[text]

    return read


second = moment("%Y-%m-%d %H:%M:%S")
minute = moment("%Y/%m/%d %H:%M")
iso_day = day("%Y-%m-%d")
slash_day = day("%Y/%m/%d")
month = day("%Y-%m")
yes_no = code({"是": True, "否": False})
currency = code({"人民币": "CNY", "RMB": "CNY", "CNY": "CNY", "USD": "USD", "EUR": "EUR", "美元": "USD", "欧元": "EUR"})

CRM: dict[str, tuple[list[str], dict[str, Parser]]] = {
    "channels": (["channel_code"], {"paid": yes_no}),
    "campaigns": (
        ["campaign_id"],
        {
            "first": iso_day,
            "last": iso_day,
            "budget": money,
            "objective": code({"获客": "acquisition", "留存": "retention", "品牌": "brand"}),
        },
    ),
    "sessions": (["session_id"], {"starts_at": second, "ends_at": second, "visitors": int}),
    "salespeople": (["sales_id"], {"joined": iso_day, "left": iso_day}),
    "contacts": (["contact_id"], {}),
    "leads": (
        ["lead_id"],
        {
            "created_at": second,
            "mql_at": second,
            "sql_at": second,
            "score": Decimal,
            "status": code(
                {
                    "新建": "new",
                    "跟进中": "working",
                    "已确认": "qualified",
                    "已转化": "converted",
                    "已流失": "lost",
                    "无效": "invalid",
                    "测试": "test",
                }
            ),
        },
    ),
    "touchpoints": (
        ["touch_id"],
        {
            "touched_at": second,
            "type": code({"点击": "click", "表单": "form", "下载": "download", "网络研讨会": "webinar"}),
        },
    ),
    "offline_touchpoints": (
        ["touch_id"],
        {
            "touch_date": moment("%Y-%m-%d"),
            "type": code(
                {"扫码": "booth_scan", "转介绍": "referral", "经销商推荐": "referral", "经销商会议": "meeting"}
            ),
        },
    ),
    "opportunities": (
        ["opp_id"],
        {
            "created_at": second,
            "closed_at": second,
            "amount": money,
            "expected_close": iso_day,
            "result": code({"赢单": True, "输单": False}),
            "stage": code(
                {
                    "需求确认": "requirement",
                    "方案演示": "solution",
                    "报价": "quotation",
                    "谈判": "negotiation",
                    "赢单": "won",
                    "输单": "lost",
                }
            ),
        },
    ),
    "interactions": (
        ["activity_id"],
        {
            "happened_at": second,
            "kind": code(
                {
                    "电话": "call",
                    "邮件": "email",
                    "微信": "message",
                    "会议": "meeting",
                    "拜访": "visit",
                    "演示": "demo",
                    "样机试用": "sample",
                }
            ),
        },
    ),
    "quotes": (
        ["quote_id"],
        {
            "quoted_at": second,
            "valid_until": iso_day,
            "version": int,
            "net_amount": Decimal,
            "discount": Decimal,
            "status": code(
                {
                    "草稿": "draft",
                    "已发送": "sent",
                    "已接受": "accepted",
                    "已拒绝": "rejected",
                    "已过期": "expired",
                    "已替代": "superseded",
                }
            ),
        },
    ),
    "quote_lines": (
        ["quote_id", "line"],
        {"line": int, "qty": Decimal, "unit_price": Decimal, "discount": Decimal, "net_amount": Decimal},
    ),
    "stage_history": (
        ["event_id"],
        {
            "entered_at": second,
            "object": code({"线索": "lead", "商机": "opportunity"}),
            "stage": code(
                {
                    "新线索": "new",
                    "跟进中": "working",
                    "MQL": "mql",
                    "SQL": "sql",
                    "需求确认": "requirement",
                    "方案演示": "solution",
                    "报价": "quotation",
                    "谈判": "negotiation",
                    "赢单": "won",
                    "输单": "lost",
                }
            ),
        },
    ),
}
ERP: dict[str, tuple[list[str], dict[str, Parser]]] = {
    "客户": (
        ["客户编码"],
        {
            "客户类型": code({"医院": "hospital", "诊所": "clinic", "经销商": "distributor"}),
            "建档日期": slash_day,
        },
    ),
    "经销商": (["经销商编码"], {"合同开始": slash_day, "合同结束": slash_day}),
    "订单": (["单号"], {"下单时间": minute, "确认时间": minute}),
    "汇率": (["原币", "日期"], {"日期": slash_day, "汇率": Decimal}),
}
