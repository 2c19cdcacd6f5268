"""Sell-in, sell-out and the stock between them, worked out from the demo's raw files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pandas as pd

from tests.oracles.demo_facts import AS_OF
from tests.oracles.demo_orders import OrderDemo
from tests.oracles.demo_rows import Row, erp, frame, lineage
from tests.oracles.exact import rounded, total
from tests.oracles.marts_customers import MONTHS, period_after, period_start
from tests.oracles.marts_delivery import return_facts, shipment_line_facts
from tests.oracles.marts_dims import dim_distributor

Key = tuple[str | None, str | None, date]
"""Distributor, product, month."""
ZERO = Decimal(0)


def own_orders(demo: OrderDemo) -> dict[str | None, str]:
    """Order that goes to a distributor's own account → the distributor; each account of the demo is one's only."""
    account = {row["distributor_id"]: row["account_id"] for row in dim_distributor(demo).to_dict("records")}
    owner = {account_id: distributor for distributor, account_id in account.items()}
    assert len(owner) == len(account)
    found = {}
    for number, order in demo.orders.items():
        if order["account"] in owner:
            assert erp(order["经销商"]) == owner[order["account"]], "the demo's distributors order for themselves"
            found[erp(number)] = owner[order["account"]]
    return found


def moved(demo: OrderDemo) -> tuple[dict[Key, Decimal], dict[Key, Decimal]]:
    """What was delivered and what came back, of orders that count."""
    buyer = own_orders(demo)
    delivered: dict[Key, Decimal] = defaultdict(Decimal)
    returned: dict[Key, Decimal] = defaultdict(Decimal)
    for facts, day, sums in (
        (shipment_line_facts(demo), "delivered_on", delivered),
        (return_facts(demo), "returned_on", returned),
    ):
        for row in facts.to_dict("records"):
            if row["order_id"] in buyer and not row["is_excluded"] and row[day]:
                sums[buyer[row["order_id"]], row["product_id"], row[day].replace(day=1)] += row["quantity"]
    return delivered, returned


def sold_out(demo: OrderDemo) -> dict[Key, Decimal]:
    """The distributors' reports."""
    sums: dict[Key, Decimal] = defaultdict(Decimal)
    for row in demo.rows.reports:
        sums[erp(row["经销商编码"]), erp(row["产品编码"]), row["月份"]] += row["本月销售"]
    return sums


def distributor_stock_month(demo: OrderDemo) -> pd.DataFrame:
    """Month by month, by counting on."""
    delivered, returned = moved(demo)
    sold = sold_out(demo)
    reported: dict[str | None, set[date]] = defaultdict(set)
    for distributor, _, month in sold:
        reported[distributor].add(month)
    months: dict[tuple[str | None, str | None], set[date]] = defaultdict(set)
    for distributor, product, month in delivered.keys() | returned.keys() | sold.keys():
        months[distributor, product].add(month)
    declared = {erp(row["经销商编码"]): row for row in demo.rows.erp("distributors", "经销商")}
    rows: list[Row] = []
    for (distributor, product), known in months.items():
        stock = lowest = in_so_far = out_so_far = ZERO
        before: list[tuple[Decimal, Decimal | None]] = []
        for month in _every(min(known), max(*known, AS_OF.replace(day=1))):
            key = (distributor, product, month)
            sell_in = delivered.get(key, ZERO) - returned.get(key, ZERO)
            is_reported = month in reported[distributor]
            since = list(_every(min(reported[distributor]), month))
            is_covered = is_reported and all(one in reported[distributor] for one in since)
            sell_out = sold.get(key, ZERO) if is_reported else None
            before.append((sell_in, sell_out))
            if is_covered:
                assert sell_out is not None
                stock += sell_in - sell_out
                in_so_far, out_so_far = in_so_far + sell_in, out_so_far + sell_out
                lowest = min(lowest, stock)
            three = before[-3:] if is_covered and len(since) >= 3 else None
            rows.append(
                {
                    "distributor_id": distributor,
                    "product_id": product,
                    "month": month,
                    "is_reported": is_reported,
                    "is_covered": is_covered,
                    "delivered_quantity": delivered.get(key, ZERO),
                    "returned_quantity": returned.get(key, ZERO),
                    "sell_in_quantity": sell_in,
                    "sell_out_quantity": sell_out,
                    "stock_change_quantity": stock if is_covered else None,
                    "opening_at_least_quantity": -lowest if is_covered else None,
                    "stock_quantity": stock - lowest if is_covered else None,
                    "sell_through_rate": _share(out_so_far, in_so_far) if is_covered else None,
                    **_three_months(three, stock - lowest),
                    **lineage(declared[distributor]),
                }
            )
    return frame(rows)


def _three_months(months: list[tuple[Decimal, Decimal | None]] | None, stock: Decimal) -> Row:
    names = "sell_in_3m_quantity sell_out_3m_quantity excess_3m_quantity sell_in_per_sell_out_3m stock_months"
    if months is None:
        return dict.fromkeys(names.split())
    sell_in, sell_out = total(come for come, _ in months), total(gone or ZERO for _, gone in months)
    return {
        "sell_in_3m_quantity": sell_in,
        "sell_out_3m_quantity": sell_out,
        "excess_3m_quantity": sell_in - sell_out,
        "sell_in_per_sell_out_3m": _share(sell_in, sell_out),
        "stock_months": _share(3 * stock, sell_out) if sell_out > 0 else None,
    }


def _share(part: Decimal, whole: Decimal) -> Decimal | None:
    return rounded(Fraction(part) / Fraction(whole), 8) if whole > 0 else None


def _every(first: date, last: date) -> Iterable[date]:
    while first <= last:
        yield first
        first = period_after(first, "month")


def distributor_stock_period(demo: OrderDemo) -> pd.DataFrame:
    """Sums of the last closed month of each period."""
    files = demo.facts.files.products()
    family = {erp(number): name for number, name in zip(files["产品编码"], files["系列"], strict=True)}
    assert period_after(AS_OF.replace(day=1), "month") - AS_OF == timedelta(days=1), "the demo's last month is over"
    known = [row for row in distributor_stock_month(demo).to_dict("records") if row["sell_out_3m_quantity"] is not None]
    latest = max(row["month"] for row in known)
    sums: dict[tuple[object, ...], list[Row]] = defaultdict(list)
    for row in known:
        ends: list[tuple[str, date | None]] = [
            (kind, period_start(row["month"], kind))
            for kind in MONTHS
            if period_after(row["month"], "month") == period_after(period_start(row["month"], kind), kind)
        ]
        if row["month"] == latest:
            ends.append(("all", None))
        for kind, start in ends:
            for cut, member in {
                "total": (None, None, None),
                "distributor": (row["distributor_id"], None, None),
                "product": (None, row["product_id"], None),
                "product_family": (None, None, family[row["product_id"]]),
            }.items():
                sums[cut, kind, start, row["month"], *member].append(row)
    return frame(
        [
            {
                **dict(zip(("cut", "period_kind", "period_start", "closing_month"), key, strict=False)),
                **dict(zip(("distributor_id", "product_id", "product_family"), key[4:], strict=True)),
                "stock_quantity": total(row["stock_quantity"] for row in rows),
                "three_times_stock": 3 * total(row["stock_quantity"] for row in rows),
                "sell_out_3m_quantity": total(row["sell_out_3m_quantity"] for row in rows),
                "cells": len(rows),
            }
            for key, rows in sums.items()
        ]
    )
