"""Lots of the demo: what is made ahead is taken first in, first out; what is dear is made for its order line."""

from __future__ import annotations

import numpy as np
import pandas as pd

from orchestration.examples.demo.fields import DAY, START, Factory, numbered, seconds, spread, stream

LOTS_PER_PRODUCT = 14
"""How many lots a slow product is made in over the two years; a fast one in as many as the largest batch asks for."""
BATCH_VALUE = 60_000_000
"""Largest batch made ahead, in fen of standard cost."""


def draw_from_lots(factory: Factory, parts: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give each part of a shipment its lots.

    Returns:
        pieces: the parts, split where a lot ran out, with ``lot``, ``lot_index`` and ``first_unit`` (place of the
        first unit within all units of the product ever made).
        lots: product_index, lot, made, scrapped, planned, started, finished, to_order, row (order line; -1 if none).
    """
    rng = stream(factory.seed, "lots")
    product = factory["product"]
    to_order = product["to_order"].to_numpy()[parts["product_index"]]
    ahead_parts = parts[~to_order].sort_values(["product_index", "shipped", "row"], kind="stable")
    pieces, ahead = _made_ahead(product, rng, ahead_parts)
    asked = parts[to_order].sort_values(["product_index", "row", "number"], kind="stable")
    own = _made_to_order(rng, asked)
    asked = asked.assign(lot_index=np.searchsorted(own["row"].to_numpy(), asked["row"].to_numpy()))
    # lots are kept by product, those made to order in the order of their lines
    own_place = own.sort_values(["product_index", "row"], kind="stable").index.to_numpy()
    back = np.empty(len(own), dtype="int64")
    back[own_place] = np.arange(len(own))
    own = own.iloc[own_place].reset_index(drop=True)
    asked["lot_index"] = back[asked["lot_index"].to_numpy()]
    before = own.groupby("product_index")["made"].cumsum().to_numpy() - own["made"].to_numpy()
    within = asked.groupby("row")["quantity"].cumsum().to_numpy() - asked["quantity"].to_numpy()
    asked["first_unit"] = before[asked["lot_index"]] + within
    asked["lot_index"] += len(ahead)
    lots = pd.concat([ahead, own], ignore_index=True)
    pieces = pd.concat([pieces, asked], ignore_index=True)
    lots = _times(rng, product, lots, pieces)
    month = lots["started"].to_numpy().astype("datetime64[M]").astype("int64")
    code = (month // 12 + 1970) % 100 * 100 + month % 12 + 1
    order = np.lexsort([lots["started"].to_numpy(), lots["product_index"].to_numpy()])
    number = np.empty(len(lots), dtype="int64")
    number[order] = spread(len(lots), lots["product_index"].to_numpy()[order]) + 1
    width = max(3, len(str(int(number.max()))))
    text = pd.Series(product["product"].to_numpy(dtype=object)[lots["product_index"]])
    lots["product"] = text
    lots["lot"] = text + numbered("-", code, 4).to_pandas() + numbered("-", number, width).to_pandas()
    pieces["lot"] = lots["lot"].to_numpy()[pieces["lot_index"]]
    return pieces, lots


def _made_ahead(
    product: pd.DataFrame, rng: np.random.Generator, parts: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Lots of even size, one product behind the other on one long line of units, and the parts cut from that line."""
    index, quantity = parts["product_index"].to_numpy(), parts["quantity"].to_numpy()
    demand = np.bincount(index, quantity, len(product)).astype("int64")
    largest = np.maximum(4, BATCH_VALUE // product["standard_cost"].to_numpy())
    size = np.clip(-(-demand // LOTS_PER_PRODUCT), 2, largest)
    # some lots lose a few units, so there are some more than the demand asks for
    count = np.where(demand > 0, -(-demand * 112 // (size * 100)) + 2, 0)
    owner = np.repeat(np.arange(len(product)), count)
    bought = product["bought"].to_numpy()[owner]
    planned = size[owner]
    scrapped = np.where(bought, 0, rng.binomial(planned, _scrap_rate(rng, len(owner))))
    scrapped = np.minimum(scrapped, planned - 1)
    made = planned - scrapped
    total = np.cumsum(made)
    begin = np.concatenate([[0], total])[:-1]
    base = np.zeros(len(product), dtype="int64")
    first_lot = np.concatenate([[0], np.cumsum(count)])[:-1]
    base[count > 0] = begin[first_lot[count > 0]]
    # drop lots that nothing is taken from, but for one: it is the stock that the next orders will take
    needed = begin - base[owner] < demand[owner]
    keep = needed | np.concatenate([[False], needed[:-1]])
    start = np.cumsum(quantity) - quantity
    start += base[index] - np.concatenate([[0], np.cumsum(demand)])[:-1][index]
    first = np.searchsorted(total, start, side="right")
    last = np.searchsorted(total, start + quantity - 1, side="right")
    place = np.repeat(np.arange(len(parts)), last - first + 1)
    lot = first[place] + spread(len(place), place)
    left = np.maximum(start[place], begin[lot])
    right = np.minimum((start + quantity)[place], total[lot])
    pieces = parts.iloc[place].reset_index(drop=True)
    pieces["quantity"], pieces["first_unit"] = right - left, left - base[owner[lot]]
    new_place = np.cumsum(keep) - 1
    pieces["lot_index"] = new_place[lot]
    lots = pd.DataFrame(
        {"product_index": owner, "planned": planned, "scrapped": scrapped, "made": made, "row": -1, "to_order": False}
    )
    return pieces, lots[keep].reset_index(drop=True)


def _made_to_order(rng: np.random.Generator, parts: pd.DataFrame) -> pd.DataFrame:
    """One lot per order line, of exactly what was ordered; what was scrapped was started beyond that."""
    lots = parts.groupby("row", sort=True).agg(product_index=("product_index", "first"), made=("quantity", "sum"))
    lots = lots.reset_index()
    lots["scrapped"] = rng.binomial(lots["made"], _scrap_rate(rng, len(lots)))
    lots["planned"] = lots["made"] + lots["scrapped"]
    return lots.assign(to_order=True)


def _scrap_rate(rng: np.random.Generator, count: int) -> np.ndarray:
    """Around 1.6 %, with a tail of bad days."""
    return np.clip(rng.gamma(2.0, 0.008, count), 0.002, 0.12)


def _times(rng: np.random.Generator, product: pd.DataFrame, lots: pd.DataFrame, pieces: pd.DataFrame) -> pd.DataFrame:
    """A lot is finished some days before the first unit of it leaves; the spare lot of a product after its last one."""
    never = np.datetime64("2100-01-01", "s")
    use = np.full(len(lots), never)
    np.minimum.at(use, pieces["lot_index"].to_numpy(), pieces["shipped"].to_numpy().astype("datetime64[s]"))
    spare = use == never
    # the lot before a spare one is of the same product: its stock will be gone some weeks after its own first use
    previous = np.flatnonzero(spare) - 1
    use[spare] = use[previous] + rng.integers(25, 50, len(previous)) * DAY
    ahead = np.where(lots["to_order"], 1.5 + rng.random(len(lots)) * 5, 3 + rng.random(len(lots)) * 16)
    # a moment at work, a day or more before the goods leave
    finished = np.maximum(use - seconds(ahead), START + seconds(np.full(len(lots), 4.7)))
    finished = finished.astype("datetime64[D]").astype("datetime64[s]") + seconds(0.4 + rng.random(len(lots)) * 0.3)
    finished = np.minimum(finished, use - seconds(np.full(len(lots), 0.4)))
    consumable = (product["shelf_months"].to_numpy() > 0)[lots["product_index"]]
    days = np.where(consumable, 3 + rng.gamma(4, 0.9, len(lots)), 5 + rng.gamma(4, 1.5, len(lots)))
    started = np.maximum(finished - seconds(days), START + seconds(rng.random(len(lots)) * 0.2 + 1.35))
    return lots.assign(started=started.astype("datetime64[s]"), finished=finished.astype("datetime64[s]"))
