"""Relations of touches for the data-driven models, made of paths and what became of them."""

from __future__ import annotations

import gzip
import os
import random
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from orchestration.lib.attribution.paths import Touches
from tests.oracles.data_driven import Outcomes

TOUCHES = Touches("touches", "member")
#: a tiny one that is worked out by hand in the tests
SMALL: Outcomes = {("a", "b"): (1, 0), ("a",): (0, 1), ("b", "c", "b"): (1, 1), ("c",): (1, 1), ("a", "c"): (0, 2)}


def database_of(outcomes: Outcomes, *, shuffled: int | None = None, times: int = 1) -> duckdb.DuckDBPyConnection:
    """Touches of as many journeys as the outcomes say, ``times`` over, in any order of rows."""
    rows = []
    number = 0
    for path, (converted, lost) in outcomes.items():
        for journey in range(times * (converted + lost)):
            number += 1
            for place, member in enumerate(path, start=1):
                rows.append((f"j{number}", place, member, journey < times * converted))
    if shuffled is not None:
        random.Random(shuffled).shuffle(rows)
    columns = ("journey_id", "touch_position", "member", "is_converted")
    made = pa.table(dict(zip(columns, map(list, zip(*rows, strict=True)), strict=True)))
    database = duckdb.connect()
    database.register("made", made)
    database.execute("create table touches as select * from made")
    return database


def drawn(seed: int, *, members: int = 5, paths: int = 60, longest: int = 6) -> Outcomes:
    """Paths at random, with repeats in a row and loops."""
    chance = random.Random(seed)
    found: dict[tuple[str, ...], tuple[int, int]] = {}
    for _ in range(paths):
        path = tuple(f"m{chance.randrange(members)}" for _ in range(chance.randint(1, longest)))
        found[path] = (chance.randint(0, 3), chance.randint(0, 5))
    found["m0",] = (1, 1)  # at least one conversion
    return {path: counts for path, counts in found.items() if sum(counts)}


def published_paths() -> Outcomes:
    """The 10,000 paths that the ChannelAttribution package publishes; skips without the public test data."""
    folder = os.environ.get("TRILOOP_TEST_DATA")
    file = Path(folder or "/nowhere") / "paths" / "channelattribution_pathdata.csv.gz"
    if not file.is_file():
        pytest.skip("TRILOOP_TEST_DATA does not name a folder with paths/channelattribution_pathdata.csv.gz")
    found: dict[tuple[str, ...], tuple[int, int]] = {}
    for path, converted, lost in _lines(file):
        before = found.get(path, (0, 0))
        found[path] = (before[0] + converted, before[1] + lost)
    return found


def _lines(file: Path) -> Iterator[tuple[tuple[str, ...], int, int]]:
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        next(lines)
        for line in lines:
            path, converted, _, lost = line.strip().split(",")
            yield tuple(path.split(" > ")), int(converted), int(lost)
