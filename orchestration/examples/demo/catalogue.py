"""What is sold and how: the traits of each product that production needs, and what an order of a given size holds."""

from __future__ import annotations

import numpy as np
import pandas as pd

from orchestration.examples.demo.fields import Factory, half_up, spread

EXPORT_PRICE = {"CNY": 1000, "USD": 145, "EUR": 133}
"""List price abroad, in thousandths of the list price in CNY."""
WORK_CENTRES = {
    "超声": "超声装配线", "监护": "监护装配线", "心电": "监护装配线", "急救": "急救装配线",
    "输注": "输注装配线", "耗材": "耗材洁净车间", "家用": "输注装配线",
}  # fmt: skip
CHECK_STEPS = {"耗材": ("注塑装配", "灭菌")}
"""In-process steps of a family; all others are assembled, then run for hours."""
USUAL_STEPS = ("装配", "老化测试")
CONSUMABLES = "耗材"
BOUGHT_IN = ("训练机", "耦合剂")
"""Words in the names of goods that are bought and sold on: no production order ever made them."""
TO_ORDER = 5_000_000
"""List price, in fen, from which a product is made to order, one lot per order line."""
BY_SERIAL = 250_000
"""List price, in fen, from which each unit of a device has a number of its own."""
LABOUR_PER_HOUR = 8_500

# typical net value of an order in CNY and its spread (sigma of the logarithm), by kind of customer
_BUDGET = {"医院": (210_000, 0.75), "诊所": (60_000, 0.6), "经销商": (450_000, 0.5), "海外": (330_000, 0.6)}
_USUAL = (180_000, 0.7)
# discounts in whole percent with their weights
_DISCOUNTS = {
    "经销商": ((22, 25, 28, 30), (0.3, 0.35, 0.25, 0.1)),
    "海外": ((5, 10, 15, 18), (0.25, 0.35, 0.3, 0.1)),
}
_USUAL_DISCOUNTS = ((0, 3, 5, 8, 12, 15), (0.2, 0.2, 0.25, 0.2, 0.1, 0.05))


def build_catalogue(factory: Factory) -> None:
    """Add to each product how it is made, numbered and kept."""
    product = factory["product"]
    price, family = product["list_price"].to_numpy(), product["family"]
    consumable = (family == CONSUMABLES).to_numpy()
    product["bought"] = product["name"].str.contains("|".join(BOUGHT_IN))
    product["by_serial"] = (price >= BY_SERIAL) & ~consumable
    product["to_order"] = (price >= TO_ORDER) & ~product["bought"].to_numpy()
    product["work_centre"] = family.map(WORK_CENTRES).fillna("总装线")
    labour = product["standard_cost"].to_numpy() * 20 // 100
    product["minutes"] = np.maximum(1, labour * 60 // LABOUR_PER_HOUR)
    product["shelf_months"] = np.where(consumable, np.where(product["device_class"] == "III", 24, 36), 0)


def customer_kind(customers: pd.DataFrame) -> np.ndarray:
    """Kind of customer for prices and sizes: that of the register; ``海外`` for whoever pays in another currency."""
    foreign = customers["currency"].to_numpy() != "CNY"
    return np.where(foreign, "海外", customers["kind"].to_numpy()).astype(object)


def draw_budget(rng: np.random.Generator, kind: np.ndarray, factor: float = 1.0) -> np.ndarray:
    """A plausible order value per customer, in fen of CNY at list price."""
    middle = np.array([_BUDGET.get(k, _USUAL)[0] for k in kind], dtype=float)
    sigma = np.array([_BUDGET.get(k, _USUAL)[1] for k in kind], dtype=float)
    value = middle * factor * np.exp(sigma * rng.standard_normal(len(kind)))
    return np.clip(value, 5_000, 3_600_000).astype("int64") * 100


def draw_lines(
    rng: np.random.Generator,
    products: pd.DataFrame,
    *,
    currency: np.ndarray,
    kind: np.ndarray,
    budget: np.ndarray,
    consumables: float = 1.0,
) -> pd.DataFrame:
    """Lines of one to five different products that come near each budget, with prices in the order's currency.

    Args:
        consumables: how much likelier than usual a line is of consumables.

    Returns:
        owner (place in the arrays), line, product, product_index, quantity, list_price, percent, unit_price, net.
    """
    count = len(budget)
    number = rng.choice([1, 2, 3, 4, 5], count, p=[0.3, 0.3, 0.2, 0.12, 0.08])
    owner = np.repeat(np.arange(count), number)
    place = spread(len(owner), owner)
    share = rng.random(len(owner)) + 0.25
    share = share / np.bincount(owner, share, count)[owner]
    wanted = budget[owner] * share
    # different products within an order: the best few of a weighted random ranking, each with its own chance
    price = products["list_price"].to_numpy()
    likely = np.where(products["family"] == CONSUMABLES, 1.1 * consumables, 1.0) * np.where(price > TO_ORDER, 0.5, 1.0)
    product = np.empty(len(owner), dtype="int64")
    for begin in range(0, count, 100_000):
        rows = slice(*np.searchsorted(owner, [begin, begin + 100_000]))
        heads = min(100_000, count - begin)
        affordable = price[None, :] <= budget[begin : begin + heads, None]
        affordable[:, np.argmin(price)] = True
        rank = np.log(likely)[None, :] - np.log(-np.log(rng.random((heads, len(price)))))
        order = np.argsort(-np.where(affordable, rank, rank - 100), axis=1, kind="stable")
        product[rows] = order[owner[rows] - begin, place[rows]]
    most = np.where(price >= BY_SERIAL, np.clip(90_000_000 // price, 2, 60), 400)
    quantity = np.clip(np.rint(wanted / price[product]).astype("int64"), 1, most[product])
    list_price = half_up(price[product] * np.array([EXPORT_PRICE[c] for c in currency])[owner], 1000)
    percent = _percent(rng, kind)[owner]
    unit_price = half_up(list_price * (100 - percent), 100)
    return pd.DataFrame(
        {
            "owner": owner,
            "line": place + 1,
            "product": products["product"].to_numpy()[product],
            "product_index": product,
            "quantity": quantity,
            "list_price": list_price,
            "percent": percent,
            "unit_price": unit_price,
            "net": unit_price * quantity,
        }
    )


def _percent(rng: np.random.Generator, kind: np.ndarray) -> np.ndarray:
    roll, percent = rng.random(len(kind)), np.zeros(len(kind), dtype="int64")
    for name in np.unique(kind.astype(str)):
        options, weights = _DISCOUNTS.get(str(name), _USUAL_DISCOUNTS)
        rows = kind == name
        step = np.searchsorted(np.cumsum(weights)[:-1], roll[rows], side="right")
        percent[rows] = np.asarray(options)[step]
    return percent
