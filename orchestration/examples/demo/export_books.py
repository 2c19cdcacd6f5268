"""The ERP's tables that are no documents: stock, capacity, the accounts' balances and the exchange rates."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from orchestration.examples.demo.export_office import CLEAN_ROOM
from orchestration.examples.demo.fields import Factory, moment_text, money_text
from orchestration.examples.demo.ledger import ACCOUNTS

DAY_TEXT = "%Y/%m/%d"


def book_tables(factory: Factory) -> Iterator[tuple[str, pd.DataFrame]]:
    """Stock at the month's end, capacity of the work centres that the ERP plans, and the accounts."""
    stock, capacity, ledger = factory["stock"], factory["capacity"], factory["ledger"]
    yield (
        "库存",
        pd.DataFrame(
            {
                "盘点日": moment_text(stock["day"], DAY_TEXT),
                "仓库": stock["warehouse"],
                "产品编码": stock["product"],
                "库存类型": stock["kind"],
                "数量": stock["quantity"].astype(str),
                "金额": _amount(stock["value"]),
            }
        ),
    )
    lines = capacity[capacity["centre"] != CLEAN_ROOM].reset_index(drop=True)
    yield (
        "产能",
        pd.DataFrame(
            {
                "工作中心": lines["centre"],
                "月份": moment_text(lines["month"], "%Y-%m"),
                "人数": lines["people"].astype(str),
                "可用工时": money_text(lines["tenths"], thousands=True, places=1),
            }
        ),
    )
    closing = ledger["account"].isin([name for name, (code, _) in ACCOUNTS.items() if code.startswith("1")])
    amount = ledger["amount"].to_numpy()
    before = ledger.groupby("account")["amount"].shift(fill_value=0).to_numpy()
    opening = np.where(closing, before, 0)
    moved = amount - opening
    # revenue is on the credit side, everything else that is growing on the debit side
    debit = np.where(ledger["account"] == "revenue", 0, np.where(moved >= 0, moved, 0))
    credit = np.where(ledger["account"] == "revenue", amount, np.where(moved < 0, -moved, 0))
    yield (
        "科目余额",
        pd.DataFrame(
            {
                "会计期间": moment_text(ledger["month"], "%Y-%m"),
                "科目编码": ledger["code"],
                "科目名称": ledger["name"],
                "期初余额": _amount(opening),
                "本期借方": _amount(debit),
                "本期贷方": _amount(credit),
                "期末余额": _amount(np.where(closing, amount, 0)),
            }
        ),
    )


def rates_by_month(factory: Factory) -> Iterator[tuple[str, pd.DataFrame]]:
    """One file per month with the rates of its working days."""
    rate = factory["rate"]
    text = pd.DataFrame(
        {
            "原币": rate["currency"],
            "本位币": "CNY",
            "日期": moment_text(rate["day"], DAY_TEXT),
            "汇率": money_text(rate["micro"], places=6),
            "类型": "中间价",
            "来源": "中国外汇交易中心",
        }
    )
    month = moment_text(rate["day"], "%Y%m").to_numpy()
    for key in np.unique(month.astype(str)):
        yield f"汇率_{key}.csv", text[month == key].reset_index(drop=True)


def _amount(fen: np.ndarray | pd.Series) -> pd.Series:
    return money_text(fen, thousands=True)
