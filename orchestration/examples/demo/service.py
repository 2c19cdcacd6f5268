"""After-sales of the demo: goods that come back, installations, complaints, repairs and adverse events."""

from __future__ import annotations

import numpy as np
import pandas as pd

from orchestration.examples.demo.fields import CUTOFF, DAY, Factory, codes, pick, seconds, stream
from orchestration.examples.demo.workdays import office_hours, workday

RETURNED = 0.045
"""Chance that an order line sees goods come back."""
REASONS = ("质量问题", "发错货", "运输破损", "客户取消", "临近效期")
FAILURES_PER_YEAR = 0.045
"""How many of the devices in the field need a repair in a year."""
INSTALLED_FROM = 2_000_000
"""List price, in fen, from which an engineer comes to install a device."""


def build_returns(factory: Factory) -> None:
    """Returns one to eight weeks after the goods left; a few of the latest are not credited yet."""
    rng = stream(factory.seed, "returns")
    shipped = factory["shipment_line"]
    lines = shipped.groupby(["owner", "line"], sort=True).agg(
        order=("order", "first"), product=("product", "first"), quantity=("quantity", "sum"), left=("shipped", "max"),
        serial=("serial", "first"),
    )  # fmt: skip
    lines = lines.reset_index()
    orders = factory["order"]
    sold = ((orders["sample"] == "否") & (orders["internal"] == "否")).to_numpy()[lines["owner"]]
    lines = lines[sold & (rng.random(len(lines)) < RETURNED)].reset_index(drop=True)
    back = office_hours(rng, workday(lines["left"].to_numpy() + rng.integers(8, 60, len(lines)) * DAY))
    all_of_it = rng.random(len(lines)) < 0.2
    some = np.ceil(lines["quantity"] * (0.05 + 0.4 * rng.random(len(lines)))).astype("int64").clip(1)
    few = np.minimum(lines["quantity"], 1 + (rng.random(len(lines)) < 0.2))
    part = np.where(lines["serial"] != "", few, some)
    lines["quantity"] = np.where(all_of_it & (lines["quantity"] < 30), lines["quantity"], part)
    lines["returned"], lines["reason"] = back, pick(rng, REASONS, len(lines), (0.38, 0.17, 0.2, 0.17, 0.08))
    lines = lines[lines["returned"] <= CUTOFF].sort_values(["returned", "order", "line"], kind="stable")
    price = factory["order_line"].set_index(["order", "line"])["unit_price"]
    keys = pd.MultiIndex.from_frame(lines[["order", "line"]])
    lines["unit_price"] = price.reindex(keys).to_numpy()
    lines.insert(0, "return", codes("TH", len(lines), 4))
    factory["sales_return"] = lines[["return", "order", "line", "quantity", "unit_price", "returned", "reason"]]


def build_tickets(factory: Factory) -> None:
    """Tickets on what was delivered, most of them on one unit or lot."""
    rng = stream(factory.seed, "tickets")
    orders = factory["order"]
    shipped = factory["shipment_line"].reset_index(drop=True)
    shipped["customer"] = orders["customer"].to_numpy(dtype=object)[shipped["owner"]]
    product = factory["product"]
    index = shipped["product_index"].to_numpy()
    price = product["list_price"].to_numpy()[index]
    device = (shipped["serial"] != "").to_numpy()
    field_days = (CUTOFF - shipped["shipped"].to_numpy()) / DAY
    # one installation for all units of a product in a shipment
    first = ~shipped.duplicated(["shipment", "line"]).to_numpy()
    install = first & (price >= INSTALLED_FROM) & (rng.random(len(shipped)) < 0.85)
    failed = device & (rng.random(len(shipped)) < 1 - np.exp(-FAILURES_PER_YEAR * field_days / 365))
    complained = rng.random(len(shipped)) < np.where(device, 0.009, 0.035)
    adverse = rng.random(len(shipped)) < 0.0006
    bad = (shipped["lot"] == factory.planted["bad_lot"]).to_numpy()
    complained |= bad & (rng.random(len(shipped)) < 0.5)
    adverse[np.flatnonzero(bad)[:2]] = True
    wait = seconds(field_days * rng.random(len(shipped)))
    soon = seconds(2 + rng.random(len(shipped)) * 75)
    parts = [
        _tickets(shipped, install, "安装", shipped["shipped"].to_numpy() + seconds(3 + rng.random(len(shipped)) * 9)),
        _tickets(shipped, failed, "维修", shipped["shipped"].to_numpy() + np.maximum(wait, soon // 8)),
        _tickets(shipped, complained, "投诉", shipped["shipped"].to_numpy() + soon),
        _tickets(shipped, adverse, "不良事件", shipped["shipped"].to_numpy() + soon),
    ]
    tickets = pd.concat(parts, ignore_index=True)
    tickets["opened"] = office_hours(rng, workday(tickets["opened"].to_numpy()))
    tickets = tickets[tickets["opened"] <= CUTOFF]
    tickets = tickets.sort_values(["opened", "shipment_line", "kind"], kind="stable").reset_index(drop=True)
    tickets.insert(0, "ticket", codes("FW", len(tickets), 5))
    closed = tickets["opened"].to_numpy() + seconds(0.3 + rng.gamma(1.6, 4.5, len(tickets)))
    tickets["closed"] = pd.Series(closed.astype("datetime64[s]")).where(closed <= CUTOFF)
    _ticket_costs(rng, product, tickets)
    # who calls does not always have the order at hand
    tickets["order"] = np.where(rng.random(len(tickets)) < 0.05, "", tickets["order"])
    factory["ticket"] = tickets


def _tickets(shipped: pd.DataFrame, chosen: np.ndarray, kind: str, opened: np.ndarray) -> pd.DataFrame:
    columns = ["customer", "order", "product", "product_index", "lot", "serial", "shipped", "shipment_line"]
    rows = shipped.loc[chosen, columns]
    if kind == "安装":
        rows = rows.assign(serial="")
    return rows.assign(kind=kind, opened=opened[chosen].astype("datetime64[s]"))


def _ticket_costs(rng: np.random.Generator, product: pd.DataFrame, tickets: pd.DataFrame) -> None:
    """Parts of a repair go with the price of the device; travel is paid where somebody has to go."""
    count, kind = len(tickets), tickets["kind"]
    standard = product["standard_cost"].to_numpy()[tickets["product_index"]]
    months = np.where((product["device_class"] == "III").to_numpy()[tickets["product_index"]], 24, 12)
    age = (tickets["opened"] - tickets["shipped"]).to_numpy() / DAY
    warranty = age <= months * 30.4
    repair = (kind == "维修").to_numpy()
    visit = kind.isin(["安装", "维修", "不良事件"]).to_numpy() & (standard > 300_000)
    tickets["parts"] = np.where(repair, standard * rng.integers(4, 22, count) // 100, 0)
    tickets["labour"] = rng.integers(4_000, 26_000, count) * np.where(visit, 2, 1)
    tickets["travel"] = np.where(visit & (rng.random(count) < 0.6), rng.integers(12_000, 140_000, count), 0)
    cost = tickets["parts"] + tickets["labour"] + tickets["travel"]
    tickets["recovered"] = np.where(repair & ~warranty, cost * rng.integers(90, 140, count) // 100, 0)
    tickets["warranty"] = (warranty & (kind != "安装").to_numpy()).astype("int64")
