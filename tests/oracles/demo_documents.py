"""Documents of the ERP that carry money, with where each stands: orders, invoices, payments, costs, the books."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable
from contextlib import closing
from datetime import date
from decimal import Decimal
from functools import cache, cached_property
from pathlib import Path
from typing import Any, TypeVar, cast

from tests.oracles.compare import published_mart
from tests.oracles.demo import Demo, demo_of
from tests.oracles.demo_codes import Parser, code, currency, minute, month, second, slash_day
from tests.oracles.demo_rows import Row, _once, crm, erp
from tests.oracles.exact import money

T = TypeVar("T")
LEDGER = {
    "660107": "marketing_expense",
    "6001": "revenue",
    "6401": "cost_of_sales",
    "1122": "receivable",
    "1405": "inventory",
    "1002": "cash",
}
COST = {"海运费": "freight", "销售提成": "commission", "经销返利": "rebate", "坏账": "bad_debt", "招标服务费": "other"}
KIND = code({"蓝字发票": "invoice", "红字发票": "credit_note"})

OF_ORDER = (
    *("order_id", "account_id", "origin_channel_id", "origin_campaign_id", "salesperson_id", "distributor_id"),
    *("is_excluded", "exclusion_reason"),
)

TABLES: dict[str, tuple[str, list[str], dict[str, Parser]]] = {
    # object: name of its files, what identifies a record, how cells are read
    "orders": ("订单", ["单号"], {"下单时间": minute, "确认时间": minute, "币种": currency}),
    "order_lines": (
        "订单行",
        ["单号", "行号"],
        {
            "行号": int,
            "承诺交期": slash_day,
            "变更交期": slash_day,
            "数量": Decimal,
            "不含税金额": money,
            "税额": money,
        },
    ),
    "shipments": ("发货", ["发货单号"], {"发货时间": minute, "签收时间": minute, "运费": money}),
    "shipment_lines": ("发货行", ["发货单号", "序号"], {"数量": Decimal}),
    "invoices": (
        "发票",
        ["发票号"],
        {
            "发票类型": KIND,
            "开票日期": slash_day,
            "到期日": slash_day,
            "不含税金额": money,
            "税额": money,
            "币种": currency,
        },
    ),
    "invoice_lines": (
        "发票行",
        ["发票号", "行号"],
        {"发票类型": KIND, "行号": int, "数量": Decimal, "不含税金额": money, "税额": money, "成本": money},
    ),
    "payments": ("收款", ["收款单号"], {"收款日期": slash_day, "金额": money, "币种": currency}),
    "allocations": ("核销", ["核销号"], {"核销金额": money}),
    "order_costs": ("订单费用", ["费用编号"], {"费用类型": code(COST), "发生日期": slash_day, "金额": money}),
    "exchange_rates": ("汇率", ["原币", "日期"], {"日期": slash_day, "汇率": Decimal}),
    "ledger": (
        "科目余额",
        ["会计期间", "科目编码"],
        {"会计期间": month, "科目编码": code(LEDGER), "本期借方": money, "本期贷方": money, "期末余额": money},
    ),
}


class Documents:
    """Tables by object, and orders - those that do not count too - with what documents take from them."""

    def __init__(self, demo: Demo) -> None:
        self.demo = demo
        self._read: dict[str, list[Row]] = {}
        self._made: dict[str, Any] = {}

    def once(self, name: str, make: Callable[[Documents], T]) -> T:
        """What is made of these documents, the first time it is asked for."""
        if name not in self._made:
            self._made[name] = make(self)
        return cast(T, self._made[name])

    def rows(self, table: str) -> list[Row]:
        """Records of a table of the ERP, once each; amounts of red documents, printed without a sign, are negative."""
        if table not in self._read:
            name, keys, checks = TABLES[table]
            rows = _once(self.demo.rows._csv("erp", table, f"{name}_*.csv", "gb18030"), keys, checks)
            if table in ("invoices", "invoice_lines"):
                rows = [_signed(row) for row in rows]
            self._read[table] = [row for row in rows if row.get("单据类型") != "调拨单"]
        return self._read[table]

    @cached_property
    def orders(self) -> dict[str, Row]:
        """Order number → what documents and measures take from it."""
        return {
            row["单号"]: {
                "order_id": erp(row["单号"]),
                "account_id": self.demo.account(row["客户编码"]),
                **self._origin(row),
                "salesperson_id": crm(row["业务员"]),
                "distributor_id": erp(row["经销商"]),
                "ordered_on": row["下单时间"].date(),
                "converted_at": row["确认时间"] or row["下单时间"],
                "currency": row["币种"],
                "is_excluded": _excluded(row) is not None,
                "exclusion_reason": _excluded(row),
            }
            for row in self.rows("orders")
        }

    def _origin(self, row: Row) -> Row:
        """The order's own campaign → its opportunity's lead → the account's earliest lead → unknown."""
        leads = self.demo.facts.leads
        deal = self.demo.opportunities.get(row["商机号"] or self._quoted.get(row["报价单号"] or "", ""))
        lead = self.demo.survivor(deal["lead_id"]) if deal else None
        channel: str | None
        if row["市场活动"]:
            channel, campaign = self.demo.channel(None, row["市场活动"]), row["市场活动"]
        elif lead and leads.at[lead, "channel"] != "unknown":
            channel, campaign = crm(leads.at[lead, "channel"]), leads.at[lead, "campaign"]
        elif first := self.demo.first_lead.get(self.demo.account(row["客户编码"]) or ""):
            channel = self.demo.channel(leads.at[first, "channel"].replace("unknown", ""), None)
            campaign = leads.at[first, "campaign"]
        else:
            channel, campaign = "unknown", None
        return {"origin_channel_id": channel, "origin_campaign_id": crm(campaign) or "unknown"}

    @cached_property
    def _quoted(self) -> dict[str, str]:
        return {row["quote_id"]: row["opp_id"] for row in self.demo.rows.crm("quotes")}

    def origin(self, order: str | None) -> Row:
        """What a document has of its order; a document without an order counts."""
        known = self.orders.get(order or "")
        if known:
            return {name: known[name] for name in OF_ORDER}
        unknown = {"origin_channel_id": "unknown", "origin_campaign_id": "unknown", "is_excluded": False}
        return {**dict.fromkeys(OF_ORDER), "order_id": erp(order), **unknown}

    @cached_property
    def lines(self) -> dict[str, list[Row]]:
        """Order number → its lines in their order, with their ``line`` number as documents name it."""
        found: dict[str, list[Row]] = defaultdict(list)
        for row in self.rows("order_lines"):
            found[row["单号"]].append({**row, "line": f"{row['单号']}-{row['行号']}"})
        return {order: sorted(lines, key=lambda row: row["行号"]) for order, lines in found.items()}

    @cached_property
    def invoices(self) -> dict[str, Row]:
        """Invoice number → invoice with ``valued_on``, the day whose rate it takes: of the invoice that it reverses."""
        known = {row["发票号"]: row for row in self.rows("invoices")}
        return {
            number: {**row, "valued_on": known[row["冲销发票"]]["开票日期"] if row["冲销发票"] else row["开票日期"]}
            for number, row in known.items()
        }

    @cached_property
    def tickets(self) -> list[Row]:
        """Service tickets by the row of their table; money is kept as numbers there.

        A table's hash covers its rows rather than bytes of the file; what is published beside the count of rows is it.
        """
        accounts = published_mart(self.demo.workspace, "row_account").to_pylist()
        (sha256,) = {row["source_sha256"] for row in accounts if row["source_object"] == "service_tickets"}
        place = {
            "source_system": "service",
            "source_object": "service_tickets",
            "source_file": "inbox/service/service.sqlite#service_tickets",
            "source_sha256": sha256,
        }
        amounts = dict.fromkeys(("parts_cost", "labour_cost", "travel_cost", "recovered"), Decimal)
        with closing(sqlite3.connect(self.demo.rows.inbox / "service" / "service.sqlite")) as connection:
            connection.row_factory = sqlite3.Row
            found = connection.execute("select * from service_tickets order by rowid").fetchall()
        rows = [
            {
                **{name: None if row[name] in (None, "") else str(row[name]) for name in row.keys()},  # noqa: SIM118
                **place,
                "source_row": number,
            }
            for number, row in enumerate(found, start=1)
        ]
        return _once(rows, ["ticket_id"], {"opened_at": second, "closed_at": second, **amounts})

    def day_rate(self, name: str, on: date) -> Row:
        """Rate, its row, and that there is one."""
        rate, rate_id = self.demo.rows.rate(name, on)
        return {"rate": rate, "rate_id": rate_id, "has_rate": True}


@cache
def documents_of(workspace: Path) -> Documents:
    """The documents of a workspace, once for all marts."""
    return Documents(demo_of(workspace))


def _signed(row: Row) -> Row:
    signed = {name: row[name] for name in ("数量", "不含税金额", "税额", "成本") if row.get(name) is not None}
    return {**row, **{name: -value for name, value in signed.items()}} if row["发票类型"] == "credit_note" else row


def _excluded(row: Row) -> str | None:
    """Why an order does not count."""
    if row["状态"] in ("已取消", "草稿"):
        return {"已取消": "cancelled", "草稿": "draft"}[row["状态"]]
    marks = (("样品", "sample"), ("内部往来", "intercompany"), ("测试", "test"))
    return next((reason for column, reason in marks if row[column] == "是"), None)
