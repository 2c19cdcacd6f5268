"""The distributor matrix from the demo's raw files: each axis by exact sums, its rating, the segment and the words."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal, localcontext
from fractions import Fraction
from statistics import median
from typing import NamedTuple

import pandas as pd

from tests.oracles.demo_documents import Documents
from tests.oracles.demo_facts import AS_OF
from tests.oracles.demo_rows import Row, erp, frame
from tests.oracles.exact import rounded, total
from tests.oracles.marts_customers import period_after
from tests.oracles.marts_finance import invoice_line_facts
from tests.oracles.marts_party import distributor_month

LAST_CLOSED = date(2025, 12, 1)  # the as-of date is the last day of its month
assert date(2025, 12, 31) == AS_OF
LEAST_MONTHS, LEAST_ORDERS = 6, 3
GROWTH, VARIATION, CONCENTRATION = Decimal(0), Decimal("1.5"), Decimal("0.6")
SEGMENTS = {  # label and rule in Chinese, rule in English
    "core": (
        "核心",
        "规模大，且增长、利润率、稳定性中至多一项偏低",
        "large, and at most one of growth, margin and stability is low",
    ),
    "growing": ("成长", "规模小但在增长，产品系列分散", "small and growing, on several product families"),
    "at_risk": (
        "承压",
        "规模大，但增长、利润率、稳定性中至少两项偏低",
        "large, but at least two of growth, margin and stability are low",
    ),
    "small": ("长尾", "规模小且未增长", "small and not growing"),
    "one_legged": ("单一依赖", "依赖单一产品系列", "hangs on one product family"),
}
NAMES = {"at_risk": "at risk", "one_legged": "one-legged", "not_rated": "not rated"}


class Span(NamedTuple):
    """Months looked at, and whether the books hold the same months a year before."""

    kind: str
    first: date
    last: date
    is_before_covered: bool


def distributor_matrix(documents: Documents) -> pd.DataFrame:
    """Every distributor in every span."""
    months: dict[str, list[Row]] = defaultdict(list)
    for row in distributor_month(documents.demo).to_dict("records"):
        months[row["distributor_id"]].append(row)
    products = documents.demo.facts.files.products()
    family_of = {erp(number): family for number, family in zip(products["产品编码"], products["系列"], strict=True)}
    lines = [
        {**row, "month": row["invoiced_on"].replace(day=1), "family": family_of[row["product_id"]]}
        for row in invoice_line_facts(documents).to_dict("records")
        if not row["is_excluded"]
    ]
    begin = min(
        *(row["month"] for row in lines), *(row["ordered_on"].replace(day=1) for row in documents.orders.values())
    )
    rows: list[Row] = []
    for span in _spans([row["month"] for known in months.values() for row in known], begin):
        here = [
            _axes(span, name, known, [line for line in lines if line["distributor_id"] == name])
            for name, known in months.items()
            if any(span.first <= row["month"] <= span.last for row in known)
        ]
        rows += _rated(here, begin, span)
    return frame(rows)


def _spans(months: list[date], begin: date) -> list[Span]:
    spans = [("last_12_months", period_after(LAST_CLOSED, "month", -11), LAST_CLOSED)]
    for year in sorted({month.year for month in months if month <= LAST_CLOSED}):
        spans.append(("fiscal_year", date(year, 1, 1), min(date(year, 12, 1), LAST_CLOSED)))
    return [
        Span(kind, max(first, begin), last, begin <= period_after(first, "month", -12)) for kind, first, last in spans
    ]


def _axes(span: Span, distributor: str, months: list[Row], lines: list[Row]) -> Row:
    before_first, before_last = (period_after(month, "month", -12) for month in (span.first, span.last))
    now = [row for row in months if span.first <= row["month"] <= span.last]
    before = [row for row in months if before_first <= row["month"] <= before_last] if span.is_before_covered else []
    sold = [line for line in lines if span.first <= line["month"] <= span.last]
    net = total(row["net_invoiced"] for row in now)
    net_before = total(row["net_invoiced"] for row in before) if span.is_before_covered else None
    contribution = total(row["contribution"] for row in now)
    families: dict[str, Decimal] = defaultdict(Decimal)
    for line in sold:
        families[line["family"]] += line["net_invoiced"]
    families = {name: amount for name, amount in families.items() if amount > 0}
    whole = Fraction(total(families.values()))
    largest = min(families, key=lambda name: (-families[name], name)) if families else None
    steady = len(now) >= LEAST_MONTHS and net > 0
    return {
        "distributor_id": distributor,
        "span": span.kind,
        "first_month": span.first,
        "last_month": span.last,
        "net_invoiced": net,
        "orders": len({line["order_id"] for line in sold}),
        "net_invoiced_before": net_before,
        "orders_before": len({line["order_id"] for line in lines if before_first <= line["month"] <= before_last})
        if span.is_before_covered
        else None,
        "growth": rounded(Fraction(net) / Fraction(net_before) - 1, 8) if net_before and net_before > 0 else None,
        "contribution": contribution,
        "margin_rate": rounded(Fraction(contribution) / Fraction(net), 8) if net > 0 else None,
        "costed_lines": sum(line["cogs"] is not None for line in sold),
        "line_count": len(sold),
        "variation_coefficient": _variation([row["net_invoiced"] for row in now]) if steady else None,
        "months": len(now),
        "active_months": sum(row["order_count"] > 0 for row in now),
        "largest_family": largest,
        "largest_family_share": rounded(Fraction(families[largest]) / whole, 8) if largest else None,
        "family_hhi": rounded(sum((Fraction(amount) / whole) ** 2 for amount in families.values()), 6)
        if families
        else None,
        "families": len(families),
    }


def _variation(amounts: list[Decimal]) -> Decimal:
    mean = Fraction(total(amounts)) / len(amounts)
    squares = sum((Fraction(amount) / mean - 1) ** 2 for amount in amounts) / len(amounts)
    with localcontext() as context:
        context.prec = 40
        return rounded((Decimal(squares.numerator) / Decimal(squares.denominator)).sqrt(), 6)


def _rated(rows: list[Row], begin: date, span: Span) -> list[Row]:
    size = rounded(median(Fraction(row["net_invoiced"]) for row in rows), 2)
    margin = rounded(median(Fraction(row["margin_rate"]) for row in rows if row["margin_rate"] is not None), 8)
    for row in rows:
        row["rated_among"], row["size_threshold"], row["margin_threshold"] = len(rows), size, margin
        is_high = {
            "size": row["net_invoiced"] >= size,
            "growth": None if row["growth"] is None else row["growth"] >= GROWTH,
            "margin": None if row["margin_rate"] is None else row["margin_rate"] >= margin,
            "stability": None if row["variation_coefficient"] is None else row["variation_coefficient"] <= VARIATION,
            "concentration": None
            if row["largest_family_share"] is None
            else row["largest_family_share"] >= CONCENTRATION,
        }
        for axis, high in is_high.items():
            row[f"{axis}_rating"] = None if high is None else "high" if high else "low"
        missing_en, missing_zh = _missing(row, begin, span)
        row["is_rated"] = not missing_en
        row["segment"] = _segment(is_high) if row["is_rated"] else "not_rated"
        row["segment_en"] = NAMES.get(row["segment"], row["segment"])
        if row["is_rated"]:
            row["segment_zh"], rule_zh, rule_en = SEGMENTS[row["segment"]]
            axes_en, axes_zh = _words(row)
            row["reason_en"], row["reason_zh"] = f"{rule_en}: {axes_en}", f"{rule_zh}：{axes_zh}"
        else:
            row["segment_zh"] = "未评级"
            row["reason_en"] = "not rated because " + "; ".join(missing_en)
            row["reason_zh"] = "未评级，因为" + "；".join(missing_zh)
    return rows


def _segment(is_high: dict[str, bool | None]) -> str:
    if not is_high["size"] and not is_high["growth"]:
        return "small"
    if is_high["concentration"]:
        return "one_legged"
    if not is_high["size"]:
        return "growing"
    return "at_risk" if [is_high["growth"], is_high["margin"], is_high["stability"]].count(False) >= 2 else "core"


def _missing(row: Row, begin: date, span: Span) -> tuple[list[str], list[str]]:
    found = []
    if row["orders"] < LEAST_ORDERS:
        found.append((f"orders invoiced: {row['orders']} of at least 3", f"开票订单 {row['orders']} 个，至少需 3 个"))
    if not span.is_before_covered:
        found.append(
            (
                f"the books begin {begin} and do not cover the same months a year before",
                f"账簿始于 {begin}，未覆盖上年同期",
            )
        )
    elif row["growth"] is None:
        found.append(("nothing was invoiced in the same months a year before", "上年同期没有开票"))
    if row["margin_rate"] is None:
        found.append(("the margin is not known", "利润率未知"))
    if row["variation_coefficient"] is None:
        found.append(
            (
                f"months looked at: {row['months']} of at least 6, or their mean is not above 0",
                f"观察 {row['months']} 个月，至少需 6 个月，且均值须大于 0",
            )
        )
    if row["largest_family"] is None:
        found.append(("the product family of nothing invoiced is known", "开票产品的系列未知"))
    return [en for en, _ in found], [zh for _, zh in found]


def _words(row: Row) -> tuple[str, str]:
    def percent(share: Decimal) -> str:
        return f"{rounded(share * 100, 1)}%"

    growth, margin, share = percent(row["growth"]), percent(row["margin_rate"]), percent(row["largest_family_share"])
    variation, least = rounded(row["variation_coefficient"], 2), percent(row["margin_threshold"])
    return (
        f"size {row['net_invoiced']}, large from {row['size_threshold']}; growth {growth}, growing from 0.0%; margin "
        f"{margin}, high from {least}; variation {variation}, steady up to 1.50; {row['largest_family']} {share}, "
        "one-sided from 60.0%",
        f"规模 {row['net_invoiced']}（{row['size_threshold']} 起为大）；增长 {growth}（0.0% 起为增长）；利润率 {margin}"
        f"（{least} 起为高）；变异系数 {variation}（1.50 以内为稳定）；{row['largest_family']} 占 {share}"
        "（60.0% 起为集中）",
    )
