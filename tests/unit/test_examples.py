"""The examples: deterministic, complete, planted as a real export would be; and the oracles' own arithmetic by hand."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from orchestration.examples.demo import plant_currency_fault, plant_time_fault, truth, write_demo
from orchestration.examples.demo.fields import half_up, money_text
from orchestration.examples.olist import REQUIRED_FILES, VARIABLE, write_example
from orchestration.lib.errors import ConfigurationError
from tests.oracles.exact import credited, linear, position_based, rounded, shares


def contents(root: Path) -> dict[str, str]:
    """Path → hash of every file."""
    files = (path for path in root.rglob("*") if path.is_file())
    return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("demo")
    write_demo(root)
    return root


def test_the_same_seed_writes_the_same_bytes(demo: Path, tmp_path: Path) -> None:
    write_demo(tmp_path / "again")
    assert contents(demo) == contents(tmp_path / "again")
    write_demo(tmp_path / "other", seed=7)
    assert contents(demo) != contents(tmp_path / "other")


def test_the_demo_holds_what_it_should_and_no_truth(demo: Path) -> None:
    planted = truth()
    files = contents(demo)
    assert {name.split("/")[1] for name in files if name.startswith("inbox/")} == {"crm", "erp", "ads", "service"}
    assert {name for name in files if name.startswith("mappings/")} == {
        f"mappings/{source}.yml" for source in ("crm", "erp", "ads", "service")
    }
    assert not [name for name in files if "truth" in name]
    assert len(planted["duplicate_leads"]) == 13
    assert len(planted["quarantined"]) == 5
    orders = pd.read_csv(demo / "inbox" / "erp" / "订单_20250630.csv", dtype=str, encoding="gb18030")
    assert 100 < len(orders) < 180
    assert {"人民币", "USD", "EUR"} == set(orders["币种"])
    assert (demo / "inbox" / "crm" / "leads.csv").read_bytes().startswith(b"\xef\xbb\xbf")


def test_scale_multiplies_leads_and_orders() -> None:
    small, large = truth(1)["rows"], truth(3)["rows"]
    assert large["crm/contacts.csv"] == 3 * small["crm/contacts.csv"]
    assert 2 < large["erp/订单_20250630.csv"] / small["erp/订单_20250630.csv"] < 4


@pytest.mark.parametrize(
    ("plant", "changed", "added"),
    [
        (lambda root: plant_currency_fault(root, "missing_rates"), 1, 0),
        (lambda root: plant_currency_fault(root, "unknown_currency"), 0, 2),
        (lambda root: plant_time_fault(root, "future_order"), 0, 2),
        (lambda root: plant_time_fault(root, "shipped_before_order"), 0, 1),
    ],
)
def test_a_fault_comes_as_a_new_or_changed_export(
    plant: Callable[[Path], Path], changed: int, added: int, tmp_path: Path
) -> None:
    write_demo(tmp_path)
    before = contents(tmp_path)
    named = plant(tmp_path)
    after = contents(tmp_path)
    assert sum(after[name] != before[name] for name in before) == changed
    assert len(after.keys() - before.keys()) == added
    assert str(named.relative_to(tmp_path)) in {name for name in after if after[name] != before.get(name)}


def test_olist_says_which_file_is_missing_and_keeps_other_variables(tmp_path: Path) -> None:
    data = tmp_path / "data"
    (data / "full").mkdir(parents=True)
    for name in REQUIRED_FILES[1:]:
        (data / name).touch()
    with pytest.raises(ConfigurationError, match="qualified_leads"):
        write_example(tmp_path / "workspace", data)
    (data / REQUIRED_FILES[0]).touch()
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    (workspace / ".env").write_text(f"OTHER=1\n{VARIABLE}=/old\n", encoding="utf-8")
    settings = write_example(workspace, data)
    assert (workspace / ".env").read_text(encoding="utf-8") == f"OTHER=1\n{VARIABLE}={data}\n"
    assert settings["attribution"]["reset_at_order"] is False


def test_generator_writes_money_exactly() -> None:
    assert money_text([123_456_789, -5, 0], thousands=True) == ["1,234,567.89", "-0.05", "0.00"]
    assert half_up([113, 112], 2).tolist() == [57, 56]


def test_oracle_arithmetic_by_hand() -> None:
    assert rounded(Decimal("0.125")) == Decimal("0.13")
    assert rounded(Decimal("-0.125")) == Decimal("-0.13")
    assert position_based(1) == [1_000_000_000]
    assert position_based(2) == [500_000_000, 1_000_000_000]
    assert position_based(4) == [400_000_000, 500_000_000, 600_000_000, 1_000_000_000]
    assert linear(3) == [333_333_333, 666_666_667, 1_000_000_000]
    assert credited(Decimal("0.10"), linear(3)) == [Decimal("0.03"), Decimal("0.04"), Decimal("0.03")]
    assert credited(Decimal("-0.10"), linear(3)) == [Decimal("-0.03"), Decimal("-0.04"), Decimal("-0.03")]
    assert shares(Decimal("1.00"), [Decimal(1)] * 3) == [Decimal("0.33"), Decimal("0.34"), Decimal("0.33")]
    assert shares(Decimal("1.00"), [Decimal(0)] * 2) == [Decimal("1.00"), Decimal(0)]
