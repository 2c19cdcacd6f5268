"""Faults for trials, planted the way they come in life: as a new or changed export in the inbox."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pandas as pd

from orchestration.examples.demo.fields import EXPORT_DAY
from orchestration.examples.demo.writers import write_csv

ENCODING = "gb18030"
AFTER = "20260101"
"""The day of the export that brings the fault."""


def plant_currency_fault(
    workspace_root: Path, kind: Literal["missing_rates", "unknown_currency"] = "missing_rates"
) -> Path:
    """Spoil the currencies; returns the file that was changed or added.

    ``missing_rates``: a month's rates come again without the US dollar, though dollar invoices exist in it.
    ``unknown_currency``: a new export brings an invoice in a currency that no rate table knows.
    """
    inbox = workspace_root / "inbox" / "erp"
    if kind == "unknown_currency":
        invoices = _read(inbox, "发票")
        lines = _read(inbox, "发票行")
        chosen = invoices[invoices["发票类型"] == "蓝字发票"].iloc[[10]].copy()
        its_lines = lines[lines["发票号"] == chosen["发票号"].iloc[0]].drop_duplicates().copy()
        chosen["发票号"] = its_lines["发票号"] = "FP-XXX-1"
        chosen["币种"] = "XXX"
        write_csv(inbox / f"发票行_{AFTER}.csv", its_lines, ENCODING)
        return _write(inbox / f"发票_{AFTER}.csv", chosen)
    month = _busiest_dollar_month(_read(inbox, "发票"))
    path = inbox / f"汇率_{month}.csv"
    rates = pd.read_csv(path, dtype=str, keep_default_na=False, encoding=ENCODING)
    return _write(path, rates[rates["原币"] != "USD"])


def plant_time_fault(
    workspace_root: Path, kind: Literal["future_order", "shipped_before_order"] = "future_order"
) -> Path:
    """Spoil the calendar with a new export; returns the file that was added.

    ``future_order``: an order dated in the year 2099. ``shipped_before_order``: a shipment a year before its order.
    """
    inbox = workspace_root / "inbox" / "erp"
    if kind == "future_order":
        orders, lines = _read(inbox, "订单"), _read(inbox, "订单行")
        usual = (orders["状态"] == "已确认") & (orders["单据类型"] == "销售订单") & (orders["币种"] == "人民币")
        chosen = orders[usual].iloc[[0]].copy()
        its_lines = lines[lines["单号"] == chosen["单号"].iloc[0]].copy()
        chosen["单号"] = its_lines["单号"] = "SO99999"
        chosen["商机号"] = chosen["报价单号"] = ""
        chosen["下单时间"], chosen["确认时间"] = "2099/01/05 10:00", "2099/01/05 16:00"
        write_csv(inbox / f"订单行_{AFTER}.csv", its_lines, ENCODING)
        return _write(inbox / f"订单_{AFTER}.csv", chosen)
    shipments = _read(inbox, "发货")
    chosen = shipments.iloc[[len(shipments) // 2]].copy()
    for column in ("发货时间", "签收时间"):
        chosen[column] = chosen[column].str.replace(r"^(\d{4})", lambda year: str(int(year[1]) - 1), regex=True)
    return _write(inbox / f"发货_{AFTER}.csv", chosen)


def _read(inbox: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(inbox / f"{name}_{EXPORT_DAY}.csv", dtype=str, keep_default_na=False, encoding=ENCODING)


def _write(path: Path, frame: pd.DataFrame) -> Path:
    write_csv(path, frame, ENCODING)
    return path


def _busiest_dollar_month(invoices: pd.DataFrame) -> str:
    """The month in which dollar invoices fall late enough that no rate of the month before is near."""
    dollars = invoices[(invoices["币种"] == "USD") & (invoices["发票类型"] == "蓝字发票")]["开票日期"]
    late = dollars[dollars.str[-2:].astype(int) >= 15]
    return str(late.str.replace("/", "").str[:6].mode().iloc[0])
