"""Products bought together, counted from the demo's raw files; the chance of it in exact fractions."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from itertools import combinations, permutations
from math import comb

import pandas as pd

from tests.oracles.demo_orders import OrderDemo
from tests.oracles.demo_rows import frame
from tests.oracles.exact import rounded
from tests.oracles.marts_orders import order_line_facts

LEAST = 5


def product_affinity(demo: OrderDemo) -> pd.DataFrame:
    """Every ordered pair that met in :data:`LEAST` baskets."""
    baskets = _baskets(demo)
    rows = []
    for grain, found in baskets.items():
        alone: dict[str, int] = defaultdict(int)
        together: dict[tuple[str, str], int] = defaultdict(int)
        for products in found.values():
            for product in products:
                alone[product] += 1
            for pair in permutations(sorted(products), 2):
                together[pair] += 1
        pairs = len(together) // 2
        for (one, other), both in together.items():
            if both < LEAST:
                continue
            whole, a, b = len(found), alone[one], alone[other]
            chance = _chance(whole, a, b, both)
            corrected = min(chance * pairs, Fraction(1))
            rows.append({
                "affinity_id": f"{grain}|{one}|{other}", "grain": grain, "product_id": one, "with_product_id": other,
                "basket_count": whole, "product_count": a, "with_product_count": b, "both_count": both,
                "support": rounded(Fraction(both, whole), 8), "confidence": rounded(Fraction(both, a), 8),
                "lift": rounded(Fraction(both * whole, a * b), 8), "pair_count": pairs,
                "p_value": rounded(chance, 8), "p_value_corrected": rounded(corrected, 8),
                "is_significant": corrected < Fraction(1, 20),
            })  # fmt: skip
    return frame(rows)


def _baskets(demo: OrderDemo) -> dict[str, dict[str, set[str]]]:
    """Grain → basket → its products."""
    baskets: dict[str, dict[str, set[str]]] = {"order": defaultdict(set), "customer": defaultdict(set)}
    for row in order_line_facts(demo).to_dict("records"):
        if row["is_excluded"] or not row["product_id"] or not row["net_booked"] or row["net_booked"] <= 0:
            continue
        baskets["order"][row["order_id"]].add(row["product_id"])
        if row["account_id"]:
            baskets["customer"][row["account_id"]].add(row["product_id"])
    return baskets


def _chance(whole: int, a: int, b: int, both: int) -> Fraction:
    """Of so many together or more, when the two have nothing to do with each other."""
    return Fraction(sum(comb(a, k) * comb(whole - a, b - k) for k in range(both, min(a, b) + 1)), comb(whole, b))


def product_affinity_triple(demo: OrderDemo) -> pd.DataFrame:
    """Every pair and third product, the pair, the third and all three in :data:`LEAST` baskets."""
    rows = []
    for grain, found in _baskets(demo).items():
        whole = len(found)
        inside: dict[str, set[str]] = defaultdict(set)
        for basket, products in found.items():
            for product in products:
                inside[product].add(basket)
        often = {product: baskets for product, baskets in inside.items() if len(baskets) >= LEAST}
        pairs = {
            (one, other): often[one] & often[other]
            for one, other in combinations(sorted(often), 2)
            if len(often[one] & often[other]) >= LEAST
        }
        questions = [(pair, third) for pair in pairs for third in often if third not in pair]
        for (one, other), third in questions:
            a, b = len(pairs[one, other]), len(often[third])
            met = len(pairs[one, other] & often[third])
            if met < LEAST:
                continue
            chance = _chance(whole, a, b, met)
            corrected = min(chance * len(questions), Fraction(1))
            rows.append({
                "affinity_id": f"{grain}|{one}|{other}|{third}", "grain": grain, "product_id": one,
                "and_product_id": other, "with_product_id": third, "basket_count": whole, "pair_count": a,
                "with_product_count": b, "all_count": met, "support": rounded(Fraction(met, whole), 8),
                "confidence": rounded(Fraction(met, a), 8), "lift": rounded(Fraction(met * whole, a * b), 8),
                "question_count": len(questions), "p_value": rounded(chance, 8),
                "p_value_corrected": rounded(corrected, 8), "is_significant": corrected < Fraction(1, 20),
            })  # fmt: skip
    return frame(rows)
