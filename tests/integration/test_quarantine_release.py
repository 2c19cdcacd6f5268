"""A released row goes the whole way: into the next run, through the gates, into what is published, and out again."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.conftest import triloop
from tests.published import Published
from tests.support import copy_workspace

pytestmark = pytest.mark.slow

ENTITY = "marketing_spend"  # the demo has one row of it in quarantine: an amount that says 待定


def told(root: Path, *words: str) -> Any:
    outcome = triloop(*words, "--workspace", root, "--json")
    assert outcome.returncode == 0, outcome.stderr
    return json.loads(outcome.stdout)


def run(root: Path) -> Published:
    outcome = triloop("run", "--workspace", root, "--quiet")
    assert outcome.returncode == 0, outcome.stdout[-3000:] + outcome.stderr[-3000:]
    return Published(root)


def spend(root: Path) -> Decimal:
    with duckdb.connect(str(root / ".triloop" / "work.duckdb"), read_only=True) as connection:
        return Decimal(connection.execute("select sum(amount) from canonical.marketing_spend").fetchall()[0][0])


def counts(snapshot: Published) -> tuple[int, int]:
    rows = [row for row in snapshot.rows("quarantine_summary") if row["entity"] == ENTITY]
    return sum(row["row_count"] for row in rows), sum(row["released_count"] for row in rows)


def test_a_released_row_is_published_and_a_revoked_one_is_not(demo_workspace: Path, tmp_path: Path) -> None:
    root = copy_workspace(demo_workspace, tmp_path / "factory")
    before, held = spend(root), counts(Published(root))
    assert held == (1, 0)
    (row,) = told(root, "quarantine", "list", "--entity", ENTITY)["rows"]
    shown = told(root, "quarantine", "show", row["quarantine_id"])
    (column,) = (name for name, value in shown["raw_row"].items() if value == row["value"])
    told(root, "quarantine", "release", row["quarantine_id"], "--set", f"{column}=1", "--reason", "invoice came")
    assert counts(run(root)) == (0, 1)
    grown = spend(root) - before
    assert grown > 0
    assert told(root, "verify")["ok"]
    told(root, "quarantine", "revoke", row["quarantine_id"], "--reason", "wrong invoice")
    told(root, "ingest")  # enough to see it: a second whole run would take a minute
    assert spend(root) == before
    (again,) = told(root, "quarantine", "list", "--entity", ENTITY)["rows"]
    assert (again["quarantine_id"], again["state"]) == (row["quarantine_id"], "held")
