"""Payments of the demo with their matching, and what orders cost beyond the goods."""

from __future__ import annotations

import numpy as np
import pandas as pd

from orchestration.examples.demo.fields import CUTOFF, DAY, Factory, codes, day_of, numbered, pick, stream
from orchestration.examples.demo.rates import in_cny
from orchestration.examples.demo.workdays import busy_days, workday

PATTERNS = ("full", "two", "advance", "retention", "slow")
PATTERN_SHARES = (0.5, 0.17, 0.2, 0.08, 0.05)
ON_ACCOUNT = 2
"""Payments at scale 1 that the factory holds for orders to come: matched to no invoice."""
REFUNDED = 0.5
"""Share of domestic credit notes on paid invoices that are paid back; the others are set off against other invoices."""


def build_payments(factory: Factory) -> None:
    """What customers paid, by transfer, and which invoices it settled."""
    rng = stream(factory.seed, "payments")
    owed = _owed(factory, rng)
    parts = [*_instalments(factory, rng, owed), _refunds(factory, rng)]
    matched = pd.concat([part for part in parts if len(part)], ignore_index=True)
    matched["paid"] = matched["paid"].astype("datetime64[s]")
    matched = matched[(matched["paid"] <= CUTOFF) & (matched["amount"] != 0)]
    matched = matched.sort_values(["paid", "customer", "invoice"], kind="stable").reset_index(drop=True)
    # what a customer pays on one day is one transfer; money paid back is another
    group = pd.MultiIndex.from_arrays(
        [matched["paid"], matched["customer"], matched["amount"] > 0, matched["alone"]]
    ).factorize()[0]
    matched["payment"] = codes("SK", int(group.max()) + 1, 5)[group]
    matched.insert(0, "allocation", codes("HX", len(matched), 5))
    payments = matched.groupby("payment", sort=True).agg(
        customer=("customer", "first"), paid=("paid", "first"), currency=("currency", "first"), amount=("amount", "sum")
    ).reset_index()  # fmt: skip
    payments = pd.concat([payments, _on_account(factory, rng, len(payments))], ignore_index=True)
    foreign = (payments["currency"] != "CNY").to_numpy()
    usual = pick(rng, ("电汇", "银行承兑汇票"), len(payments), (0.84, 0.16))
    payments["method"] = np.where(foreign, pick(rng, ("电汇", "信用证"), len(payments), (0.8, 0.2)), usual)
    payments["reference"] = numbered("", rng.integers(10**11, 10**12, len(payments)), 12).to_pandas()
    factory["payment"] = payments
    factory["allocation"] = matched[["allocation", "payment", "invoice", "amount", "paid"]]


def _owed(factory: Factory, rng: np.random.Generator) -> pd.DataFrame:
    """Invoices with what is to be paid: all of them, less what was credited and not paid back."""
    invoices = factory["invoice"]
    notes = invoices["kind"] == "红字发票"
    gross = invoices["net"] + invoices["tax"]
    owed = invoices[~notes].assign(gross=gross[~notes]).reset_index(drop=True)
    credit = invoices[notes].assign(gross=gross[notes])
    credit["refund"] = (credit["currency"] == "CNY") & (rng.random(len(credit)) < REFUNDED)
    place = pd.Index(owed["invoice"]).get_indexer(credit["reverses"])
    off = np.zeros(len(owed), dtype="int64")
    np.add.at(off, place, np.where(credit["refund"], 0, credit["gross"]))
    owed["owed"], owed["refunded"] = owed["gross"] - off, False
    owed.loc[place[credit["refund"].to_numpy()], "refunded"] = True
    factory.truth["credit"] = credit.reset_index(drop=True)
    return owed[owed["owed"] > 0].reset_index(drop=True)


def _instalments(factory: Factory, rng: np.random.Generator, owed: pd.DataFrame) -> list[pd.DataFrame]:
    """Each invoice in one, two or three parts; a part after the export does not exist yet."""
    count, orders = len(owed), factory["order"]
    drawn = rng.choice(len(PATTERNS), len(orders), p=PATTERN_SHARES)[owed["owner"]]
    pattern = np.asarray(PATTERNS, dtype=object)[drawn]
    pattern = np.where(owed["refunded"], "full", pattern)
    foreign = (owed["currency"] != "CNY").to_numpy()
    pattern = np.where(foreign & np.isin(pattern, ("retention", "slow")), "advance", pattern)
    delay = np.where(rng.random(count) < 0.3, -rng.integers(0, 8, count), rng.integers(0, 22, count))
    delay = np.where(pattern == "slow", rng.integers(60, 210, count), delay)
    due = owed["due"].to_numpy().astype("datetime64[s]")
    confirmed = day_of(orders["confirmed"].fillna(orders["ordered"]).to_numpy())[owed["owner"]]
    on = _pay_day(np.maximum(due + delay * DAY, owed["invoiced"].to_numpy() + 3 * DAY), foreign)
    later = _pay_day(on + rng.integers(25, 60, count) * DAY, foreign)
    after_a_year = _pay_day(owed["invoiced"].to_numpy() + rng.integers(366, 400, count) * DAY, foreign)
    early = np.minimum(workday(confirmed + rng.integers(1, 8, count) * DAY), owed["invoiced"].to_numpy())
    whole = owed["owed"].to_numpy()
    deposit, half, kept = whole * 3 // 10, whole * rng.integers(40, 75, count) // 100, whole // 20
    # banks on the way keep their fee, and nobody chases it
    fee = np.where(foreign & (rng.random(count) < 0.25), rng.integers(1_200, 3_600, count), 0)
    fee = np.where(fee * 20 < whole, fee, 0)
    bad = _bad_debts(factory, rng, owed)
    pattern[bad] = "none"
    base = owed[["invoice", "customer", "currency"]].assign(alone="")
    own = "定金" + owed["order"].to_numpy(dtype=object)

    def part(name: str, paid: np.ndarray, amount: np.ndarray, alone: object = "") -> pd.DataFrame:
        return base.assign(paid=paid, amount=amount, alone=alone)[pattern == name]

    return [
        part("full", on, whole - fee), part("slow", on, whole),
        part("two", on, half), part("two", later, whole - half - fee),
        part("advance", early, deposit, own), part("advance", on, whole - deposit - fee),
        part("retention", on, whole - kept), part("retention", after_a_year, kept),
    ]  # fmt: skip


def _pay_day(moments: np.ndarray, foreign: np.ndarray) -> np.ndarray:
    """Domestic customers pay on the 10th and 25th, or the working day after; so one transfer pays several invoices."""
    days = day_of(moments)
    month = days.astype("datetime64[M]")
    number = (days.astype("datetime64[D]") - month.astype("datetime64[D]")).astype("int64") + 1
    begin = month.astype("datetime64[D]").astype("datetime64[s]")
    following = (month + 1).astype("datetime64[D]").astype("datetime64[s]")
    run = np.where(number <= 10, begin + 9 * DAY, np.where(number <= 25, begin + 24 * DAY, following + 9 * DAY))
    return workday(np.where(foreign, days, run))


def _bad_debts(factory: Factory, rng: np.random.Generator, owed: pd.DataFrame) -> np.ndarray:
    """Small domestic invoices of the first year that will never be paid; written off among the order's costs."""
    small = owed["owed"].between(1_000_000, 12_000_000) & (owed["currency"] == "CNY") & ~owed["refunded"]
    old = np.flatnonzero(small & (owed["invoiced"] < CUTOFF - 330 * DAY))
    chosen = np.sort(rng.choice(old, min(len(old), factory.scale), replace=False))
    debts = owed.iloc[chosen]
    factory.truth["bad_debt"] = debts[["order", "owner", "invoice", "owed", "invoiced"]].reset_index(drop=True)
    factory.planted["bad_debts"] = debts["invoice"].tolist()
    return chosen


def _refunds(factory: Factory, rng: np.random.Generator) -> pd.DataFrame:
    """Money paid back for a credit note, once the invoice itself is paid."""
    credit = factory.truth["credit"]
    credit = credit[credit["refund"]]
    due = factory["invoice"].set_index("invoice")["due"].reindex(credit["reverses"]).to_numpy().astype("datetime64[s]")
    after = np.maximum(due, credit["invoiced"].to_numpy()) + rng.integers(45, 70, len(credit)) * DAY
    rows = credit[["invoice", "customer", "currency"]]
    return rows.assign(paid=workday(after), amount=-credit["gross"].to_numpy(), alone="退款")


def _on_account(factory: Factory, rng: np.random.Generator, known: int) -> pd.DataFrame:
    """Distributors' money for orders to come."""
    customers = factory["customer"]
    agents = customers[(customers["kind"] == "经销商") & (customers["agent"] != "")]["customer"].tolist()
    count = ON_ACCOUNT * factory.scale
    return pd.DataFrame(
        {
            "payment": codes("SK", count, 5, known + 1),
            "customer": pick(rng, agents, count),
            "paid": np.sort(busy_days(rng, count, 640, 725)),
            "currency": "CNY",
            "amount": rng.integers(5, 40, count) * 1_000_000,
        }
    )


def build_order_costs(factory: Factory) -> None:
    """Commissions, rebates, sea freight, fees of tenders, and bad debts, all in the company's currency."""
    rng = stream(factory.seed, "order_costs")
    orders = factory["order"]
    value = np.zeros(len(orders), dtype="int64")
    np.add.at(value, factory["order_line"]["owner"].to_numpy(), factory["order_line"]["net"].to_numpy())
    value = in_cny(factory, value, orders["currency"], orders["ordered"])
    confirmed = day_of(orders["confirmed"].fillna(orders["ordered"]).to_numpy())
    sale = (orders["kind"] == "销售订单") & orders["status"].isin(["已确认", "已关闭"])
    sale &= (orders["sample"] == "否") & (orders["test"] == "否") & (orders["internal"] == "否")
    agent, won = orders["agent"] != "", orders["opportunity"] != ""
    tender = won & ~agent & (orders["currency"] == "CNY") & (value > 20_000_000) & (rng.random(len(orders)) < 0.4)

    def thousandths(low: int, high: int) -> np.ndarray:
        return np.asarray(value * rng.integers(low, high, len(orders)) // 1000)

    parts = [
        _share(orders, sale & ~agent, "销售提成", confirmed + 35 * DAY, thousandths(12, 24)),
        _share(orders, sale & agent, "经销返利", confirmed + 80 * DAY, thousandths(20, 46)),
        _share(orders, tender & sale, "招标服务费", confirmed + 4 * DAY, thousandths(5, 11)),
    ]
    sea = factory["shipment"][factory["shipment"]["by_sea"]]
    billed = workday(sea["shipped"].to_numpy() + 6 * DAY)
    parts.append(pd.DataFrame({"order": sea["order"], "kind": "海运费", "day": billed, "amount": sea["freight"]}))
    debt = factory.truth["bad_debt"]
    written_off = workday(debt["invoiced"].to_numpy() + 300 * DAY)
    parts.append(pd.DataFrame({"order": debt["order"], "kind": "坏账", "day": written_off, "amount": debt["owed"]}))
    costs = pd.concat(parts, ignore_index=True)
    costs["day"] = costs["day"].astype("datetime64[s]")
    costs = costs[(costs["day"] <= CUTOFF) & (costs["amount"] > 0)]
    costs = costs.sort_values(["day", "order", "kind"], kind="stable").reset_index(drop=True)
    costs.insert(0, "cost", codes("DF", len(costs), 5))
    costs["document"] = numbered("PZ", np.arange(1, len(costs) + 1) * 3 + 1_000, 6).to_pandas()
    factory["order_cost"] = costs


def _share(orders: pd.DataFrame, chosen: pd.Series, kind: str, days: np.ndarray, amount: np.ndarray) -> pd.DataFrame:
    rows, names = chosen.to_numpy(), orders["order"].to_numpy(dtype=object)
    return pd.DataFrame({"order": names[rows], "kind": kind, "day": workday(days[rows]), "amount": amount[rows]})
