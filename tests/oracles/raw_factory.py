"""The demo's raw rows of orders, factory, service and receipts, with where each stands."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from tests.oracles.demo_codes import Parser, code, currency, iso_day, minute, month, second, slash_day, yes_no
from tests.oracles.demo_rows import DemoRows, Row, _once
from tests.oracles.exact import money

ROW_SET_HASH = "of a database it is a hash of the set of rows, whose recipe is landing's own"
"""Why ``source_sha256`` of rows from SQLite is not worked out anew."""

INVOICE_KINDS = code({"蓝字发票": "invoice", "红字发票": "credit_note"})
ERP: dict[str, tuple[str, list[str], dict[str, Parser]]] = {
    # object: (files, key, how cells are read)
    "products": (
        "产品",
        ["产品编码"],
        {
            "管理类别": code({"一类": "I", "二类": "II", "三类": "III"}),
            "目录价": money,
            "标准成本": money,
            "标准工时": money,
        },
    ),
    "orders": (
        "订单",
        ["单号"],
        {
            "下单时间": minute,
            "确认时间": minute,
            "币种": currency,
            "状态": code({"草稿": "draft", "已确认": "confirmed", "已关闭": "closed", "已取消": "cancelled"}),
            "样品": yes_no,
            "内部往来": yes_no,
            "测试": yes_no,
        },
    ),
    "order_lines": (
        "订单行",
        ["单号", "行号"],
        {
            **dict.fromkeys(("承诺交期", "变更交期"), slash_day),
            **dict.fromkeys(("数量", "目录价", "折扣率", "单价", "税率", "不含税金额", "税额"), money),
        },
    ),
    "shipments": ("发货", ["发货单号"], {"发货时间": minute, "签收时间": minute, "运费": money}),
    "shipment_lines": ("发货行", ["发货单号", "序号"], {"数量": money}),
    "invoices": (
        "发票",
        ["发票号"],
        {
            "发票类型": INVOICE_KINDS,
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
        {"发票类型": INVOICE_KINDS, **dict.fromkeys(("数量", "不含税金额", "税额", "成本"), money)},
    ),
    "payments": ("收款", ["收款单号"], {"收款日期": slash_day, "金额": money, "币种": currency}),
    "allocations": ("核销", ["核销号"], {"核销金额": money}),
    "order_costs": (
        "订单费用",
        ["费用编号"],
        {
            "费用类型": code(
                {
                    "销售提成": "commission",
                    "经销返利": "rebate",
                    "坏账": "bad_debt",
                    "海运费": "freight",
                    "招标服务费": "other",
                }
            ),
            "发生日期": slash_day,
            "金额": money,
        },
    ),
    "stock": (
        "库存",
        ["盘点日", "仓库", "产品编码", "库存类型"],
        {
            "盘点日": slash_day,
            "库存类型": code({"原材料": "rm", "在制品": "wip", "产成品": "fg", "演示机": "demo"}),
            "数量": money,
            "金额": money,
        },
    ),
    "capacity": ("产能", ["工作中心", "月份"], {"月份": month, "可用工时": money}),
}
SERVICE: dict[str, tuple[list[str], dict[str, Parser]]] = {
    "production_orders": (
        ["work_order"],
        {
            "planned_start": iso_day,
            "planned_finish": iso_day,
            "started_at": second,
            "finished_at": second,
            **dict.fromkeys(("qty_planned", "qty_finished", "qty_scrapped"), money),
            **dict.fromkeys(("material_cost", "labour_cost", "overhead_cost"), money),
        },
    ),
    "inspections": (
        ["inspection_id"],
        {
            "kind": code({"来料检验": "incoming", "过程检验": "in_process", "成品检验": "final"}),
            "inspected_at": second,
            **dict.fromkeys(("qty_inspected", "qty_passed", "qty_reworked", "qty_rejected"), money),
        },
    ),
    "returns": (["return_id"], {"returned_at": second, "qty": money, "amount": money}),
    "service_tickets": (
        ["ticket_id"],
        {
            "kind": code({"安装": "install", "投诉": "complaint", "维修": "repair", "不良事件": "adverse_event"}),
            "opened_at": second,
            "closed_at": second,
            **dict.fromkeys(("parts_cost", "labour_cost", "travel_cost", "recovered"), money),
            "is_warranty": code({"1": True, "0": False}),
        },
    ),
}
RED = {"invoices": ("不含税金额", "税额"), "invoice_lines": ("数量", "不含税金额", "税额", "成本")}
"""Amounts that this ERP prints without a sign on red documents."""


class FactoryRows(DemoRows):
    """Every raw table of orders, factory, service and receipts: readable rows, each record once."""

    def __init__(self, workspace: Path) -> None:
        super().__init__(workspace)

    @cache  # noqa: B019 - one object per test module
    def table(self, name: str) -> list[Row]:
        """A table of the ERP by the name of its object."""
        files, keys, checks = ERP[name]
        raw = self._csv("erp", name, f"{files}_*.csv", "gb18030")
        for row in raw:
            # what the record says before anything is read: part of some ids
            row["raw_key"] = tuple(row[key] for key in keys)
        rows = _once(raw, keys, checks)
        for row in rows:
            for column in RED.get(name, ()):
                if row["发票类型"] == "credit_note" and row[column] is not None:
                    row[column] = -row[column]
        return rows

    @cache  # noqa: B019
    def service(self, name: str) -> list[Row]:
        """A table of the service database; a row's number is its rowid."""
        keys, checks = SERVICE[name]
        path = self.inbox / "service" / "service.sqlite"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            cursor = connection.execute(f"select rowid, * from {name} order by rowid")
            columns = [column for column, *_ in cursor.description][1:]
            found = [(number, dict(zip(columns, map(_shown, cells), strict=True))) for number, *cells in cursor]
        rows = self._standing(path, "service", name, found)
        for row in rows:
            row["source_file"] = f"inbox/service/service.sqlite#{name}"
            del row["source_sha256"]  # see ROW_SET_HASH
        return _once(rows, keys, checks)

    @cached_property
    def clean_room(self) -> list[Row]:
        """Hours of the workshop that plans in a workbook."""
        return _once(
            self._excel("clean_room", "产能.xlsx", "产能", "车间"),
            ["车间", "月份"],
            {"月份": iso_day, "可用工时": money},
        )


def _shown(cell: Any) -> str:
    """A cell as text. SQLite keeps amounts in binary; the shortest decimal that stands for one is what was written."""
    return "" if cell is None else repr(cell) if isinstance(cell, float) else str(cell)
