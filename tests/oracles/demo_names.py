"""Which customer the CRM's people mean by a company, worked out the other way round: how may each customer be written?

Independent of the product's matching: no parts, no weights. Every customer of the ERP is written in all the ways in
which the demo's people write (other brackets, traditional characters, 市 or place left out, shortened), and a company
means the one customer that can be written so. What two customers can be written like is left open.
"""

from __future__ import annotations

import re
from collections import defaultdict

from orchestration.examples.demo.names import CITIES, TRADITIONAL

_PLACES = "|".join(city for city, _ in CITIES)
_SHORTENED = re.compile(r"(?:医疗科技|健康管理|医械|医疗器械|医疗)?有限公司$")


def _writings(name: str) -> set[str]:
    halves = name.replace("（", "(").replace("）", ")")
    old_style = name
    for modern, old in TRADITIONAL:
        old_style = old_style.replace(modern, old)
    nearer = re.sub(r"^(..)市", r"\1", name)
    placeless = re.sub(rf"^(?:{_PLACES})", "", re.sub(rf"（(?:{_PLACES})）", "", name))
    known = {name, halves, old_style, nearer, _SHORTENED.sub("", name), name.upper()}
    return known | ({placeless} if "市" not in name else set())


def companies_meant(customers: dict[str, str]) -> dict[str, str]:
    """Company as written → customer number, for what only one entity can be written like.

    Args:
        customers: customer number → name, each legal entity once.
    """
    may_be: dict[str, set[str]] = defaultdict(set)
    for number, name in customers.items():
        for writing in _writings(name):
            may_be[writing].add(number)
    return {writing: next(iter(numbers)) for writing, numbers in may_be.items() if len(numbers) == 1}
