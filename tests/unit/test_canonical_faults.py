"""A build that fails, or is killed, leaves what was there; an account that does not add up is never written."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from orchestration.lib.canonical import RowAccount, UnbalancedAccountError
from orchestration.lib.workspace import PROJECT_ROOT
from tests.unit.canonical_case import Case

MAPPING = """
objects:
  payments:
    file: "pay*.csv"
    load: append
    feeds:
      payment:
        columns: {payment_id: id, paid_on: day, amount: amount, currency: {value: CNY}}
"""
BUILD = """
import sys
from pathlib import Path
from tests.unit.canonical_case import Case
case = Case.__new__(Case)
from orchestration.lib.workspace import Workspace
case.workspace = Workspace(Path(sys.argv[1]))
case.build()
"""


@pytest.fixture
def case(tmp_path: Path) -> Case:
    made = Case(tmp_path / "w")
    made.map("erp", MAPPING)
    made.land("erp.payments", "pay1.csv", "id day amount", ("P1", "2026-01-01", "1"))
    made.build()
    made.land("erp.payments", "pay2.csv", "id day amount", ("P2", "2026-01-01", "2"), ("P3", "2026-01-01", "oops"))
    return made


def ids(case: Case) -> list[str]:
    return [row[0] for row in case.query("SELECT payment_id FROM canonical.payment ORDER BY 1")]


@pytest.mark.parametrize(
    ("point", "expected"), [("CANONICAL_BUILT", ["erp:P1"]), ("CANONICAL_COMMITTED", ["erp:P1", "erp:P2"])]
)
def test_killed_before_or_after_the_commit(case: Case, point: str, expected: list[str]) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", BUILD, str(case.workspace.root)],
        cwd=PROJECT_ROOT,
        env={**os.environ, "TRILOOP_CRASH_POINT": point, "PYTHONPATH": str(PROJECT_ROOT)},
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert ids(case) == expected
    case.build()
    assert ids(case) == ["erp:P1", "erp:P2"]


@pytest.mark.parametrize("lost", ["write_quarantine", "_load"])
def test_lost_rows_are_found_and_nothing_changes(case: Case, lost: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"orchestration.lib.canonical.entity.{lost}", lambda *_: None)
    with pytest.raises(UnbalancedAccountError, match=r"payment: erp\.payments"):
        case.build()
    assert ids(case) == ["erp:P1"]


def test_an_account_adds_up() -> None:
    account = RowAccount("erp", "o", "payment", "f.csv", "00", rows_in=5, loaded=2, merged=1, filtered=1)
    account.filter_reasons["x"] = 1
    with pytest.raises(UnbalancedAccountError, match="5 rows came in, 4 are accounted for"):
        account.check()
    account.unchanged = 1
    account.check()
    account.filter_reasons["y"] = 1  # reasons for two rows, but one was filtered
    with pytest.raises(UnbalancedAccountError):
        account.check()
    account.filter_reasons["y"] = 0
    assert RowAccount.from_row(account.as_row()) == account
