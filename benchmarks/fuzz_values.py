"""Fuzz of the reading of values: texts made of what exports hold, read by the SQL and by a reader of its own.

    python benchmarks/fuzz_values.py [--cases 200000] [--seed 1]

Prints the cases, how many were read and how many set aside, and every text on which the two differ; ends with 1 then.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import time
from datetime import date, timedelta
from decimal import Decimal

from tests.unit.test_mapping_properties import column, number, plain, read, wide

AT_ONCE = 5_000
ALPHABET = "0123456789.,-+()%￥¥元万亿eE '　１２．，－（）RMBnainf#/年月日\u200b"
DATES = (r"(\d{4})-(\d{1,2})-(\d{1,2})", r"(\d{4})年(\d{1,2})月(\d{1,2})日", r"(\d{4})\.(\d{1,2})\.(\d{1,2})")
WRITINGS = (
    "{0:f}", "{0:,f}", "({0:f})", "{0:f}-", "¥{0:,f}", "{0:f}元", "{0:f}万", "{0:f}亿", "{0:f}%",
    " {0:f} ", "RMB {0:f}",
)  # fmt: skip


def amount(chance: random.Random) -> str:
    """A number in some writing, often spoilt by one character."""
    most = 10 ** chance.randint(1, 18)
    value = Decimal(chance.randint(-most, most)).scaleb(-chance.randint(0, 9))
    text = chance.choice(WRITINGS).format(value)
    return spoilt(wide(text) if chance.random() < 0.1 else text, chance)


def day(chance: random.Random) -> str:
    """A day in some writing, often spoilt by one character."""
    one = date(1890, 1, 1) + timedelta(days=chance.randint(0, 150_000))
    text = chance.choice(("{0:%Y-%m-%d}", "{0.year}年{0.month}月{0.day}日", "{0.year}.{0.month}.{0.day}")).format(one)
    return spoilt(wide(text) if chance.random() < 0.1 else text, chance)


def spoilt(text: str, chance: random.Random) -> str:
    """The text with a character put in, taken out or replaced in two cases of five."""
    if chance.random() < 0.6:
        return text
    at = chance.randrange(len(text) + 1)
    return text[:at] + chance.choice(("", chance.choice(ALPHABET))) + text[at + chance.randint(0, 1) :]


def junk(chance: random.Random) -> str:
    """Any characters."""
    return "".join(chance.choice(ALPHABET) for _ in range(chance.randint(0, 14)))


def expected_day(text: str) -> date | None:
    """The day that a person reads."""
    told = plain(text)
    for pattern in DATES:
        if match := re.fullmatch(pattern, told, re.ASCII):
            try:
                return date(*map(int, match.groups()))
            except ValueError:
                return None
    return None


def differs(kind: str, text: str, value: object, is_bad: bool) -> bool:
    """Whether the SQL read something else than a person would, or nothing in silence."""
    if plain(text.strip(" \t\r\n\u3000\u200b")) == "":
        return (value, is_bad) != (None, False)
    if kind == "key":
        return (value, is_bad) != (plain(text.strip(" \t\r\n\u3000\u200b")), False)
    if kind == "date":
        # A date engine also takes 2026-1-3 and signs within; what it reads must exist and be what the digits say.
        wanted = expected_day(text)
        return (value != wanted) if wanted is not None or value is None else is_bad or not re.search(r"\d", plain(text))
    sizes = re.fullmatch(r"DECIMAL\((\d+), ?(\d+)\)", column(kind).sql_type)
    digits, scale = (int(sizes[1]), int(sizes[2])) if sizes else (19, 0)
    wanted_number = number(text, scale, digits, is_rate=kind == "rate")
    return (value, is_bad) != (wanted_number, False) if wanted_number is not None else not is_bad


def main() -> int:
    """Run the cases."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    numbers = (amount, junk)
    makers = {"money": numbers, "quantity": numbers, "rate": numbers, "date": (day, junk), "key": (junk,)}
    cases = right = aside = 0
    wrong: list[tuple[str, str, object]] = []
    began = time.monotonic()
    while cases < options.cases:
        for kind, several in makers.items():
            texts = [chance.choice(several)(chance) for _ in range(min(AT_ONCE, options.cases - cases))]
            for text, (value, is_bad) in zip(texts, read(kind, texts), strict=True):
                wrong += [(kind, text, value)] if differs(kind, text, value, is_bad) else []
                right += not is_bad
                aside += is_bad
            cases += len(texts)
    print(
        f"{cases:,} cases, seed {options.seed}: {right:,} read (or empty), {aside:,} set aside, "
        f"{len(wrong):,} different; {time.monotonic() - began:.0f} s"
    )
    for kind, text, value in wrong[:20]:
        print(f"  {kind}: {text!r} was read as {value!r}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
