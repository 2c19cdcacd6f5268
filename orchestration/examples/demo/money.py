"""Payment-to-profit loop of the demo: invoices, credit notes, payments with their matching, and costs of orders."""

from __future__ import annotations

import numpy as np
import pandas as pd

from orchestration.examples.demo.fields import CUTOFF, DAY, Factory, codes, day_of, half_up, pick, stream


def build_invoices(factory: Factory) -> None:
    """One invoice per shipment of a sale, some days later; credit notes for goods that came back."""
    rng = stream(factory.seed, "invoices")
    orders = factory["order"].set_index("order")
    price = factory["order_line"].set_index(["order", "line"])
    headers = factory["shipment"]
    billable = orders.reindex(headers["order"])
    headers = headers[(billable["sample"].to_numpy() == "否") & (billable["test"].to_numpy() == "否")].reset_index(
        drop=True
    )
    headers["invoiced"] = day_of(headers["shipped"]) + rng.integers(0, 8, len(headers)) * DAY
    headers = (
        headers[headers["invoiced"] <= CUTOFF]
        .sort_values(["invoiced", "shipment"], kind="stable")
        .reset_index(drop=True)
    )
    headers["invoice"] = codes("FP", len(headers), 5)
    headers["kind"], headers["reverses"] = "蓝字发票", ""

    lines = factory["shipment_line"].merge(headers[["shipment", "invoice", "invoiced"]], on="shipment")
    at = price.reindex(pd.MultiIndex.from_frame(lines[["order", "line"]]))
    standard = factory["product"].set_index("product")["standard_cost"].reindex(lines["product"]).to_numpy()
    lines["unit_price"], lines["tax_percent"] = at["unit_price"].to_numpy(), at["tax_percent"].to_numpy()
    unit_cost = standard * rng.integers(95, 110, len(lines)) // 100
    # the ERP has costed most domestic lines; the rest must fall back on the lot or the standard cost
    domestic = orders["currency"].reindex(lines["order"]).to_numpy() == "CNY"
    lines["unit_cost"] = np.where((rng.random(len(lines)) < 0.8) & domestic, unit_cost, -1)
    credit = _credit_notes(factory, rng, headers, lines)
    all_lines = pd.concat([lines, credit], ignore_index=True)
    all_lines["net"] = all_lines["quantity"] * all_lines["unit_price"]
    all_lines["tax"] = half_up(all_lines["net"] * all_lines["tax_percent"], 100)
    all_lines["cost"] = np.where(all_lines["unit_cost"] < 0, -1, all_lines["unit_cost"] * all_lines["quantity"])
    all_lines["number"] = all_lines.groupby("invoice", sort=False).cumcount() + 1
    notes = credit.drop_duplicates("invoice")[["invoice", "order", "invoiced", "reverses"]].assign(kind="红字发票")
    invoices = pd.concat([headers[["invoice", "order", "invoiced", "kind", "reverses"]], notes], ignore_index=True)
    totals = all_lines.groupby("invoice")[["net", "tax"]].sum()
    invoices[["net", "tax"]] = totals.reindex(invoices["invoice"]).to_numpy()
    invoices["customer"] = orders["customer"].reindex(invoices["order"]).to_numpy()
    invoices["currency"] = orders["currency"].reindex(invoices["order"]).to_numpy()
    invoices["due"] = invoices["invoiced"] + pd.to_timedelta(rng.choice([30, 60, 90], len(invoices)), unit="D")
    factory["invoice"] = invoices.sort_values(["invoiced", "invoice"], kind="stable")
    factory["invoice_line"] = all_lines.drop(columns=["shipment", "owner"]).sort_values(
        ["invoice", "number"], kind="stable"
    )


def _credit_notes(
    factory: Factory, rng: np.random.Generator, headers: pd.DataFrame, lines: pd.DataFrame
) -> pd.DataFrame:
    """Goods returned 10 to 40 days after the invoice: one line, one piece or all of them, its own red invoice."""
    old = lines[lines["invoiced"] < CUTOFF - 45 * DAY]
    chosen = old.iloc[np.sort(rng.choice(len(old), 7 * factory.scale, replace=False))].drop_duplicates("invoice").copy()
    chosen["quantity"] = np.where(rng.random(len(chosen)) < 0.6, 1, chosen["quantity"])
    chosen["reverses"] = chosen["invoice"]
    chosen["invoice"] = codes("HZ", len(chosen), 4)
    back = chosen["invoiced"] + pd.to_timedelta(rng.integers(10, 40, len(chosen)), unit="D")
    chosen["invoiced"] = back
    returned = back - pd.to_timedelta(rng.integers(1, 6, len(chosen)), unit="D")
    factory["sales_return"] = chosen[["order", "line", "quantity", "unit_price"]].assign(
        returned=returned.to_numpy(), reason=pick(rng, ("质量问题", "发错货", "客户取消"), len(chosen))
    )
    factory["sales_return"].insert(0, "return", codes("TH", len(chosen), 4))
    return chosen


def build_payments(factory: Factory) -> None:
    """Full, partial and open payments, advances before the invoice, and one transfer that pays two invoices."""
    rng = stream(factory.seed, "payments")
    invoices = factory["invoice"]
    orders = factory["order"].set_index("order")
    owed = invoices[invoices["kind"] == "蓝字发票"].copy()
    credited = invoices[invoices["kind"] == "红字发票"].groupby("reverses")[["net", "tax"]].sum().sum(axis=1)
    owed["gross"] = owed["net"] + owed["tax"] - credited.reindex(owed["invoice"]).fillna(0).to_numpy().astype("int64")
    owed = owed[owed["gross"] > 0].reset_index(drop=True)
    roll = rng.random(len(owed))
    wait = pd.to_timedelta(rng.integers(5, 95, len(owed)), unit="D")
    full_on, pattern = owed["invoiced"] + wait, np.where(roll < 0.6, "full", np.where(roll < 0.78, "two", "open"))
    advance = (roll > 0.9) | (rng.random(len(owed)) < 0.08)
    pattern = np.where(advance, "advance", pattern)
    # one transfer for both invoices of an order
    together = (rng.random(len(orders)) < 0.5)[pd.Index(orders.index).get_indexer(owed["order"])] & (pattern == "full")
    latest = full_on.where(together).groupby(owed["order"]).transform("max")
    full_on = full_on.where(~together, latest)
    confirmed = pd.Series(day_of(orders["confirmed"].reindex(owed["order"]).to_numpy().astype("datetime64[s]")))
    first_part = owed["gross"] * rng.integers(25, 75, len(owed)) // 100
    early = confirmed + pd.to_timedelta(rng.integers(1, 6, len(owed)), unit="D")
    parts = [
        owed.assign(paid=full_on, amount=owed["gross"])[pattern == "full"],
        owed.assign(paid=full_on, amount=first_part)[pattern == "two"],
        owed.assign(paid=full_on + pd.Timedelta(31, "D"), amount=owed["gross"] - first_part)[pattern == "two"],
        owed.assign(paid=early, amount=first_part)[pattern == "advance"],
        owed.assign(paid=full_on, amount=owed["gross"] - first_part)[pattern == "advance"],
    ]
    matched = pd.concat(parts, ignore_index=True)
    matched["paid"] = matched["paid"].astype("datetime64[s]")
    matched = matched[matched["paid"] <= CUTOFF].sort_values(["paid", "invoice"], kind="stable").reset_index(drop=True)
    group = matched.groupby(["customer", "paid", "order"], sort=False).ngroup()
    matched["payment"] = codes("SK", int(group.max()) + 1, 5)[group]
    matched.insert(0, "allocation", codes("HX", len(matched), 5))
    payments = matched.groupby("payment", sort=True).agg(
        customer=("customer", "first"), paid=("paid", "first"), currency=("currency", "first"), amount=("amount", "sum")
    )
    payments = payments.reset_index()
    payments["method"] = pick(rng, ("电汇", "承兑汇票", "信用证"), len(payments), (0.8, 0.12, 0.08))
    factory["payment"], factory["allocation"] = payments, matched[["allocation", "payment", "invoice", "amount"]]


def build_order_costs(factory: Factory) -> None:
    """Commissions, rebates to distributors and one bad debt, all in the company's currency."""
    rng = stream(factory.seed, "order_costs")
    orders = factory["order"]
    sold = orders[
        (orders["kind"] == "销售订单") & orders["status"].isin(["已确认", "已关闭"]) & (orders["sample"] == "否")
    ]
    sold = sold[(sold["test"] == "否") & (sold["internal"] == "否")]
    commission = sold[sold["opportunity"] != ""].assign(kind="销售提成", days=5, low=20_000, high=260_000)
    rebate = sold[sold["agent"] != ""].assign(kind="经销返利", days=20, low=50_000, high=400_000)
    debt = (
        sold[sold["ordered"] < CUTOFF - 300 * DAY]
        .iloc[3 : 3 + factory.scale]
        .assign(kind="坏账", days=270, low=90_000, high=90_001)
    )
    costs = pd.concat([commission, rebate, debt], ignore_index=True)
    costs["day"] = day_of(costs["confirmed"]) + costs["days"].to_numpy() * DAY
    costs["amount"] = rng.integers(costs["low"].to_numpy(), costs["high"].to_numpy())
    costs = costs[costs["day"] <= CUTOFF].sort_values(["day", "order", "kind"], kind="stable").reset_index(drop=True)
    costs.insert(0, "cost", codes("DF", len(costs), 5))
    factory["order_cost"] = costs[["cost", "order", "kind", "day", "amount"]]


def build_tickets(factory: Factory) -> None:
    """Service on what was delivered: installations, complaints, repairs and one adverse event."""
    rng = stream(factory.seed, "tickets")
    shipped = factory["shipment_line"].merge(factory["order"][["order", "customer"]], on="order")
    chosen = shipped[rng.random(len(shipped)) < 0.22]
    count = len(chosen)
    opened = chosen["shipped"].to_numpy() + (rng.integers(4 * 86_400, 120 * 86_400, count)).astype("timedelta64[s]")
    kind = pick(rng, ("安装", "投诉", "维修", "不良事件"), count, (0.45, 0.2, 0.32, 0.03))
    closed = opened + rng.integers(86_400, 20 * 86_400, count).astype("timedelta64[s]")
    warranty = rng.random(count) < 0.8
    tickets = pd.DataFrame(
        {
            "customer": chosen["customer"].to_numpy(),
            "order": chosen["order"].to_numpy(),
            "product": chosen["product"].to_numpy(),
            "lot": chosen["lot"].to_numpy(),
            "serial": chosen["serial"].to_numpy(),
            "kind": kind,
            "opened": opened,
            "closed": pd.Series(closed).where(pd.Series(closed) <= CUTOFF),
            "parts": np.where(kind == "维修", rng.integers(5_000, 320_000, count), 0),
            "labour": rng.integers(8_000, 60_000, count),
            "travel": rng.integers(0, 120_000, count),
            "warranty": warranty.astype("int64"),
        }
    )
    tickets["recovered"] = np.where(warranty, 0, (tickets["parts"] + tickets["labour"]) // 2)
    tickets = tickets[tickets["opened"] <= CUTOFF].sort_values(["opened", "lot"], kind="stable").reset_index(drop=True)
    tickets.insert(0, "ticket", codes("FW", len(tickets), 5))
    factory["ticket"] = tickets
