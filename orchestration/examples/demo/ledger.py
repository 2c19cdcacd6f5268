"""What the demo's books say per month: sums of its documents, but for two small differences that are known."""

from __future__ import annotations

import numpy as np
import pandas as pd

from orchestration.examples.demo.fields import Factory, day_of, half_up
from orchestration.examples.demo.rates import in_cny
from orchestration.examples.demo.stock import MONTHS, month_number

ACCOUNTS = {
    "marketing_expense": ("660107", "销售费用-市场推广费"),
    "revenue": ("6001", "主营业务收入"),
    "cost_of_sales": ("6401", "主营业务成本"),
    "receivable": ("1122", "应收账款"),
    "inventory": ("1405", "库存商品及在产品"),
    "cash": ("1002", "银行存款"),
}
OPENING_CASH = 1_850_000_000
"""What was in the bank when the demo begins, in fen."""
DIFFERENCES = (
    # account, month, fen: an accrual made by hand, and an invoice posted to the wrong account
    ("marketing_expense", "2024-11", 38_000),
    ("revenue", "2025-06", -120_000),
)


def build_ledger(factory: Factory) -> None:
    """Turnover of revenue, expense and cost; closing balance of receivables, stock and cash."""
    invoices, payment = _valued(factory), factory["payment"]
    cash = in_cny(factory, payment["amount"], payment["currency"], payment["paid"])
    tables = {
        "marketing_expense": _marketing(factory),
        "revenue": _revenue(factory, invoices),
        "cost_of_sales": _cost(factory),
        "receivable": _receivable(factory, invoices),
        "inventory": _stock_value(factory),
        "cash": OPENING_CASH + (by_month(payment["paid"], cash) - _spent(factory)).cumsum(),
    }
    for account, month, amount in DIFFERENCES:
        tables[account][np.flatnonzero(np.datetime64(month) == MONTHS)] += amount
    factory.planted["ledger_differences"] = [
        {"account": account, "month": f"{month}-01", "amount": amount / 100} for account, month, amount in DIFFERENCES
    ]
    parts = [
        pd.DataFrame(
            {
                "account": account,
                "code": code,
                "name": name,
                "month": MONTHS.astype("datetime64[D]").astype("datetime64[s]"),
                "amount": tables[account],
            }
        )
        for account, (code, name) in ACCOUNTS.items()
    ]
    factory["ledger"] = pd.concat(parts, ignore_index=True).sort_values(["month", "code"], kind="stable")


def by_month(days: np.ndarray | pd.Series, amount: np.ndarray) -> np.ndarray:
    """Sums per month of the demo, exact; what is outside is left out."""
    month, sums = month_number(days), np.zeros(len(MONTHS), dtype="int64")
    inside = (month >= 0) & (month < len(MONTHS))
    np.add.at(sums, month[inside], np.asarray(amount, dtype="int64")[inside])
    return sums


def _marketing(factory: Factory) -> np.ndarray:
    """Media and bills in the month of their own date, at its rate; what a fund paid of them is not ours."""
    sums = np.zeros(len(MONTHS), dtype="int64")
    media, bills = factory["media"], factory["event_cost"]
    lost = half_up(bills["tax"] * (100 - bills["reclaimed"]), 100)  # VAT that nobody gives back is expense
    for rows, cost in ((media, media["net"]), (bills, bills["net"] + lost - bills["subsidy"])):
        sums += by_month(rows["day"], in_cny(factory, cost, rows["currency"], rows["day"]))
    return sums


def _valued(factory: Factory) -> pd.DataFrame:
    """Invoices with their signed amounts; a credit note is valued at the rate of the invoice it reverses."""
    invoices = factory["invoice"].reset_index(drop=True)
    original = pd.Index(invoices["invoice"]).get_indexer(invoices["reverses"])
    days = day_of(invoices["invoiced"])
    sign = np.where(invoices["kind"] == "红字发票", -1, 1)
    return pd.DataFrame(
        {
            "invoice": invoices["invoice"],
            "currency": invoices["currency"],
            "day": days,
            "valued": np.where(original >= 0, days[np.maximum(original, 0)], days),
            "net": sign * invoices["net"],
            "gross": sign * (invoices["net"] + invoices["tax"]),
        }
    )


def _revenue(factory: Factory, invoices: pd.DataFrame) -> np.ndarray:
    return by_month(invoices["day"], in_cny(factory, invoices["net"], invoices["currency"], invoices["valued"]))


def _receivable(factory: Factory, invoices: pd.DataFrame) -> np.ndarray:
    """What is open of each invoice at its own rate, at the end of each month; money that came before the invoice
    counts from the invoice's day."""
    allocation = factory["allocation"]
    place = pd.Index(invoices["invoice"]).get_indexer(allocation["invoice"])
    days = invoices["day"].to_numpy()
    event = pd.DataFrame(
        {
            "place": np.concatenate([np.arange(len(invoices)), place]),
            "day": np.concatenate([days, np.maximum(day_of(allocation["paid"]), days[place])]),
            "amount": np.concatenate([invoices["gross"].to_numpy(), -allocation["amount"].to_numpy()]),
        }
    )
    event = event.groupby(["place", "day"], sort=True)["amount"].sum().reset_index()
    left = event.groupby("place")["amount"].cumsum().to_numpy()
    rows, amount = event["place"].to_numpy(), event["amount"].to_numpy()
    currency, valued = invoices["currency"].to_numpy(dtype=object)[rows], invoices["valued"].to_numpy()[rows]
    # rounded on what is open, so that a settled invoice leaves nothing
    moved = in_cny(factory, left, currency, valued) - in_cny(factory, left - amount, currency, valued)
    return by_month(event["day"], moved).cumsum()


def _cost(factory: Factory) -> np.ndarray:
    """Cost of the goods invoiced, of their lots, whether or not it stands on the invoice line yet."""
    lines, product = factory["invoice_line"], factory["product"].set_index("product")
    standard = product["standard_cost"].reindex(lines["product"]).to_numpy() * lines["quantity"].to_numpy()
    sign = np.where(lines["reverses"].fillna("") != "", -1, 1)
    return by_month(lines["invoiced"], sign * np.where(lines["cost"] >= 0, lines["cost"], standard))


def _stock_value(factory: Factory) -> np.ndarray:
    return by_month(factory["stock"]["day"], factory["stock"]["value"].to_numpy())


def _spent(factory: Factory) -> np.ndarray:
    """Cash that left for production, marketing, freight and order costs; enough for a balance that looks like one."""
    made, cost, shipment = factory["production"], factory["order_cost"], factory["shipment"]
    total = (made["material"] + made["labour"] + made["overhead"]).to_numpy()
    out = by_month(made["started"], total) + by_month(cost["day"], cost["amount"].to_numpy())
    out += by_month(shipment["shipped"], np.where(shipment["by_sea"], 0, shipment["freight"]))
    return np.asarray(out + _marketing(factory) + out * 35 // 100)
