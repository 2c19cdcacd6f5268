"""Stock and capacity of the demo, month by month: what was made and received, less what left."""

from __future__ import annotations

import numpy as np
import pandas as pd

from orchestration.examples.demo.fields import DAY, Factory, stream
from orchestration.examples.demo.workdays import workdays_of_month

MONTHS = np.arange(np.datetime64("2024-01"), np.datetime64("2026-01"))
MAIN, BRANCH, MATERIAL, SHOP, SHOWROOM = "苏州成品库", "广州分库", "苏州原料库", "车间在制", "演示样机库"
BRANCH_SHARE = 22
"""Percent of a product's finished goods that lie in the branch warehouse."""
DEMO_UNITS = 3


def month_number(moments: np.ndarray | pd.Series) -> np.ndarray:
    """0 for the first month of the demo, 1 for the next…"""
    month = np.asarray(moments, dtype="datetime64[s]").astype("datetime64[M]")
    return np.asarray((month - MONTHS[0]).astype("int64"))


def by_product_and_month(product: np.ndarray, month: np.ndarray, quantity: np.ndarray, products: int) -> np.ndarray:
    """Sums as a table, products down and months across; what is outside the demo's months is left out."""
    inside = (month >= 0) & (month < len(MONTHS))
    place = product[inside] * len(MONTHS) + month[inside]
    sums = np.bincount(place, quantity[inside], products * len(MONTHS))
    return np.rint(sums).astype("int64").reshape(products, len(MONTHS))


def build_stock(factory: Factory) -> None:
    """Month-end stock per warehouse, product and kind, at standard cost."""
    product, lots, shipped = factory["product"], factory["lot"], factory["shipment_line"]
    count = len(product)
    index = lots["product_index"].to_numpy()
    started, finished = month_number(lots["started"]), month_number(lots["finished"])
    own = ~lots["bought"].to_numpy()
    good, planned = lots["made"].to_numpy(), lots["planned"].to_numpy()
    received = by_product_and_month(index, finished, good, count).cumsum(axis=1)
    left = by_product_and_month(
        shipped["product_index"].to_numpy(), month_number(shipped["shipped"]), shipped["quantity"].to_numpy(), count
    ).cumsum(axis=1)
    finished_goods = received - left
    assert (finished_goods >= 0).all(), "more was shipped than made"
    begun = by_product_and_month(index[own], started[own], planned[own], count).cumsum(axis=1)
    ended = by_product_and_month(index[own], finished[own], planned[own], count).cumsum(axis=1)
    at_branch = np.where((np.arange(count) % 3 == 0)[:, None], finished_goods * BRANCH_SHARE // 100, 0)
    # material for about six weeks of what was begun lately, in sets of parts for one unit
    lately = begun - np.concatenate([np.zeros((count, 3), dtype="int64"), begun[:, :-3]], axis=1)
    material = np.where(own_products(product)[:, None], lately // 2 + 2, 0)
    shown = np.where((product["list_price"].to_numpy() >= 900_000)[:, None], DEMO_UNITS, 0)
    shown = shown + np.where(shown > 0, np.arange(len(MONTHS))[None, :] // 8, 0)
    standard = product["standard_cost"].to_numpy()[:, None]
    parts = [
        _snapshot(product, MAIN, "产成品", finished_goods - at_branch, standard),
        _snapshot(product, BRANCH, "产成品", at_branch, standard),
        _snapshot(product, MATERIAL, "原材料", material, standard * 62 // 100),
        _snapshot(product, SHOP, "在制品", begun - ended, standard * 81 // 100),
        # demonstration units are written down to three quarters
        _snapshot(product, SHOWROOM, "演示机", shown, standard * 75 // 100),
    ]
    stock = pd.concat(parts, ignore_index=True)
    stock = stock.sort_values(["day", "warehouse", "product"], kind="stable").reset_index(drop=True)
    factory["stock"] = stock


def own_products(product: pd.DataFrame) -> np.ndarray:
    """Which products the factory makes itself."""
    return np.asarray(~product["bought"].to_numpy())


def _snapshot(product: pd.DataFrame, warehouse: str, kind: str, quantity: np.ndarray, unit: np.ndarray) -> pd.DataFrame:
    """Rows of what there is; a product that a warehouse never had is not listed, one that ran out is listed with 0."""
    known = np.maximum.accumulate(quantity, axis=1) > 0
    row, month = np.nonzero(known)
    days = (MONTHS + 1).astype("datetime64[D]").astype("datetime64[s]") - DAY
    return pd.DataFrame(
        {
            "day": days[month],
            "product": product["product"].to_numpy()[row],
            "warehouse": warehouse,
            "kind": kind,
            "quantity": quantity[row, month],
            "value": (quantity * unit)[row, month],
        }
    )


def build_capacity(factory: Factory) -> None:
    """Hours available per work centre and month: people, working days and what holidays and upkeep leave of them."""
    rng = stream(factory.seed, "capacity")
    product, made = factory["product"], factory["production"]
    centre = product["work_centre"].to_numpy(dtype=object)
    names = np.unique(centre[own_products(product)].astype(str))
    place = np.searchsorted(names, centre[made["product_index"]].astype(str))
    minutes = product["minutes"].to_numpy()[made["product_index"]] * made["planned"].to_numpy()
    used = np.bincount(place, minutes, len(names)) / 60 / len(MONTHS)
    days = workdays_of_month(MONTHS)
    # enough people for a busy month: a quarter above the mean load
    people = np.maximum(2, np.ceil(used * 1.25 / (days.mean() * 8 * 0.88))).astype("int64")
    grown = people[:, None] + (np.arange(len(MONTHS))[None, :] >= 12) * np.maximum(people // 8, 0)[:, None]
    hours = (grown * days[None, :] * 8 * 88 // 10) - rng.integers(0, 60, grown.shape)
    row, month = np.nonzero(hours >= 0)
    factory["capacity"] = pd.DataFrame(
        {
            "centre": names[row].astype(object),
            "month": MONTHS[month].astype("datetime64[D]").astype("datetime64[s]"),
            "people": grown[row, month],
            "days": days[month],
            "tenths": np.maximum(hours, 0)[row, month],
        }
    )
