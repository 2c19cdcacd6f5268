"""Orders of the demo: those that won opportunities became, repeat orders, distributors' stock orders, and odd ones."""

from __future__ import annotations

import numpy as np
import pandas as pd

from orchestration.examples.demo.catalogue import TO_ORDER, customer_kind, draw_budget, draw_lines
from orchestration.examples.demo.fields import CUTOFF, DAY, DAYS, START, Factory, codes, half_up, pick, seconds, stream
from orchestration.examples.demo.workdays import busy_days, office_hours, workday

ORDERS = 312
"""Orders of sale at scale 1, with the odd ones."""
STOCK_ORDERS = 86
OLD_CUSTOMERS = 40
"""How many of the customers from before the two years go on ordering."""
ODD = {"已取消": 6, "样品": 5, "草稿": 3, "内部": 1, "测试": 1, "调拨单": 4}
"""What is in the export and is no sale, per scale: cancelled, samples, drafts, internal, tests, stock transfers."""
TAG_SHARE = 0.05


def build_orders(factory: Factory) -> None:
    """Order headers and their lines."""
    rng = stream(factory.seed, "orders")
    customers = factory["customer"].set_index("customer")
    won = _from_quotes(factory, rng)
    again = _repeats(factory, rng, won)
    orders = pd.concat([won, again, _stock_orders(factory, rng)], ignore_index=True)
    orders["ordered"] = orders["ordered"].astype("datetime64[s]")
    wait = seconds(rng.random(len(orders)) * 1.6 + 0.05)
    # an order number of the factory itself exists only once it was confirmed before the export
    orders["confirmed"] = (orders["ordered"].to_numpy() + wait).astype("datetime64[m]").astype("datetime64[s]")
    orders = orders[orders["confirmed"] <= CUTOFF].sort_values(["ordered", "customer"], kind="stable")
    orders = orders.reset_index(drop=True)
    orders.insert(0, "order", codes("SO", len(orders), 5))
    orders["currency"] = customers["currency"].reindex(orders["customer"]).to_numpy()
    agent = customers["agent"].reindex(orders["customer"]).to_numpy()
    orders["agent"] = np.where(orders["agent"] == "", agent, orders["agent"])
    orders["kind"], orders["status"] = "销售订单", "已确认"
    orders["sample"] = orders["test"] = orders["internal"] = "否"
    orders.loc[orders["ordered"] < CUTOFF - 200 * DAY, "status"] = "已关闭"
    _make_odd(factory, rng, orders)
    orders["confirmed"] = orders["confirmed"].where(orders["status"] != "草稿")
    orders["campaign"] = _tags(factory, rng, orders)
    factory["order"] = orders
    factory["order_line"] = _lines(factory, rng, orders)
    factory.planted["transfer_orders"] = orders.loc[orders["kind"] == "调拨单", "order"].tolist()


def _from_quotes(factory: Factory, rng: np.random.Generator) -> pd.DataFrame:
    """One order per won opportunity, a few days after it closed, for what its accepted quote says."""
    won = factory["opportunity"][factory["opportunity"]["result"] == "赢单"]
    ordered = won["closed"].to_numpy().astype("datetime64[s]") + seconds(rng.random(len(won)) * 6)
    return pd.DataFrame(
        {
            "customer": won["customer"].to_numpy(),
            "opportunity": won["opportunity"].to_numpy(),
            "quote": won["quote"].to_numpy(),
            "owner": won["owner"].to_numpy(),
            "agent": won["agent"].to_numpy(),
            "ordered": np.maximum(won["closed"].to_numpy(), office_hours(rng, workday(ordered))),
        }
    )


def _repeats(factory: Factory, rng: np.random.Generator, won: pd.DataFrame) -> pd.DataFrame:
    """Later orders of customers won here, and those of old ones: when the two years begin there are no others yet."""
    count = max(ORDERS * factory.scale - len(won) - STOCK_ORDERS * factory.scale, 60 * factory.scale)
    known = won[won["ordered"] < CUTOFF - 100 * DAY]
    new = known.iloc[np.sort(rng.integers(0, len(known), count * 2 // 5))].copy()
    gap = 40 + rng.gamma(2.2, 55, len(new))
    new["ordered"] = office_hours(rng, workday(new["ordered"].to_numpy() + seconds(gap)))
    customers = factory["customer"]
    usual = customers[(customers["kind"] != "经销商") & (customers["twin"] == "")]
    before = usual[usual["created"] < START]
    usual = (before if len(before) else usual)["customer"].to_numpy(dtype=object)
    old_ones = usual[np.sort(rng.choice(len(usual), min(len(usual), OLD_CUSTOMERS * factory.scale), replace=False))]
    owners = pick(rng, _sellers(factory), len(old_ones))
    chosen = rng.integers(0, len(old_ones), count - len(new))
    early = len(chosen) * 3 // 5
    days = np.concatenate([busy_days(rng, early, 2, 210), busy_days(rng, len(chosen) - early, 150, DAYS - 2)])
    old = pd.DataFrame(
        {
            "customer": old_ones[chosen],
            "owner": owners[chosen],
            "agent": "",
            "ordered": office_hours(rng, days),
        }
    )
    return pd.concat([new, old], ignore_index=True).assign(opportunity="", quote="")


def _stock_orders(factory: Factory, rng: np.random.Generator) -> pd.DataFrame:
    """What distributors buy to keep in stock, while their contract runs; the large ones order more often."""
    customers = factory["customer"]
    known = customers[(customers["kind"] == "经销商") & (customers["agent"] != "")]
    agents = known["customer"].to_numpy(dtype=object)
    contract = factory["distributor"].set_index("distributor")["contract_to"].reindex(known["agent"])
    ends = contract.to_numpy().astype("datetime64[s]")
    share = 1 / (1.5 + np.arange(len(agents)) % 12)
    buyer = rng.choice(len(agents), STOCK_ORDERS * factory.scale, p=share / share.sum())
    ordered = office_hours(rng, busy_days(rng, len(buyer), 2, DAYS - 2))
    staying = np.flatnonzero(np.isnat(ends))
    over = ordered > ends[buyer] - 60 * DAY
    buyer = np.where(over, staying[rng.integers(0, len(staying), len(buyer))], buyer)
    owners = pick(rng, _sellers(factory), len(agents))
    return pd.DataFrame(
        {
            "customer": agents[buyer],
            "opportunity": "",
            "quote": "",
            "owner": owners[buyer],
            "agent": "",
            "ordered": ordered,
        }
    )


def _sellers(factory: Factory) -> list[str]:
    people = factory["salesperson"]
    stays = people["active_to"].isna() & (people["active_from"] <= START)
    return list(people.loc[stays, "sales"])


def _make_odd(factory: Factory, rng: np.random.Generator, orders: pd.DataFrame) -> None:
    """Turn some repeat orders into what must not count as a sale."""
    usual = np.flatnonzero((orders["opportunity"] == "") & (orders["ordered"] < CUTOFF - 3 * DAY))
    chosen = rng.choice(usual, sum(ODD.values()) * factory.scale, replace=False)
    parts = np.split(chosen, np.cumsum(list(ODD.values()))[:-1] * factory.scale)
    rows = dict(zip(ODD, parts, strict=True))
    orders.loc[rows["已取消"], "status"] = "已取消"
    orders.loc[rows["样品"], "sample"] = "是"
    orders.loc[rows["草稿"], "status"] = "草稿"
    orders.loc[rows["内部"], "internal"] = "是"
    orders.loc[rows["测试"], "test"] = "是"
    orders.loc[rows["调拨单"], "kind"] = "调拨单"  # stock transfers share the export; the mapping leaves them out


def _tags(factory: Factory, rng: np.random.Generator, orders: pd.DataFrame) -> np.ndarray:
    """A few orders carry the show that they were placed at or after, whatever the funnel says."""
    campaigns = factory["campaign"]
    shows = campaigns[(campaigns["channel"] == "trade_show") & ~campaigns["campaign"].isin(campaigns["parent"])]
    shows = shows.sort_values("first", kind="stable")
    first = shows["first"].to_numpy().astype("datetime64[s]")
    last = np.searchsorted(first, orders["ordered"].to_numpy().astype("datetime64[s]"), side="right") - 1
    near = (last >= 0) & (orders["ordered"].to_numpy() < first[np.maximum(last, 0)] + 75 * DAY)
    tagged = near & (rng.random(len(orders)) < TAG_SHARE * 2.5) & (orders["kind"] == "销售订单").to_numpy()
    return np.where(tagged, shows["campaign"].to_numpy()[np.maximum(last, 0)], "")


def _lines(factory: Factory, rng: np.random.Generator, orders: pd.DataFrame) -> pd.DataFrame:
    """Lines of quotes as they were accepted, drawn lines for the other orders; none for transfers."""
    place = pd.Series(np.arange(len(orders)), index=orders["order"])
    quoted = orders[orders["quote"] != ""]
    lines = factory["quote_line"]
    lines = lines.assign(owner=lines["quote"].map(pd.Series(place[quoted["order"]].to_numpy(), quoted["quote"])))
    lines = lines[lines["owner"].notna()].drop(columns="quote")
    free = np.flatnonzero((orders["quote"] == "") & (orders["kind"] != "调拨单"))
    customers = factory["customer"].set_index("customer").reindex(orders["customer"].iloc[free])
    kind = customer_kind(customers)
    budget = draw_budget(rng, kind, 2.7)
    sample = (orders["sample"].iloc[free] == "是").to_numpy()
    budget = np.where(sample, budget // 20, budget)
    drawn = draw_lines(
        rng, factory["product"], currency=customers["currency"].to_numpy(), kind=kind, budget=budget, consumables=2.0
    )
    drawn["owner"] = free[drawn["owner"]]
    columns = ["owner", "line", "product", "product_index", "quantity", "list_price", "percent", "unit_price", "net"]
    both = pd.concat([lines[columns], drawn[columns]], ignore_index=True)
    both = both.astype(dict.fromkeys([c for c in columns if c != "product"], "int64"))
    both = both.sort_values(["owner", "line"], kind="stable").reset_index(drop=True)
    owner = both["owner"].to_numpy()
    both.insert(0, "order", orders["order"].to_numpy()[owner])
    both["tax_percent"] = np.where(orders["currency"].to_numpy()[owner] == "CNY", 13, 0)
    both["tax"] = half_up(both["net"] * both["tax_percent"], 100)
    both["promised"] = _promises(factory, rng, orders, both)
    return both


def _promises(factory: Factory, rng: np.random.Generator, orders: pd.DataFrame, lines: pd.DataFrame) -> np.ndarray:
    """The day promised: one per order, longer for what is made to order; a few lines are promised for later."""
    owner, count = lines["owner"].to_numpy(), len(orders)
    price = factory["product"]["list_price"].to_numpy()[lines["product_index"]]
    dearest = np.zeros(count, dtype="int64")
    np.maximum.at(dearest, owner, price)
    shortest = np.select([dearest >= TO_ORDER, dearest >= 250_000], [28, 16], 7)
    days = shortest + rng.integers(0, shortest)
    confirmed = orders["confirmed"].fillna(orders["ordered"]).to_numpy().astype("datetime64[s]")
    later = np.where(rng.random(len(lines)) < 0.07, 10, 0)
    return workday(confirmed[owner] + (days[owner] + later) * DAY)
