"""Reads the demo's raw files: what each row says, once, without those that cannot be read."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path

import openpyxl
import pandas as pd
import pyarrow.parquet as pq

from tests.oracles.exact import money, rounded

STATUS = {"新建", "跟进中", "已确认", "已转化", "已流失", "无效", "测试"}
COST_KINDS = {"销售提成", "经销返利", "坏账", "海运费", "招标服务费"}
YUAN = {"人民币": "CNY", "RMB": "CNY"}


def moment(pattern: str) -> Callable[[str], datetime]:
    """A parser of local moments."""
    return lambda text: datetime.strptime(text, pattern)


def day(pattern: str) -> Callable[[str], date]:
    """A parser of days."""
    return lambda text: datetime.strptime(text, pattern).date()


def readable(frame: pd.DataFrame, checks: Mapping[str, Callable[[str], object]]) -> pd.DataFrame:
    """Rows once each, whose named columns pass their parser; empty text passes as None."""
    kept = frame.drop_duplicates().reset_index(drop=True)
    good = pd.Series(True, index=kept.index)
    for column, parse in checks.items():
        values: list[object] = []
        for position, text in enumerate(kept[column]):
            try:
                values.append(parse(text) if text != "" else None)
            except (ValueError, InvalidOperation):
                values.append(None)
                good.iloc[position] = False
        kept[column] = pd.Series(values, dtype=object)
    return kept[good].reset_index(drop=True)


def one_of(allowed: set[str]) -> Callable[[str], str]:
    """A parser that knows only these."""

    def check(text: str) -> str:
        if text not in allowed:
            raise ValueError(text)
        return text

    return check


@dataclass
class DemoFiles:
    """Every raw table that the metrics need."""

    inbox: Path

    def crm(self, name: str) -> pd.DataFrame:
        return pd.read_csv(self.inbox / "crm" / f"{name}.csv", dtype=str, keep_default_na=False, encoding="utf-8-sig")

    def erp(self, name: str) -> pd.DataFrame:
        files = sorted((self.inbox / "erp").glob(f"{name}_*.csv"))
        frames = [pd.read_csv(file, dtype=str, keep_default_na=False, encoding="gb18030") for file in files]
        return pd.concat(frames, ignore_index=True)

    def service(self, table: str, columns: str) -> pd.DataFrame:
        with closing(sqlite3.connect(self.inbox / "service" / "service.sqlite")) as connection:
            texts = ", ".join(f"coalesce(cast({name} as text), '') as {name}" for name in columns.split())
            return pd.read_sql_query(f"select {texts} from {table}", connection, dtype=str)

    def leads(self) -> pd.DataFrame:
        second = moment("%Y-%m-%d %H:%M:%S")
        return readable(self.crm("leads"), {"created_at": second, "status": one_of(STATUS)})

    def opportunities(self) -> pd.DataFrame:
        second = moment("%Y-%m-%d %H:%M:%S")
        return readable(self.crm("opportunities"), {"created_at": second, "closed_at": second, "amount": money})

    def spend(self) -> pd.DataFrame:
        """Media and event costs as one table: campaign, channel, kind, day, service_from, net, currency, shows."""
        files = sorted((self.inbox / "ads").glob("media_*.parquet"))
        media = pd.concat([pq.read_table(file).to_pandas() for file in files], ignore_index=True)
        media["utm_source"] = media["utm_source"].str.strip().str.lower()
        media = media.drop_duplicates()
        medium = media["utm_medium"].str.strip().str.lower()
        channel = media["utm_source"].map(
            {"baidu": "paid_search", "google": "paid_search", "wechat": "social_ads", "douyin": "social_ads"}
        )
        online = pd.DataFrame(
            {
                "campaign": media["utm_campaign"],
                "channel": channel.mask(medium == "email", "email"),
                "kind": "media",
                "day": media["date"],
                "service_from": media["date"],
                "net": media["cost_net"],
                "currency": media["currency"],
                "shows": 1,
            }
        )
        event = readable(
            self.register(),
            {"付款日期": day("%Y-%m-%d"), "服务开始": day("%Y-%m-%d"), "不含税金额": money, "税额": money},
        )
        # what is not given back of the VAT is cost, what others paid is not
        lost = 1 - event["可抵扣比例"].replace("", "1").map(Decimal)
        event["net"] = event["不含税金额"] + (event["税额"] * lost).map(rounded)
        event["net"] -= event["补贴"].replace("", "0").map(money)
        event["shows"] = event["计划展次"].replace("", "1").map(int)
        event["币种"] = event["币种"].replace({**YUAN, "美元": "USD", "欧元": "EUR"})
        named = {
            "活动编号": "campaign",
            "渠道": "channel",
            "费用类型": "kind",
            "付款日期": "day",
            "服务开始": "service_from",
            "币种": "currency",
        }
        offline = event.rename(columns=named)[online.columns]
        return pd.concat([online, offline], ignore_index=True)

    def register(self) -> pd.DataFrame:
        """The workbook of marketing costs, as text: below a title and a blank row, without its total."""
        sheet = openpyxl.load_workbook(self.inbox / "office" / "市场费用台账.xlsx", data_only=True)["费用"]
        rows = [[_shown(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
        head = next(number for number, row in enumerate(rows) if "单据号" in row)
        table = pd.DataFrame(rows[head + 1 :], columns=rows[head], dtype=object)
        return table[~table["单据号"].isin(["合计", ""])].reset_index(drop=True)

    def rates(self) -> dict[str, list[tuple[date, Decimal]]]:
        rows = readable(self.erp("汇率"), {"日期": day("%Y/%m/%d"), "汇率": Decimal})
        return {
            str(currency): sorted(zip(group["日期"], group["汇率"], strict=True))
            for currency, group in rows.groupby("原币")
        }

    def orders(self) -> pd.DataFrame:
        minute = moment("%Y/%m/%d %H:%M")
        rows = readable(self.erp("订单"), {"下单时间": minute, "确认时间": minute})
        rows["币种"] = rows["币种"].replace(YUAN)
        return rows[rows["单据类型"] != "调拨单"].reset_index(drop=True)

    def order_lines(self) -> pd.DataFrame:
        slash = day("%Y/%m/%d")
        return readable(self.erp("订单行"), {"承诺交期": slash, "数量": Decimal, "不含税金额": money})

    def shipped(self) -> pd.DataFrame:
        """Shipment lines with the moment of their shipment."""
        heads = readable(self.erp("发货"), {"发货时间": moment("%Y/%m/%d %H:%M"), "运费": money})
        lines = readable(self.erp("发货行"), {"数量": Decimal})
        return lines.merge(heads[["发货单号", "发货时间", "运费"]], on="发货单号")

    def invoices(self) -> pd.DataFrame:
        rows = readable(self.erp("发票"), {"开票日期": day("%Y/%m/%d"), "不含税金额": money, "税额": money})
        rows["币种"] = rows["币种"].replace(YUAN)
        return _signed(rows, ["不含税金额", "税额"])

    def invoice_lines(self) -> pd.DataFrame:
        rows = readable(self.erp("发票行"), {"数量": Decimal, "不含税金额": money, "税额": money, "成本": money})
        return _signed(rows, ["数量", "不含税金额", "税额", "成本"])

    def payments(self) -> pd.DataFrame:
        rows = readable(self.erp("收款"), {"收款日期": day("%Y/%m/%d"), "金额": money})
        rows["币种"] = rows["币种"].replace(YUAN)
        return rows

    def allocations(self) -> pd.DataFrame:
        return readable(self.erp("核销"), {"核销金额": money})

    def order_costs(self) -> pd.DataFrame:
        return readable(
            self.erp("订单费用"), {"发生日期": day("%Y/%m/%d"), "金额": money, "费用类型": one_of(COST_KINDS)}
        )

    def tickets(self) -> pd.DataFrame:
        names = "ticket_id order_no product serial_no opened_at parts_cost labour_cost travel_cost recovered"
        amounts = dict.fromkeys(("parts_cost", "labour_cost", "travel_cost", "recovered"), Decimal)
        return readable(self.service("service_tickets", names), {"opened_at": moment("%Y-%m-%d %H:%M:%S"), **amounts})

    def lots(self) -> pd.DataFrame:
        names = "product lot_no qty_finished material_cost labour_cost overhead_cost"
        amounts = dict.fromkeys(names.split()[2:], Decimal)
        return readable(self.service("production_orders", names), amounts)

    def products(self) -> pd.DataFrame:
        return readable(self.erp("产品"), {"标准成本": money, "目录价": money})


def _shown(cell: object) -> str:
    """A cell as text. An amount is a binary number in a workbook; its shortest decimal is what was typed."""
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    return format(Decimal(repr(cell)).normalize(), "f") if isinstance(cell, int | float) else str(cell).strip()


def _signed(rows: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Red documents are printed without a sign."""
    red = rows["发票类型"] == "红字发票"
    for column in columns:
        rows[column] = [
            None if value is None else -value if minus else value
            for value, minus in zip(rows[column], red, strict=True)
        ]
    return rows
