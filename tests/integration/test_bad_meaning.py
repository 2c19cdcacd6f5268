"""Bad inputs that only their meaning gives away (47, 55, 58-60, 62, 63, 65): one run, and the check that names each."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.lib.workspace import Workspace
from tests.conftest import made_once, triloop

MEANING = Path(__file__).resolve().parents[1] / "golden" / "meaning"
KEY = {"TRILOOP_VAULT_KEY": "a-key-for-the-bad-inputs-0123456789abcdef"}


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workspace after its run, and beside it what the run said."""

    def make(root: Path) -> None:
        shutil.copytree(MEANING, root)
        done = triloop("run", "--workspace", root, "--json", environment=KEY)
        assert done.returncode == 1, done.stderr[-3000:]
        (root / "said.json").write_text(done.stdout, encoding="utf-8")

    return made_once(tmp_path_factory, "meaning", make)


def checks(root: Path) -> Mapping[str, dict[str, Any]]:
    said = json.loads((root / "said.json").read_text(encoding="utf-8"))
    return {check["check_id"]: check for gate in said["gates"] for check in gate["not_passed"]}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("check_id", "status", "key"),
    [
        ("staging.currency.tax_order_line", "warned", "s:1"),  # 47 an amount with tax where one without is due
        ("staging.time.order_confirmed_shipped", "warned", "s:F1"),  # 55 shipped before it was ordered
        ("canonical.sales_order.ref.customer_id", "warned", "s:S2"),  # 58 a customer that nobody knows
        ("staging.currency.code_payment", "failed", "s:P3"),  # 62 a currency that is none
        ("staging.currency.rate_payment", "failed", "s:P2"),  # 63 no rate for the day
        ("staging.contract.distributor_parent", "warned", "s:D1"),  # 65 its own parent
    ],
)
def test_the_check_names_the_row(refused: Path, check_id: str, status: str, key: str) -> None:
    found = checks(refused)[check_id]
    assert found["status"] == status
    assert found["reason"]["en"]
    assert found["reason"]["zh"]
    example = next(one for one in found["examples"] if one["key"].startswith(key))
    assert example["source_file"].startswith("inbox/")
    assert example["source_row"] >= 2


@pytest.mark.slow
def test_what_is_meant_is_taken_for_it(refused: Path) -> None:
    """Other spellings of one currency (62) and of one company (60), one lead of two customers (59)."""
    with duckdb.connect(str(Workspace(refused).warehouse_file), read_only=True) as connection:
        spelt = connection.execute("select distinct currency from staging.stg_sales_order").fetchall()
        accounts = connection.execute(
            "select count(distinct account_id) from intermediate.int_account where customer_id in ('s:K1', 's:K2')"
        ).fetchall()
        leads = connection.execute("select lead_id, lead_row_count from intermediate.int_lead").fetchall()
        held = connection.execute("select rule_id, source_row from canonical.quarantine").fetchall()
    assert (spelt, accounts, leads) == ([("CNY",)], [(1,)], [("s:L1", 2)])
    assert held == [("required:currency", 5)]


@pytest.mark.slow
def test_nothing_is_published(refused: Path) -> None:
    published = Workspace(refused).published_dir
    assert not (published / "current").exists()
    assert list(published.glob("2*")) == []
