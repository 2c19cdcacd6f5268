"""Shipments of the demo: what leaves when, from which lots, and with which serial numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.examples.demo.fields import CUTOFF, DAY, Factory, codes, half_up, numbered, pick, spread, stream
from orchestration.examples.demo.lots import draw_from_lots
from orchestration.examples.demo.workdays import office_hours, workday

LATE, SPLIT, SHORTAGE = 0.055, 0.13, 0.2
"""Chances that an order leaves late, leaves in two parts, and leaves late in the two months without chips."""
SHORT_FROM, SHORT_TO = np.datetime64("2024-08-01"), np.datetime64("2024-10-01")
CARRIERS = ("顺丰速运", "德邦快递", "跨越速运", "䶮达医药冷链")
ABROAD = ("DHL", "中外运空运", "中外运海运")
BY_SEA = "中外运海运"


def build_shipments(factory: Factory) -> None:
    """Shipments with their lines by lot and serial number; the lots that they were taken from."""
    rng = stream(factory.seed, "shipments")
    orders, lines = factory["order"], factory["order_line"]
    parts = _parts(rng, orders, lines)
    pieces, lots = draw_from_lots(factory, parts)
    factory["lot"] = lots
    pieces = pieces[(pieces["shipped"] <= CUTOFF).to_numpy()]
    shipped = _by_unit(factory, pieces)
    shipped = shipped.sort_values(["shipped", "order", "number", "line", "unit"], kind="stable").reset_index(drop=True)
    group = pd.MultiIndex.from_frame(shipped[["owner", "number"]]).factorize()[0]
    shipped["shipment"] = codes("FH", int(group.max()) + 1, 5)[group]
    shipped["sequence"] = spread(len(shipped), group) + 1
    number = numbered("", shipped["sequence"], 1)
    shipped["shipment_line"] = pc.binary_join_element_wise(_arrow(shipped["shipment"]), number, "-").to_pandas()
    shipped["udi_pi"] = _udi(factory, lots, shipped)
    heads = shipped.drop_duplicates("shipment")[["shipment", "order", "shipped", "owner"]].reset_index(drop=True)
    factory["shipment"] = _heads(factory, rng, heads, shipped)
    factory["shipment_line"] = shipped
    revised = _revised(rng, lines, parts)
    factory["order_line"] = lines.assign(revised=revised)


def _parts(rng: np.random.Generator, orders: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """Each line of a real order, whole in the first or second shipment of its order, or split over both."""
    leaves = (orders["status"].isin(["已确认", "已关闭"]) & (orders["test"] == "否")).to_numpy()
    owner = lines["owner"].to_numpy()
    promised = np.full(len(orders), np.datetime64("2100-01-01", "s"))
    np.minimum.at(promised, owner, lines["promised"].to_numpy().astype("datetime64[s]"))
    short = (promised >= SHORT_FROM) & (promised < SHORT_TO)
    late = rng.random(len(orders)) < np.where(short, SHORTAGE, LATE)
    slip = np.where(late, rng.integers(2, 22, len(orders)), -rng.integers(0, 9, len(orders)))
    confirmed = orders["confirmed"].fillna(orders["ordered"]).to_numpy().astype("datetime64[s]")
    first = np.maximum(promised + slip * DAY, confirmed + 3 * DAY)
    # never on a holiday: early ones leave on the working day before
    first = np.where(late, workday(first), np.minimum(workday(first), np.maximum(promised, workday(confirmed + DAY))))
    second = workday(first + rng.integers(4, 19, len(orders)) * DAY)
    first, second = office_hours(rng, first, 9, 17.5), office_hours(rng, second, 9, 17.5)
    split = (rng.random(len(orders)) < SPLIT)[owner]
    roll, quantity = rng.random(len(lines)), lines["quantity"].to_numpy()
    alone = (np.bincount(owner, minlength=len(orders)) == 1)[owner]
    half = split & (quantity > 1) & (alone | (roll < 0.25))
    behind = np.where(half, quantity // 2, np.where(split & ~alone & (roll > 0.6), quantity, 0))
    kept = lines[["order", "line", "product", "product_index", "owner"]]
    parts = pd.concat(
        [
            kept.assign(number=1, quantity=quantity - behind, shipped=first[owner]),
            kept.assign(number=2, quantity=behind, shipped=second[owner]),
        ],
        ignore_index=True,
    )
    parts["row"] = np.tile(np.arange(len(lines)), 2)
    return parts[(parts["quantity"] > 0) & leaves[parts["owner"]]].reset_index(drop=True)


def _by_unit(factory: Factory, pieces: pd.DataFrame) -> pd.DataFrame:
    """One row per unit of what has serial numbers, one per lot of all else."""
    by_serial = factory["product"]["by_serial"].to_numpy()[pieces["product_index"]]
    times = np.where(by_serial, pieces["quantity"], 1)
    place = np.repeat(np.arange(len(pieces)), times)
    rows = pieces.iloc[place].reset_index(drop=True)
    unit = spread(len(place), place)
    serial = by_serial[place]
    rows["unit"] = rows["first_unit"].to_numpy() + np.where(serial, unit, 0)
    rows["quantity"] = np.where(serial, 1, rows["quantity"])
    number = pc.binary_join_element_wise(_arrow(rows["product"]), numbered("", rows["unit"] + 1, 6), "-")
    rows["serial"] = pc.if_else(pa.array(serial), number, "").to_pandas()
    return rows


def _udi(factory: Factory, lots: pd.DataFrame, shipped: pd.DataFrame) -> pd.Series:
    """The barcode on the label: device, day made, day of expiry, lot and serial number, in GS1's brackets."""
    product = factory["product"]
    lot, index = shipped["lot_index"].to_numpy(), shipped["product_index"].to_numpy()
    made = lots["finished"].to_numpy().astype("datetime64[D]")[lot]
    months = product["shelf_months"].to_numpy()[index]
    begin = made.astype("datetime64[M]")
    expiry = (begin + months).astype("datetime64[D]") + (made - begin)
    label = pc.binary_join_element_wise("(01)", _arrow(product["udi_di"]).take(pa.array(index)), "(11)", _six(made), "")
    label = pc.binary_join_element_wise(
        label, pc.if_else(pa.array(months > 0), pc.binary_join_element_wise("(17)", _six(expiry), ""), ""), ""
    )
    label = pc.binary_join_element_wise(label, "(10)", _arrow(shipped["lot"]), "")
    serial = _arrow(shipped["serial"])
    with_serial = pc.binary_join_element_wise("(21)", serial, "")
    return pc.binary_join_element_wise(label, pc.if_else(pc.not_equal(serial, ""), with_serial, ""), "").to_pandas()


def _six(days: np.ndarray) -> pa.Array:
    """YYMMDD."""
    month, year = days.astype("datetime64[M]"), days.astype("datetime64[Y]")
    parts = (
        (year.astype("int64") + 1970) % 100 * 10_000
        + (month - year.astype("datetime64[M]")).astype("int64") * 100
        + 100
        + (days - month.astype("datetime64[D]")).astype("int64")
        + 1
    )
    return numbered("", parts, 6)


def _arrow(text: pd.Series) -> pa.Array:
    return pa.array(text.to_numpy(dtype=object), pa.string())


def _heads(factory: Factory, rng: np.random.Generator, heads: pd.DataFrame, shipped: pd.DataFrame) -> pd.DataFrame:
    """Carrier, arrival and freight; freight by sea is billed by the forwarder and stands among the order's costs."""
    abroad = (factory["order"]["currency"].to_numpy() != "CNY")[heads["owner"]]
    days = np.where(abroad, rng.integers(6, 24, len(heads)), rng.integers(1, 6, len(heads)))
    # one forwarder per order abroad: freight is billed with the shipments or with the order, never both ways
    forwarder = pick(rng, ABROAD, len(factory["order"]), (0.3, 0.4, 0.3))[heads["owner"]]
    carrier = np.where(abroad, forwarder, pick(rng, CARRIERS, len(heads), (0.45, 0.3, 0.2, 0.05)))
    delivered = heads["shipped"].to_numpy() + days * DAY + rng.integers(-7_200, 7_200, len(heads))
    cost = factory["product"]["standard_cost"].to_numpy()[shipped["product_index"]] * shipped["quantity"].to_numpy()
    code = pd.Index(heads["shipment"]).get_indexer(shipped["shipment"])
    value = np.bincount(code, cost, len(heads))
    rate = np.where(abroad, rng.integers(45, 80, len(heads)), rng.integers(14, 30, len(heads)))
    freight = np.maximum(half_up((value * rate).astype("int64"), 1000), rng.integers(6_000, 15_000, len(heads)))
    return heads.assign(
        delivered=pd.Series(delivered).where(delivered <= CUTOFF),
        carrier=carrier,
        freight=freight,
        by_sea=carrier == BY_SEA,
    )


def _revised(rng: np.random.Generator, lines: pd.DataFrame, parts: pd.DataFrame) -> pd.Series:
    """For most lines that leave late, the day that the customer was told instead."""
    last = np.full(len(lines), np.datetime64("1970-01-01", "s"))
    np.maximum.at(last, parts["row"].to_numpy(), parts["shipped"].to_numpy().astype("datetime64[s]"))
    promised = lines["promised"].to_numpy().astype("datetime64[s]")
    told = workday(np.maximum(last, promised) + rng.integers(0, 5, len(lines)) * DAY)
    return pd.Series(told).where((last >= promised + DAY) & (rng.random(len(lines)) < 0.75))
