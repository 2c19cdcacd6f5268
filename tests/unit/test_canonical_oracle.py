"""Random small files through the build, against a plain row-by-row reading of the rules.

The oracle is written from docs/reference/mapping.md, not from the SQL: it walks rows in order and keeps dictionaries.
"""

from __future__ import annotations

import random
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from tests.unit.canonical_case import Case

Row = tuple[str, str, str]  # id, amount, flag
File = tuple[str, list[Row]]
COLUMNS = "id amount flag"
MAPPING = """
objects:
  rows:
    file: "*.csv"
    load: {load}
    key: [id]
    feeds:
      payment:
        drop: [{{when: "flag = 'drop'", reason: flagged}}]
        columns:
          {{payment_id: id, paid_on: {{value: 2026-01-01}}, amount: amount, currency: {{value: CNY}}, method: flag}}
"""


def usable(row: Row) -> bool:
    return row[0] != "" and row[1] != "bad"


def content(row: Row) -> tuple[Decimal, str]:
    return Decimal(row[1]), row[2]


def append(files: list[File]) -> tuple[dict[str, Row], dict[str, Counter[str]]]:
    """The first row of an id stands; equal ones repeat it, others contradict it."""
    kept: dict[str, tuple[str, Row]] = {}
    fates: dict[str, Counter[str]] = {name: Counter() for name, _ in files}
    for name, rows in files:
        for row in rows:
            if row[2] == "drop":
                fates[name]["filtered"] += 1
            elif not usable(row):
                fates[name]["quarantined"] += 1
            elif row[0] not in kept:
                kept[row[0]] = (name, row)
                fates[name]["loaded"] += 1
            elif content(kept[row[0]][1]) != content(row):
                fates[name]["quarantined"] += 1
            else:
                fates[name]["merged" if kept[row[0]][0] == name else "unchanged"] += 1
    return {key: row for key, (_, row) in kept.items()}, fates


def upsert(files: list[File]) -> tuple[dict[str, Row], dict[str, Counter[str]]]:
    """The last version of an id stands; a version equal to the one before it is not a new version."""
    fates: dict[str, Counter[str]] = {name: Counter() for name, _ in files}
    standing: dict[str, tuple[str, Row]] = {}
    before: dict[str, tuple[str, Row]] = {}
    alone: list[tuple[str, Row]] = []
    for name, rows in files:
        for row in rows:
            if row[0] == "":
                alone.append((name, row))
                continue
            last = before.get(row[0])
            same = last is not None and usable(row) and usable(last[1]) and content(row) == content(last[1])
            if last is not None and same:
                fates[name]["merged" if last[0] == name else "unchanged"] += 1
            else:
                if row[0] in standing:
                    fates[standing[row[0]][0]]["merged"] += 1
                standing[row[0]] = (name, row)
            before[row[0]] = (name, row)
    loaded = {}
    for name, row in [*standing.values(), *alone]:
        fate = "filtered" if row[2] == "drop" else "loaded" if usable(row) else "quarantined"
        fates[name][fate] += 1
        if fate == "loaded":
            loaded[row[0]] = row
    return loaded, fates


def snapshot(files: list[File]) -> tuple[dict[str, Row], dict[str, Counter[str]]]:
    """All files have their own name here, so each is a current state: as ``append``."""
    return append(files)


@pytest.mark.parametrize("load", ["append", "upsert", "snapshot"])
@pytest.mark.parametrize("seed", [1, 2])
def test_against_the_oracle(tmp_path: Path, load: str, seed: int) -> None:
    draw = random.Random(seed)
    case = Case(tmp_path / "w")
    case.map("src", MAPPING.format(load=load))
    files: list[File] = []
    for number in range(4):
        rows = [
            (
                draw.choice(["", *"abcdefghij"]),
                draw.choice(["1", "1.0", "2", "2", "1", "bad"]),
                draw.choice(["x", "x", "x", "y", "drop"]),
            )
            for _ in range(40)
        ]
        files.append((f"{number}.csv", rows))
        case.land("src.rows", f"{number}.csv", COLUMNS, *rows)
    expected, fates = {"append": append, "upsert": upsert, "snapshot": snapshot}[load](files)
    case.build()
    found = case.query("SELECT payment_id, amount, method FROM canonical.payment ORDER BY 1")
    assert found == sorted((f"src:{key}", *content(row)) for key, row in expected.items())
    order = ("loaded", "quarantined", "merged", "filtered", "unchanged")
    assert case.fates("payment") == {name: (40, *(counted[fate] for fate in order)) for name, counted in fates.items()}
    assert case.one("SELECT count(*) FROM canonical.quarantine") == sum(one["quarantined"] for one in fates.values())
