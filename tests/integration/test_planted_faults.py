"""A fault that comes in with an export is stopped by the gate it concerns, and the last snapshot stays as it was."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from orchestration.examples.demo import plant_currency_fault, plant_time_fault
from tests.conftest import triloop
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
}


def published(root: Path) -> dict[str, bytes]:
    """Everything under published/, by path."""
    folder = root / ".triloop" / "published"
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_stopped_by_its_gate(name: str, demo_workspace: Path, tmp_path: Path) -> None:
    root = copy_workspace(demo_workspace, tmp_path / "factory")
    plant, check = FAULTS[name]
    before = published(root)
    changed = plant(root)
    outcome = triloop("run", "--workspace", root)
    told = outcome.stdout + outcome.stderr
    assert outcome.returncode == 1, told
    assert check in told
    assert "staging" in told
    assert changed.parent.is_dir()
    assert published(root) == before


def test_a_shipment_before_its_order_warns_and_blocks_when_told_to(demo_workspace: Path, tmp_path: Path) -> None:
    root = copy_workspace(demo_workspace, tmp_path / "factory")
    before = published(root)
    plant_time_fault(root, "shipped_before_order")
    settings = root / "triloop.yml"
    text = settings.read_text(encoding="utf-8")
    assert "severity_event_order: warn" in text
    settings.write_text(text.replace("severity_event_order: warn", "severity_event_order: block"), encoding="utf-8")
    outcome = triloop("run", "--workspace", root)
    told = outcome.stdout + outcome.stderr
    assert outcome.returncode == 1, told
    assert "staging.time.order_confirmed_shipped" in told
    assert published(root) == before


def test_running_again_changes_nothing(demo_workspace: Path, tmp_path: Path) -> None:
    root = copy_workspace(demo_workspace, tmp_path / "factory")
    before = published(root)
    outcome = triloop("run", "--workspace", root)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert published(root) == before
