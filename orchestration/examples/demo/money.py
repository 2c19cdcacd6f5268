"""Invoices of the demo, and credit notes: for goods that came back, and for prices that were wrong."""

from __future__ import annotations

import numpy as np
import pandas as pd

from orchestration.examples.demo.fields import CUTOFF, DAY, Factory, codes, day_of, half_up, spread, stream
from orchestration.examples.demo.production import lot_unit_cost
from orchestration.examples.demo.workdays import workday

CORRECTIONS = 4
"""Price corrections at scale 1: credit notes without goods."""
COSTED = 0.82
"""Share of domestic invoice lines whose cost the ERP has settled; the others fall back on lot or standard cost."""
TERMS = {"医院": (60, 90), "诊所": (15, 30), "经销商": (30, 45), "海外": (30, 60)}


def build_invoices(factory: Factory) -> None:
    """One invoice per shipment of a sale, or one for both shipments of an order; then the credit notes."""
    rng = stream(factory.seed, "invoices")
    orders, shipped = factory["order"], factory["shipment_line"]
    sold = ((orders["sample"] == "否") & (orders["internal"] == "否")).to_numpy()[shipped["owner"]]
    lot_cost = lot_unit_cost(factory)[shipped["lot_index"]] * shipped["quantity"].to_numpy()
    # some customers want one invoice for the whole order
    whole = (rng.random(len(orders)) < 0.2)[shipped["owner"]]
    rows = shipped.assign(lot_cost=lot_cost, bill=np.where(whole, 1, shipped["number"]))[sold]
    lines = rows.groupby(["owner", "bill", "line"], sort=True).agg(
        order=("order", "first"), product=("product", "first"), quantity=("quantity", "sum"),
        lot_cost=("lot_cost", "sum"), left=("shipped", "max"),
    ).reset_index()  # fmt: skip
    group = pd.MultiIndex.from_frame(lines[["owner", "bill"]]).factorize()[0]
    first = np.flatnonzero(np.r_[True, group[1:] != group[:-1]]) if len(group) else np.zeros(0, dtype="int64")
    heads = lines.iloc[first][["owner", "order"]].reset_index(drop=True)
    left = lines.groupby(group)["left"].max().to_numpy()
    heads["invoiced"] = workday(left + rng.integers(0, 9, len(heads)) * DAY)
    kept = (heads["invoiced"] <= CUTOFF).to_numpy()
    order = np.lexsort([np.arange(len(heads)), heads["invoiced"].to_numpy()])
    order = order[kept[order]]
    names = np.full(len(heads), "", dtype=object)
    names[order] = codes("FP", len(order), 5)
    heads["invoice"], heads["kind"], heads["reverses"], heads["due"] = names, "蓝字发票", "", _due(factory, rng, heads)
    lines["invoice"], lines["invoiced"] = names[group], heads["invoiced"].to_numpy()[group]
    lines, heads = lines[kept[group]].reset_index(drop=True), heads.iloc[order].reset_index(drop=True)
    _price(factory, rng, lines)
    credit, corrections = _returned(factory, rng, lines), _corrections(factory, rng, lines)
    notes = pd.concat([credit, corrections], ignore_index=True)
    notes = notes[notes["invoiced"] <= CUTOFF].sort_values(["invoiced", "order", "line"], kind="stable")
    notes = notes.reset_index(drop=True)
    notes["invoice"] = codes("HZ", len(notes), 4)
    factory.planted["price_corrections"] = notes.loc[notes["quantity"] == 0, "invoice"].tolist()
    every = pd.concat([lines, notes], ignore_index=True)
    every["number"] = spread(len(every), pd.factorize(every["invoice"])[0]) + 1
    every["tax"] = half_up(every["net"] * every["tax_percent"], 100)
    note_heads = notes[["owner", "order", "invoice", "invoiced", "reverses"]].assign(kind="红字发票")
    note_heads["due"] = note_heads["invoiced"]
    invoices = pd.concat([heads, note_heads], ignore_index=True)
    code = pd.Index(invoices["invoice"]).get_indexer(every["invoice"])
    for column in ("net", "tax"):
        total = np.zeros(len(invoices), dtype="int64")
        np.add.at(total, code, every[column].to_numpy())
        invoices[column] = total
    for column in ("customer", "currency"):
        invoices[column] = orders[column].to_numpy(dtype=object)[invoices["owner"]]
    factory["invoice"] = invoices.sort_values(["invoiced", "invoice"], kind="stable")
    factory["invoice_line"] = every.drop(columns=["owner", "bill", "lot_cost", "left"]).sort_values(
        ["invoice", "number"], kind="stable"
    )


def _due(factory: Factory, rng: np.random.Generator, heads: pd.DataFrame) -> np.ndarray:
    """By the terms of the kind of customer."""
    customers = factory["customer"].set_index("customer")
    orders = factory["order"]
    owner = heads["owner"].to_numpy()
    kind = customers["kind"].reindex(orders["customer"]).to_numpy(dtype=object)[owner]
    kind = np.where(orders["currency"].to_numpy()[owner] != "CNY", "海外", kind)
    days = np.full(len(heads), 60)
    short = rng.random(len(heads)) < 0.45
    for name, (low, high) in TERMS.items():
        days = np.where(kind == name, np.where(short, low, high), days)
    return np.asarray(day_of(heads["invoiced"]) + days * DAY)


def _price(factory: Factory, rng: np.random.Generator, lines: pd.DataFrame) -> None:
    """Net from the order line's price, and the cost of the lots where the ERP has settled it (-1: it has not)."""
    price = factory["order_line"].set_index(["order", "line"])
    at = price.reindex(pd.MultiIndex.from_frame(lines[["order", "line"]]))
    lines["unit_price"], lines["tax_percent"] = at["unit_price"].to_numpy(), at["tax_percent"].to_numpy()
    lines["net"] = lines["quantity"] * lines["unit_price"]
    domestic = (lines["tax_percent"] > 0).to_numpy()
    settled = domestic & (rng.random(len(lines)) < COSTED)
    lines["cost"] = np.where(settled, lines["lot_cost"], -1)


def _returned(factory: Factory, rng: np.random.Generator, lines: pd.DataFrame) -> pd.DataFrame:
    """The credit note for a return, one to ten days after it, reverses the last invoice of its order line."""
    back = factory["sales_return"]
    last = lines.drop_duplicates(["order", "line"], keep="last")
    notes = back.rename(columns={"quantity": "returned_quantity", "unit_price": "returned_price"}).merge(
        last, on=["order", "line"]
    )
    notes["quantity"] = np.minimum(notes["returned_quantity"], notes["quantity"])
    unit = (
        notes["lot_cost"]
        // lines.set_index(["invoice", "line"])["quantity"]
        .reindex(pd.MultiIndex.from_frame(notes[["invoice", "line"]]))
        .to_numpy()
    )
    notes["cost"] = np.where(notes["cost"] < 0, -1, unit * notes["quantity"])
    notes["net"] = notes["quantity"] * notes["unit_price"]
    credited = np.maximum(day_of(notes["returned"]), notes["invoiced"].to_numpy())
    notes["reverses"] = notes["invoice"]
    notes["invoiced"] = workday(credited + rng.integers(1, 11, len(notes)) * DAY)
    return notes[[*lines.columns, "reverses"]]


def _corrections(factory: Factory, rng: np.random.Generator, lines: pd.DataFrame) -> pd.DataFrame:
    """A line was billed at too high a price: the difference is credited, nothing comes back."""
    usual = np.flatnonzero(
        (lines["invoiced"] < CUTOFF - 60 * DAY) & (lines["net"] > 1_000_000) & ~_is_credited(factory, lines)
    )
    notes = lines.iloc[np.sort(rng.choice(usual, CORRECTIONS * factory.scale, replace=False))].copy()
    notes["reverses"] = notes["invoice"]
    notes["invoiced"] = workday(notes["invoiced"].to_numpy() + rng.integers(5, 30, len(notes)) * DAY)
    notes["net"] = notes["net"] * rng.integers(2, 7, len(notes)) // 100
    return notes.assign(quantity=0, cost=-1)


def _is_credited(factory: Factory, lines: pd.DataFrame) -> np.ndarray:
    back = pd.MultiIndex.from_frame(factory["sales_return"][["order", "line"]])
    return np.asarray(pd.MultiIndex.from_frame(lines[["order", "line"]]).isin(back))
