"""Order loop of the demo: orders, lines, shipments and the production lots they came from."""

from __future__ import annotations

import numpy as np
import pandas as pd

from orchestration.examples.demo.fields import (
    CUTOFF,
    DAY,
    START,
    Factory,
    codes,
    day_of,
    half_up,
    pick,
    seconds,
    stream,
)

EXPORT_PRICE = {"CNY": 1.0, "USD": 0.145, "EUR": 0.133}
"""List price abroad as a share of the list price in CNY; only the generator needs it, so a float does."""


def build_orders(factory: Factory) -> None:
    """Orders from won opportunities, repeat orders, distributors' orders, and the kinds that must not count."""
    rng = stream(factory.seed, "orders")
    customers = factory["customer"].set_index("customer")
    won = factory["opportunity"][factory["opportunity"]["result"] == "赢单"]
    first = pd.DataFrame(
        {
            "customer": won["customer"],
            "opportunity": won["opportunity"],
            "owner": won["owner"],
            "ordered": won["closed"] + pd.to_timedelta(rng.integers(0, 10 * 86_400, len(won)), unit="s"),
        }
    )
    again = first[rng.random(len(first)) < 0.24].copy()
    again["opportunity"] = ""
    again["ordered"] = again["ordered"] + pd.to_timedelta(rng.integers(60 * 86_400, 240 * 86_400, len(again)), unit="s")
    agents = factory["customer"][factory["customer"]["agent"] != ""]
    count = 10 * factory.scale
    via = pd.DataFrame(
        {
            "customer": pick(rng, agents["customer"].tolist(), count),
            "opportunity": "",
            "owner": pick(rng, factory["salesperson"]["sales"].tolist(), count),
            "ordered": (START + seconds(20 + rng.random(count) * 520)).astype("datetime64[s]"),
        }
    )
    orders = pd.concat([first, again, via], ignore_index=True)
    orders["ordered"] = orders["ordered"].astype("datetime64[s]")
    # an order number of the factory itself exists only once it was confirmed before the export
    orders["confirmed"] = orders["ordered"] + pd.to_timedelta(rng.integers(1_800, 2 * 86_400, len(orders)), unit="s")
    orders = orders[orders["confirmed"] <= CUTOFF].sort_values("ordered", kind="stable").reset_index(drop=True)
    orders.insert(0, "order", codes("SO", len(orders), 5))
    orders["currency"] = customers["currency"].reindex(orders["customer"]).to_numpy()
    orders["agent"] = customers["agent"].reindex(orders["customer"]).to_numpy()
    orders["kind"], orders["status"] = "销售订单", "已确认"
    orders["sample"] = orders["test"] = orders["internal"] = "否"
    orders.loc[orders["ordered"] < CUTOFF - 200 * DAY, "status"] = "已关闭"
    picks = np.sort(rng.choice(len(orders), 16 * factory.scale, replace=False))
    odd = np.array_split(rng.permutation(picks), 4)
    orders.loc[odd[0], "status"] = "已取消"
    orders.loc[odd[1], "sample"] = "是"
    orders.loc[odd[2][:1], "internal"] = "是"
    orders.loc[odd[2][1:2], "test"] = "是"
    orders.loc[odd[2][2:], "status"] = "草稿"
    orders.loc[odd[3], "kind"] = "调拨单"  # stock transfers share the export and are left out by the mapping
    orders["confirmed"] = orders["confirmed"].where(orders["status"] != "草稿")
    # a few orders carry the campaign they answer to, whatever the funnel says
    tagged = (rng.random(len(orders)) < 0.06) & (orders["ordered"] > np.datetime64("2024-05-01"))
    orders["campaign"] = np.where(tagged, "CMEF-24S", "")
    factory["order"] = orders
    _lines(factory, rng)
    factory.planted["transfer_orders"] = orders.loc[orders["kind"] == "调拨单", "order"].tolist()


def _lines(factory: Factory, rng: np.random.Generator) -> None:
    orders, products = factory["order"], factory["product"]
    number = rng.integers(1, 5, len(orders))
    owner = np.repeat(np.arange(len(orders)), number)
    count = len(owner)
    product = rng.integers(0, len(products), count)
    list_cny = products["list_price"].to_numpy()[product]
    currency = orders["currency"].to_numpy()[owner]
    share = np.array([round(EXPORT_PRICE[c] * 1000) for c in currency])
    list_price = half_up(list_cny * share, 1000)
    percent = rng.choice([0, 5, 10, 15, 20], count, p=[0.35, 0.25, 0.2, 0.12, 0.08])
    unit_price = half_up(list_price * (100 - percent), 100)
    # cheap consumables go in dozens, capital equipment one or two at a time
    quantity = 1 + rng.integers(0, np.maximum(1, np.minimum(40, 6_000_000 // list_cny)), count)
    net = unit_price * quantity
    confirmed = orders["confirmed"].fillna(orders["ordered"]).to_numpy().astype("datetime64[s]")[owner]
    promised = day_of(confirmed) + rng.integers(22, 48, count) * DAY
    lines = pd.DataFrame(
        {
            "order": orders["order"].to_numpy()[owner],
            "owner": owner,
            "line": np.arange(count) - np.repeat(np.cumsum(number) - number, number) + 1,
            "product": products["product"].to_numpy()[product],
            "product_index": product,
            "quantity": quantity,
            "list_price": list_price,
            "percent": percent,
            "unit_price": unit_price,
            "tax_percent": np.where(currency == "CNY", 13, 0),
            "net": net,
            "promised": promised,
        }
    )
    lines["tax"] = half_up(lines["net"] * lines["tax_percent"], 100)
    late = rng.random(count) < 0.08
    lines["revised"] = pd.Series(promised + 14 * DAY).where(late)
    # transfers have no lines of sale
    factory["order_line"] = lines[~lines["owner"].isin(np.flatnonzero(orders["kind"] == "调拨单"))]


def build_shipments(factory: Factory) -> None:
    """One or two shipments per order; a line goes whole in one of them, or is split over both."""
    rng = stream(factory.seed, "shipments")
    orders, lines = factory["order"], factory["order_line"]
    shippable = orders["status"].isin(["已确认", "已关闭"]).to_numpy()
    confirmed = orders["confirmed"].to_numpy().astype("datetime64[s]")
    first = confirmed + seconds(14 + rng.random(len(orders)) * 24)
    second = first + seconds(4 + rng.random(len(orders)) * 16)
    roll = rng.random(len(lines))
    quantity = lines["quantity"].to_numpy()
    in_second = np.where(roll < 0.78, 0, np.where((roll < 0.9) & (quantity > 1), quantity // 2, quantity))
    parts = [
        lines[["order", "line", "product", "owner"]].assign(number=1, quantity=quantity - in_second),
        lines[["order", "line", "product", "owner"]].assign(number=2, quantity=in_second),
    ]
    shipped = pd.concat(parts, ignore_index=True)
    moment = np.where(shipped["number"] == 1, first[shipped["owner"]], second[shipped["owner"]])
    shipped["shipped"] = moment.astype("datetime64[s]")
    shipped = shipped[(shipped["quantity"] > 0) & (shipped["shipped"] <= CUTOFF) & shippable[shipped["owner"]]]
    shipped = shipped.sort_values(["shipped", "order", "number", "line"], kind="stable").reset_index(drop=True)
    group = shipped.groupby(["order", "number"], sort=False).ngroup()
    shipped["shipment"] = codes("FH", int(group.max()) + 1, 5)[group]
    shipped.insert(0, "shipment_line", shipped["shipment"] + "-" + shipped["line"].astype(str))
    month = shipped["shipped"].dt.to_period("M")
    shipped["lot"] = "LOT-" + shipped["product"] + "-" + (month - 1).dt.strftime("%y%m")
    shipped["serial"] = np.where(shipped["quantity"] == 1, "SN" + shipped["shipment_line"].str[2:], "")
    headers = shipped.drop_duplicates("shipment")[["shipment", "order", "shipped", "owner"]].reset_index(drop=True)
    delivered = headers["shipped"] + pd.to_timedelta(rng.integers(86_400, 6 * 86_400, len(headers)), unit="s")
    headers["delivered"] = delivered.where(delivered <= CUTOFF)
    headers["carrier"] = pick(rng, ("顺丰", "德邦", "中外运"), len(headers))
    headers["freight"] = rng.integers(18_000, 260_000, len(headers))
    factory["shipment"], factory["shipment_line"] = headers, shipped


def build_production(factory: Factory) -> None:
    """One lot per product and month, made in the month before it ships, with its costs and inspections."""
    rng = stream(factory.seed, "production")
    cost = factory["product"].set_index("product")["standard_cost"]
    need = factory["shipment_line"].groupby(["lot", "product"], sort=True)["quantity"].sum().reset_index()
    count = len(need)
    month = pd.to_datetime("20" + need["lot"].str[-4:] + "01", format="%Y%m%d").to_numpy().astype("datetime64[s]")
    started = month + seconds(0.3 + rng.random(count) * 6)
    finished = started + seconds(6 + rng.random(count) * 14)
    made = need["quantity"].to_numpy() + rng.integers(0, 6, count)
    scrapped = rng.binomial(made, 0.02)
    total = cost.reindex(need["product"]).to_numpy() * (made + scrapped) * rng.integers(92, 112, count) // 100
    material, labour = total * 62 // 100, total * 21 // 100
    lots = pd.DataFrame(
        {
            "work_order": codes("MO", count, 5),
            "product": need["product"],
            "lot": need["lot"],
            "planned_start": day_of(month),
            "planned_finish": day_of(month) + 18 * DAY,
            "started": started,
            "finished": finished,
            "planned": made + scrapped,
            "made": made,
            "scrapped": scrapped,
            "material": material,
            "labour": labour,
            "overhead": total - material - labour,
        }
    )
    factory["production"] = lots
    parts = []
    for kind, step, after in (("过程检验", "装配", -1.5), ("成品检验", "出厂", 0.4)):
        checked = lots["made"].to_numpy() + (lots["scrapped"].to_numpy() if kind == "过程检验" else 0)
        rejected = lots["scrapped"].to_numpy() if kind == "过程检验" else np.zeros(count, dtype="int64")
        reworked = rng.binomial(lots["made"].to_numpy(), 0.05)
        parts.append(
            pd.DataFrame(
                {
                    "lot": lots["lot"],
                    "work_order": lots["work_order"],
                    "kind": kind,
                    "step": step,
                    "at": lots["finished"].to_numpy() + seconds(after),
                    "checked": checked,
                    "passed": checked - rejected - reworked,
                    "reworked": reworked,
                    "rejected": rejected,
                    "defect": np.where(rejected > 0, "D03", np.where(reworked > 0, "R01", "")),
                }
            )
        )
    inspections = pd.concat(parts, ignore_index=True).sort_values(["at", "lot"], kind="stable").reset_index(drop=True)
    inspections.insert(0, "inspection", codes("QC", len(inspections), 5))
    factory["inspection"] = inspections
