"""Distributors of the demo: what they bought, what they say they sold on, and what is left with them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from orchestration.examples.demo.fields import CUTOFF, Factory
from orchestration.examples.demo.stock import MONTHS, month_number

LAG = (0.30, 0.42, 0.20)
"""Share of what was bought by the end of the last month, the one before and the one before that, that is sold on by
now; the rest stays with the distributor."""
REPORTING = 64
"""How many distributors report at all, at any scale: their reports are spreadsheets."""
MARK_UP = 118
"""What hospitals pay a distributor, in percent of what it paid."""


def build_sell_out(factory: Factory) -> None:
    """One row per distributor, product and month in which anything moved or lay in stock."""
    orders, customers, shipped = factory["order"], factory["customer"], factory["shipment_line"]
    agents = customers[(customers["kind"] == "经销商") & (customers["agent"] != "")]
    code = pd.Series(agents["agent"].to_numpy(), agents["customer"])
    buyer = orders["customer"].map(code).to_numpy(dtype=object)[shipped["owner"]]
    sold = (orders["internal"] == "否").to_numpy()[shipped["owner"]]
    known = factory["distributor"]["distributor"].tolist()[:REPORTING]
    place = pd.Index(known).get_indexer(pd.Index(buyer))
    rows = shipped[(place >= 0) & sold]
    place, products, months = place[(place >= 0) & sold], len(factory["product"]), len(MONTHS)
    cell = (place * products + rows["product_index"].to_numpy()) * months + month_number(rows["shipped"])
    bought = np.bincount(cell, rows["quantity"], len(known) * products * months)
    bought = np.rint(bought).astype("int64").reshape(-1, months)
    supply = bought.cumsum(axis=1)
    gone = np.zeros(bought.shape)
    for lag, share in enumerate(LAG, start=1):
        gone[:, lag:] += share * supply[:, : months - lag]
    gone = np.floor(gone + 1e-9).astype("int64")
    gone = np.maximum.accumulate(gone, axis=1)
    out = np.diff(gone, axis=1, prepend=0)
    stock = supply - gone
    assert (stock >= 0).all(), "more was sold on than bought"
    # reports come while the contract runs, and the month of the export is not reported yet
    ends = factory["distributor"]["contract_to"].to_numpy()[: len(known)].astype("datetime64[s]")
    until = np.minimum(np.where(np.isnat(ends), months, month_number(ends)), month_number(np.array([CUTOFF]))[0] - 1)
    reported = np.arange(months)[None, :] <= np.repeat(until, products)[:, None]
    row, month = np.nonzero(((out > 0) | (bought > 0) | (stock > 0)) & reported)
    product = factory["product"]
    price = product["list_price"].to_numpy() * 75 // 100 * MARK_UP // 100
    index = row % products
    factory["sell_out"] = pd.DataFrame(
        {
            "month": MONTHS[month].astype("datetime64[D]").astype("datetime64[s]"),
            "distributor": np.array(known, dtype=object)[row // products],
            "product": product["product"].to_numpy(dtype=object)[index],
            "bought": bought[row, month],
            "quantity": out[row, month],
            "amount": out[row, month] * price[index],
            "stock": stock[row, month],
        }
    ).sort_values(["month", "distributor", "product"], kind="stable")
