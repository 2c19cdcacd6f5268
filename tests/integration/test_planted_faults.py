"""Faults that come in with an export are stopped by the gate they concern, and the last snapshot stays as it was."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.examples.demo import plant_currency_fault, plant_time_fault
from tests.conftest import made_once, triloop
from tests.support import copy_workspace

pytestmark = pytest.mark.slow

FAULTS: dict[str, tuple[Callable[[Path], Path], str]] = {
    "rates of a month missing": (
        lambda root: plant_currency_fault(root, "missing_rates"),
        "staging.currency.rate_invoice",
    ),
    "invoice in an unknown currency": (
        lambda root: plant_currency_fault(root, "unknown_currency"),
        "staging.currency.code_invoice",
    ),
    "order in the year 2099": (
        lambda root: plant_time_fault(root, "future_order"),
        "staging.time.future_sales_order",
    ),
    "shipment before its order, which blocks when told to": (
        lambda root: plant_time_fault(root, "shipped_before_order"),
        "staging.time.order_confirmed_shipped",
    ),
}


def published(root: Path) -> dict[str, bytes]:
    """Everything under published/, by path."""
    folder = root / ".triloop" / "published"
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def order_facts_total(root: Path) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(root / ".triloop" / "work.duckdb"), read_only=True) as connection:
        return connection.execute("select count(*), sum(net_booked) from marts.order_facts").fetchall()


@pytest.fixture(scope="module")
def stopped(demo_workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo after one run with every fault in it: each has a file of its own, so none hides another. Beside it, what
    the run said, and which files had been planted."""

    def make(root: Path) -> None:
        copy_workspace(demo_workspace, root)
        planted = {name: plant(root) for name, (plant, _check) in FAULTS.items()}
        assert len(set(planted.values())) == len(FAULTS)
        settings = root / "triloop.yml"
        text = settings.read_text(encoding="utf-8")
        assert "severity_event_order: warn" in text
        settings.write_text(text.replace("severity_event_order: warn", "severity_event_order: block"), encoding="utf-8")
        outcome = triloop("run", "--workspace", root, "--json", "--quiet")
        assert outcome.returncode == 1, outcome.stdout[-3000:] + outcome.stderr[-3000:]
        files = {name: str(file.relative_to(root)) for name, file in planted.items()}
        said = {"run": json.loads(outcome.stdout), "error": json.loads(outcome.stderr.splitlines()[-1]), "files": files}
        (root / "said.json").write_text(json.dumps(said), encoding="utf-8")

    return made_once(tmp_path_factory, "planted", make)


def said(root: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((root / "said.json").read_text(encoding="utf-8"))
    return read


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_stopped_by_its_gate(name: str, stopped: Path) -> None:
    """``failed`` keeps a gate shut by itself, whatever else is wrong; its rows lead to the file that brought them."""
    (gate,) = (one for one in said(stopped)["run"]["gates"] if one["gate"] == "staging")
    assert gate["status"] == "failed"
    (check,) = (one for one in gate["not_passed"] if one["check_id"] == FAULTS[name][1])
    assert check["status"] == "failed"
    assert check["violations"] >= 1
    if name != "rates of a month missing":  # whose rows are the invoices that found no rate
        assert said(stopped)["files"][name] in {one["source_file"] for one in check["examples"]}


def test_nothing_behind_the_gate_was_touched(stopped: Path, demo_workspace: Path) -> None:
    error = said(stopped)["error"]
    assert error["error"] == "GateRefusedError"
    assert error["message"].startswith("gate 'staging' failed")
    assert "staging.currency." in error["message"]
    after = {one["gate"]: one["status"] for one in said(stopped)["run"]["gates"]}
    assert after["canonical"] == "passed"
    assert {after[gate] for gate in ("loops", "attribution", "metrics")} == {"not_evaluated"}
    assert published(stopped) == published(demo_workspace)
    assert order_facts_total(stopped) == order_facts_total(demo_workspace)


def test_running_again_changes_nothing(demo_workspace: Path, tmp_path: Path) -> None:
    root = copy_workspace(demo_workspace, tmp_path / "factory")
    before = published(root)
    outcome = triloop("run", "--workspace", root)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert published(root) == before
