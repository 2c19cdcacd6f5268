"""A violation planted in a copy of a run workspace is named by the invariant that it breaks, with its place."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb
import pytest

from orchestration.lib.publish.pointer import current_id
from orchestration.lib.verify import Outcome, Status, verify_workspace
from orchestration.lib.workspace import Workspace
from tests.support import copy_workspace

pytestmark = [pytest.mark.slow, pytest.mark.unverified]


def sql(*statements: str) -> Callable[[Path], object]:
    """A change of the working database behind everybody's back."""

    def do(root: Path) -> None:
        with duckdb.connect(str(root / ".triloop" / "work.duckdb")) as connection:
            for statement in statements:
                connection.execute(statement)

    return do


def ledger(statement: str) -> Callable[[Path], object]:
    def do(root: Path) -> None:
        with closing(sqlite3.connect(root / ".triloop" / "ledger.sqlite")) as db:
            db.execute(statement)
            db.commit()

    return do


def published(root: Path) -> Path:
    folder = root / ".triloop" / "published"
    return folder / (current_id(folder) or "")


def manifest(change: Callable[[dict], None]) -> Callable[[Path], object]:  # type: ignore[type-arg]
    def do(root: Path) -> None:
        path = published(root) / "manifest.json"
        told = json.loads(path.read_text(encoding="utf-8"))
        change(told)
        path.write_text(json.dumps(told), encoding="utf-8")

    return do


def fail_the_staging_gate(told: dict) -> None:  # type: ignore[type-arg]
    (gate,) = (one for one in told["gates"] if one["gate"] == "staging")
    gate["status"] = "failed"


def drop_published_row(root: Path) -> None:
    path = published(root) / "tables" / "order_facts.parquet"
    path.chmod(0o644)
    with duckdb.connect() as connection:
        connection.execute(f"create table t as select * from read_parquet('{path}') limit 3")
        connection.execute(f"copy t to '{path}' (format parquet)")


def drop_landed_row(root: Path) -> None:
    path = next((root / ".triloop" / "landing").rglob("*.parquet"))
    with duckdb.connect() as connection:
        connection.execute(f"create table t as select * from read_parquet('{path}') order by _row offset 1")
        connection.execute(f"copy t to '{path}' (format parquet)")


def change_original(root: Path) -> None:
    for path in sorted((root / ".triloop" / "archive").iterdir()):
        path.chmod(0o600)
        path.write_bytes(path.read_bytes() + b" ")


def log_a_phone(root: Path) -> None:
    from orchestration.lib.vault.keys import VaultKeys
    from orchestration.lib.vault.store import open_vault

    workspace = Workspace.open(root)
    with open_vault(workspace, VaultKeys.from_environment()) as vault:
        phone = next(value for token, value in vault.values() if token.startswith("tok_phone_"))
    (root / ".triloop" / "logs").mkdir(exist_ok=True)
    (root / ".triloop" / "logs" / "x.log").write_text(f"called {phone}\n", encoding="utf-8")


@dataclass(frozen=True)
class Plant:
    """What is done, which invariant must say so, and what it must name."""

    invariant: str
    do: Callable[[Path], object]
    table: str
    file: bool = False
    row: bool = False


PLANTS = {
    "a canonical row vanishes": Plant(
        "I1", sql("delete from canonical.payment where source_row = 3"), "canonical.payment", file=True
    ),
    "a landed row vanishes": Plant("I1", drop_landed_row, "landing", file=True),
    "an account is changed": Plant(
        "I1", sql("update canonical.row_account set merged = merged + 1 where entity = 'payment'"),
        "canonical.row_account", file=True,
    ),
    "a cent in staging": Plant(
        "I2", sql("update staging.stg_payment set amount = amount + 0.01 where source_row = 4"),
        "staging.stg_payment", file=True, row=True,
    ),
    "a cent in a mart": Plant(
        "I2", sql("update marts.order_line_facts set net_amount = net_amount - 0.01 where source_row = 5"),
        "marts.order_line_facts", file=True, row=True,
    ),
    "a rate that was not used": Plant(
        "I2", sql("update marts.invoice_line_facts set net_invoiced = net_invoiced + 1 where source_row = 5"),
        "marts.invoice_line_facts", file=True, row=True,
    ),
    "a canonical value": Plant(
        "I3", sql("update canonical.campaign set name = 'x' where source_row = 2"), "canonical.campaign"
    ),
    "a published table": Plant("I3", drop_published_row, "published order_facts"),
    "a pointer to nothing": Plant(
        "I4", lambda root: (root / ".triloop/published/CURRENT").write_text("x\n"), "published CURRENT"
    ),
    "a manifest of another run": Plant(
        "I4", manifest(lambda told: told.update(run_id="another")), "published role"
    ),
    "an original": Plant("I5", change_original, "archive", file=True),
    "an input nobody knows": Plant(
        "I5", ledger("update batch set row_count = row_count + 1 where is_current = 1"), "ledger batch", file=True
    ),
    "a gate that failed": Plant("I6", manifest(fail_the_staging_gate), "published gate staging"),
    "a mart rebuilt after its gate": Plant(
        "I6", sql("update marts.order_facts set net_booked = 0 where source_row = 2"), "gate.token loops"
    ),
    "a quarantined row vanishes": Plant(
        "I7", sql("delete from canonical.quarantine"), "canonical.", file=True, row=True
    ),
    "a row taken twice": Plant(
        "I7", sql("insert into canonical.payment select * from canonical.payment where source_row = 3"),
        "canonical.payment", file=True, row=True,
    ),
    "a run without an end": Plant("I8", ledger("update run set finished_at = null"), "ledger run"),
    "a phone in a log": Plant("I9", log_a_phone, "logs/x.log"),
    "a billionth of a weight": Plant(
        "I10",
        sql("update attribution.attribution_weight_current set weight = weight - 0.000000001 where touch_position = 1"),
        "attribution.attribution_weight", file=True, row=True,
    ),
    "a cent of cost": Plant(
        "I10",
        sql("update attribution.cost_allocation set amount = amount + 0.01 where spend_id = (select min(spend_id) "
            "from intermediate.int_spend)"),
        "attribution.cost_allocation", file=True, row=True,
    ),
}  # fmt: skip


def outcome(root: Path, invariant: str) -> Outcome:
    (found,) = verify_workspace(Workspace.open(root), only=(invariant,))
    return found


@cache
def holds(root: Path, invariant: str) -> bool:
    """Whether it holds in the workspace that all plants are copies of: asked once, not before each plant."""
    return outcome(root, invariant).status is Status.OK


@pytest.mark.parametrize("name", list(PLANTS))
def test_a_planted_violation_is_named(
    name: str, demo_workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TRILOOP_VAULT_KEY", raising=False)
    plant = PLANTS[name]
    assert holds(demo_workspace, plant.invariant)
    root = copy_workspace(demo_workspace, tmp_path / "w")
    plant.do(root)
    found = outcome(root, plant.invariant)
    assert found.status is Status.VIOLATED
    named = [one for one in found.violations if one.table.startswith(plant.table)]
    assert named, found.violations
    assert not plant.file or named[0].file
    assert not plant.row or named[0].row
