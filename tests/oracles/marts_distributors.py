"""Distributors' shares of the company and how steady they are, worked out from the demo's raw files."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal, localcontext
from fractions import Fraction

import pandas as pd

from tests.oracles.demo_documents import Documents
from tests.oracles.demo_facts import AS_OF
from tests.oracles.demo_rows import Row, frame
from tests.oracles.exact import rounded, total
from tests.oracles.marts_attribution import order_measure
from tests.oracles.marts_customers import MONTHS, period_after, period_start
from tests.oracles.marts_party import distributor_month

MEASURE = {"invoiced": "net_invoiced", "contribution": "contribution", "collected": "collected"}
LEAST_MONTHS, WINDOW = 6, 12


def distributor_share(documents: Documents) -> pd.DataFrame:
    """Per distributor, and all of them together, by period of posting."""
    company: dict[tuple[str, date | None], dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    parts: dict[tuple[str, str, date | None, str | None], dict[str, Decimal]] = defaultdict(
        lambda: defaultdict(Decimal)
    )
    orders: dict[tuple[str, str, date | None, str | None], set[str]] = defaultdict(set)
    for row in order_measure(documents).to_dict("records"):
        if row["measure"] not in MEASURE or row["posted_on"] > AS_OF:
            continue
        for kind in (*MONTHS, "all"):
            start = None if kind == "all" else period_start(row["posted_on"], kind)
            company[kind, start][MEASURE[row["measure"]]] += row["amount"]
            if row["distributor_id"]:
                for key in (("total", kind, start, None), ("distributor", kind, start, row["distributor_id"])):
                    parts[key][MEASURE[row["measure"]]] += row["amount"]
                    orders[key].add(row["order_id"])
    return frame(
        [
            {
                "cut": key[0],
                "period_kind": key[1],
                "period_start": key[2],
                "distributor_id": key[3],
                "orders": len(orders[key]),
                **{name: sums[name] for name in MEASURE.values()},
                **{f"company_{name}": company[key[1], key[2]][name] for name in MEASURE.values()},
            }
            for key, sums in parts.items()
        ]
    )


def distributor_stability(documents: Documents) -> pd.DataFrame:
    """Twelve months up to each closed month, by exact sums; only the root is not."""
    months: dict[str, dict[date, Row]] = defaultdict(dict)
    for row in distributor_month(documents.demo).to_dict("records"):
        if period_after(row["month"], "month") - timedelta(days=1) <= AS_OF:
            months[row["distributor_id"]][row["month"]] = row
    rows: list[Row] = []
    sums: dict[date, list[Decimal]] = defaultdict(list)
    for distributor, known in months.items():
        for last in known:
            first = period_after(last, "month", 1 - WINDOW)
            window = [known[month] for month in sorted(known) if first <= month <= last]
            amounts = [row["net_invoiced"] for row in window]
            whole = total(amounts)
            if whole > 0:
                sums[last].append(whole)
            told = len(window) >= LEAST_MONTHS and whole > 0
            rows.append(
                _row(
                    cut="distributor",
                    period_start=last,
                    distributor_id=distributor,
                    months=len(window),
                    active_months=sum(row["order_count"] > 0 for row in window),
                    net_invoiced=whole,
                    variation_coefficient=_variation(amounts) if told else None,
                    monthly_trend=_trend(amounts) if told else None,
                )
            )
    for last, amounts in sums.items():
        whole = total(amounts)
        index = rounded(sum(Fraction(amount) ** 2 for amount in amounts) / Fraction(whole) ** 2, 6)
        rows.append(
            _row(
                cut="total",
                period_start=last,
                net_invoiced=whole,
                concentration_index=index,
                distributors=len(amounts),
            )
        )
    return frame(rows)


def _row(**known: object) -> Row:
    names = "distributor_id months active_months variation_coefficient monthly_trend concentration_index distributors"
    return {"period_kind": "month", **dict.fromkeys(names.split()), **known}


def _variation(amounts: list[Decimal]) -> Decimal:
    mean = Fraction(total(amounts)) / len(amounts)
    ratio = sum((Fraction(amount) - mean) ** 2 for amount in amounts) / len(amounts) / mean**2
    with localcontext() as context:
        context.prec = 40
        return rounded((Decimal(ratio.numerator) / Decimal(ratio.denominator)).sqrt(), 6)


def _trend(amounts: list[Decimal]) -> Decimal:
    """Least squares over 0, 1, 2 …, to the mean."""
    count, mean = len(amounts), Fraction(total(amounts)) / len(amounts)
    middle = Fraction(count - 1, 2)
    slope = sum((place - middle) * (Fraction(amount) - mean) for place, amount in enumerate(amounts))
    return rounded(slope / sum((place - middle) ** 2 for place in range(count)) / mean, 6)
