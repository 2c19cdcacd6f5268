"""The workbooks that people keep beside the systems: costs of marketing, hours, distributors' reports, a workshop."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from orchestration.examples.demo.excel import HEADER_ROW, Sheet, Workbook
from orchestration.examples.demo.fields import Factory, moment_text, money_text
from orchestration.examples.demo.stock import MONTHS

CLEAN_ROOM = "耗材洁净车间"
"""The work centre whose foreman plans in a workbook of his own; the ERP has all others."""
TOTAL = "合计"
COMPANY = "云锐医疗器械有限公司"
SPEND_BOOK, HOURS_BOOK, CAPACITY_BOOK = "市场费用台账.xlsx", "工时.xlsx", "产能.xlsx"
CURRENCIES = {"USD": "美元", "EUR": "欧元"}
YUAN = ("人民币", "CNY", "人民币", "RMB")
BAD_REPORT = "202409"


def office_files(factory: Factory) -> Iterator[tuple[str, Workbook]]:
    """Name below ``office/`` and workbook; what is wrong in them stands in ``planted["office"]`` afterwards."""
    planted: list[dict[str, object]] = []
    yield SPEND_BOOK, _spend(factory, planted)
    yield HOURS_BOOK, _hours(factory, planted)
    yield CAPACITY_BOOK, _capacity(factory)
    yield from _reports(factory, planted)
    factory.planted["office"] = planted


def _plant(
    planted: list[dict[str, object]], file: str, frame: pd.DataFrame, *, place: int, column: str, text: str, rule: str
) -> pd.DataFrame:
    """Insert a copy of a row in which one cell cannot be read."""
    row = frame.iloc[[place]].copy().astype(object)
    row[column] = text
    row.iloc[0, 0] = "待核-1"
    planted.append({"file": f"office/{file}", "row": HEADER_ROW + 1 + place, "rule": rule})
    return pd.concat([frame.iloc[:place].astype(object), row, frame.iloc[place:].astype(object)], ignore_index=True)


def _spend(factory: Factory, planted: list[dict[str, object]]) -> Workbook:
    """The register of marketing costs: currencies as people write them, some amounts typed as text."""
    event = factory["event_cost"]
    count = len(event)
    name = event["campaign"].map(factory["campaign"].set_index("campaign")["name"]).fillna("")
    # every seventeenth amount was typed with its separators, which makes it a text
    typed = np.arange(count) % 17 == 5
    amount = np.where(typed, money_text(event["net"], thousands=True).to_numpy(dtype=object), event["net"])
    yuan = np.array(YUAN, dtype=object)[np.arange(count) % len(YUAN)]
    currency = event["currency"].map(CURRENCIES)
    frame = pd.DataFrame(
        {
            "单据号": event["cost"],
            "活动编号": event["campaign"],
            "活动名称": name,
            "渠道": event["channel"],
            "费用类型": event["kind"],
            "付款日期": event["day"],
            "服务开始": pd.to_datetime(event["service_from"]),
            "服务结束": pd.to_datetime(event["service_to"]),
            "不含税金额": amount,
            "税额": event["tax"],
            "币种": np.where(currency.isna(), yuan, currency),
            "阶段": event["stage"],
            "可抵扣比例": np.where(event["reclaimed"] < 100, (event["reclaimed"] / 100).astype(str), ""),
            "补贴": event["subsidy"].astype(object).where(event["subsidy"] > 0, None),
            "计划展次": np.where(event["shows"] > 0, event["shows"].astype(str), ""),
        }
    ).astype(object)
    domestic = event["currency"] == "CNY"
    totals = [
        {"单据号": TOTAL, "不含税金额": int(event.loc[domestic, "net"].sum()), "税额": int(event["tax"].sum())},
    ]
    frame = _plant(planted, SPEND_BOOK, frame, place=12, column="不含税金额", text="待定", rule="cast:amount")
    frame = pd.concat([frame, frame.iloc[[3]]], ignore_index=True)
    factory.planted["repeated_office"] = {f"office/{SPEND_BOOK}": 1}
    kinds = {
        "付款日期": "day",
        "服务开始": "day",
        "服务结束": "day",
        "不含税金额": "money",
        "税额": "money",
        "补贴": "money",
    }
    subtitle = f"编制单位：{COMPANY}市场部    币种：原币    截至 2025-12-31"
    return Workbook(Sheet("费用", "市场费用台账（2024—2025）", subtitle, frame, kinds, totals))


def _hours(factory: Factory, planted: list[dict[str, object]]) -> Workbook:
    """One sheet per year."""
    hours = factory["work_hours"]
    sheets = []
    for year in ("2024", "2025"):
        rows = hours[(hours["day"].dt.year == int(year)).to_numpy()].reset_index(drop=True)
        frame = pd.DataFrame(
            {
                "编号": rows["entry"],
                "日期": rows["day"],
                "工号": rows["sales"],
                "姓名": rows["name"],
                "部门": rows["team"],
                "活动编号": rows["campaign"],
                "活动名称": rows["campaign_name"],
                "工作内容": rows["activity"],
                "阶段": rows["stage"],
                "工时": rows["half_hours"] * 5,
            }
        ).astype(object)
        if year == "2024":
            frame = _plant(planted, HOURS_BOOK, frame, place=40, column="工时", text="半天", rule="cast:hours")
        total = {"编号": TOTAL, "工时": int(rows["half_hours"].sum() * 5)}
        title, subtitle = f"市场与销售人员工时登记（{year} 年）", f"编制单位：{COMPANY}    单位：小时"
        sheets.append(Sheet(f"{year}年", title, subtitle, frame, {"日期": "day", "工时": "hours"}, [total]))
    return Workbook(*sheets)


def _capacity(factory: Factory) -> Workbook:
    rows = factory["capacity"]
    rows = rows[rows["centre"] == CLEAN_ROOM]
    frame = pd.DataFrame(
        {
            "车间": rows["centre"],
            "月份": rows["month"],
            "在岗人数": rows["people"],
            "工作日": rows["days"],
            "可用工时": rows["tenths"],
        }
    )
    total = {"车间": TOTAL, "可用工时": int(rows["tenths"].sum())}
    kinds = {"月份": "day", "在岗人数": "number", "工作日": "number", "可用工时": "hours"}
    return Workbook(Sheet("产能", f"{CLEAN_ROOM}产能计划", "单位：小时    编制：车间主任", frame, kinds, [total]))


def _reports(factory: Factory, planted: list[dict[str, object]]) -> Iterator[tuple[str, Workbook]]:
    """One workbook per month, as the distributors' forms are put together; none where nobody had anything to say."""
    sold = factory["sell_out"]
    partners = factory["distributor"].set_index("distributor")["name"]
    products = factory["product"].set_index("product")["name"]
    months = sold["month"].to_numpy().astype("datetime64[M]")
    for month in MONTHS:
        rows = sold[months == month]
        if not len(rows):
            continue
        key = str(month).replace("-", "")
        frame = pd.DataFrame(
            {
                "经销商编码": rows["distributor"],
                "经销商名称": rows["distributor"].map(partners),
                "月份": moment_text(rows["month"], "%Y-%m").to_numpy(),
                "产品编码": rows["product"],
                "产品名称": rows["product"].map(products),
                "本月进货": rows["bought"],
                "本月销售": rows["quantity"],
                "销售金额": rows["amount"],
                "期末库存": rows["stock"],
            }
        ).reset_index(drop=True)
        name = f"经销商月报_{key}.xlsx"
        if key == BAD_REPORT:
            frame = _plant(
                planted, name, frame, place=len(frame) // 2, column="本月销售", text="缺货", rule="cast:quantity"
            )
        total = {
            "经销商编码": TOTAL,
            **{column: int(rows[source].sum()) for column, source in _SUMMED.items()},
        }
        subtitle = f"报送单位：{COMPANY}渠道部    数量单位：台/箱    金额单位：元"
        title = f"经销商进销存月报（{str(month)[:4]} 年 {str(month)[5:]} 月）"
        yield name, Workbook(Sheet("月报", title, subtitle, frame, _REPORT_KINDS, [total]))


_SUMMED = {"本月进货": "bought", "本月销售": "quantity", "销售金额": "amount", "期末库存": "stock"}
_REPORT_KINDS = {"本月进货": "number", "本月销售": "number", "销售金额": "money", "期末库存": "number"}
