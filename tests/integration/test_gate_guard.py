"""Ways around a gate, each of which must be refused, with the last snapshot left as it was.

Every test works on its own copy of a workspace in which everything has passed once. That a run stops at a gate that
fails in it stands in test_planted_faults.py.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from orchestration.cli.run import readable_cause
from orchestration.definitions import build_definitions
from orchestration.defs.resources import WorkspaceResource
from orchestration.lib.errors import GateRefusedError, TriloopError
from orchestration.lib.workspace import DBT_PROJECT_DIR, WORKSPACE_VARIABLE, Workspace
from tests.support import copy_workspace

pytestmark = [pytest.mark.slow, pytest.mark.unverified]


@pytest.fixture
def workspace(demo_workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    root = copy_workspace(demo_workspace, tmp_path / "factory")
    for line in (root / ".env").read_text(encoding="utf-8").splitlines():
        name, separator, value = line.partition("=")
        if separator and not name.startswith("#"):
            monkeypatch.setenv(name.strip(), value.strip())
    monkeypatch.setenv(WORKSPACE_VARIABLE, str(root))
    return Workspace.open(root)


@pytest.fixture
def snapshot_before(workspace: Workspace) -> Iterator[str]:
    """The published pointer; whatever the test tries, it must read the same afterwards."""
    pointer = workspace.published_dir / "CURRENT"
    before = pointer.read_text(encoding="utf-8")
    yield before
    assert pointer.read_text(encoding="utf-8") == before


def rewrite_staging(workspace: Workspace) -> None:
    """Change one amount in a table that the staging gate passed, as a person with a SQL shell could."""
    with duckdb.connect(str(workspace.warehouse_file)) as connection:
        changed = connection.execute(
            "update staging.stg_sales_order_line set net_amount = net_amount + 0.01 "
            "where order_line_id = (select min(order_line_id) from staging.stg_sales_order_line)"
        ).fetchone()
        assert changed == (1,)


def order_facts_total(workspace: Workspace) -> object:
    with duckdb.connect(str(workspace.warehouse_file), read_only=True) as connection:
        return connection.execute("select count(*), sum(net_booked) from marts.order_facts").fetchone()


def root_cause(error: BaseException) -> TriloopError:
    cause = readable_cause(error)
    assert cause is not None, f"no readable error behind {error!r}"
    return cause


def materialise(selection: dg.AssetSelection) -> None:
    definitions = build_definitions()
    job = dg.define_asset_job("part", selection)
    with dg.DagsterInstance.ephemeral() as instance:
        dg.Definitions.merge(definitions, dg.Definitions(jobs=[job])).resolve_job_def("part").execute_in_process(
            instance=instance, run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
        )


def test_a_run_of_the_marts_alone_is_refused(workspace: Workspace, snapshot_before: str) -> None:
    rewrite_staging(workspace)
    before = order_facts_total(workspace)
    with pytest.raises(Exception) as caught:  # noqa: PT011  (Dagster wraps the error; the cause is checked)
        materialise(dg.AssetSelection.groups("loops"))
    refused = root_cause(caught.value)
    assert isinstance(refused, GateRefusedError)
    assert "stg_sales_order_line" in str(refused)
    assert order_facts_total(workspace) == before


def test_a_selection_of_one_mart_is_refused(workspace: Workspace, snapshot_before: str) -> None:
    rewrite_staging(workspace)
    with pytest.raises(Exception) as caught:  # noqa: PT011
        materialise(dg.AssetSelection.assets(["marts", "order_facts"]))
    assert isinstance(root_cause(caught.value), GateRefusedError)


def test_automation_is_refused(workspace: Workspace, snapshot_before: str) -> None:
    """`eager()` asks for the marts as soon as staging was materialised; Dagster alone would let them run."""
    rewrite_staging(workspace)
    order_facts = dg.AssetKey(["marts", "order_facts"])
    parent = dg.AssetKey(["intermediate", "int_order_line"])
    definitions = build_definitions().map_asset_specs(
        func=lambda spec: (
            spec.replace_attributes(automation_condition=dg.AutomationCondition.eager())
            if spec.key == order_facts
            else spec
        )
    )
    with dg.DagsterInstance.ephemeral() as instance:
        for key in definitions.resolve_all_asset_keys():
            if key not in (order_facts, parent):
                instance.report_runless_asset_event(dg.AssetMaterialization(key))
        dg.evaluate_automation_conditions(defs=definitions, instance=instance)
        cursor = dg.evaluate_automation_conditions(defs=definitions, instance=instance).cursor
        instance.report_runless_asset_event(dg.AssetMaterialization(parent))
        asked = dg.evaluate_automation_conditions(defs=definitions, instance=instance, cursor=cursor)
        assert asked.get_num_requested(order_facts) == 1
    with pytest.raises(Exception) as caught:  # noqa: PT011
        materialise(dg.AssetSelection.assets(order_facts))
    assert isinstance(root_cause(caught.value), GateRefusedError)


def test_dbt_from_a_shell_is_refused(workspace: Workspace, snapshot_before: str) -> None:
    rewrite_staging(workspace)
    before = order_facts_total(workspace)
    shell = subprocess.run(
        [
            *(sys.executable, "-m", "dbt.cli.main", "run", "--select", "order_facts"),
            *("--project-dir", str(DBT_PROJECT_DIR), "--profiles-dir", str(DBT_PROJECT_DIR)),
            *("--target-path", str(workspace.root / "shell_target"), "--log-path", str(workspace.root / "shell_logs")),
        ],
        env={**os.environ, "TRILOOP_WAREHOUSE": str(workspace.warehouse_file)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert shell.returncode == 1, shell.stdout + shell.stderr
    assert "stg_sales_order_line" in shell.stdout
    assert order_facts_total(workspace) == before


def test_publish_alone_is_refused_after_a_mart_was_rewritten(workspace: Workspace, snapshot_before: str) -> None:
    with duckdb.connect(str(workspace.warehouse_file)) as connection:
        connection.execute("update attribution.attribution_credit_current set amount = amount + 1")
    with pytest.raises(Exception) as caught:  # noqa: PT011
        materialise(dg.AssetSelection.groups("published"))
    assert isinstance(root_cause(caught.value), GateRefusedError)


def test_changed_settings_make_the_old_verdict_void(workspace: Workspace, snapshot_before: str) -> None:
    text = workspace.settings_file.read_text(encoding="utf-8")
    workspace.settings_file.write_text(text + "\n# another threshold was agreed on\n", encoding="utf-8")
    with pytest.raises(Exception) as caught:  # noqa: PT011
        materialise(dg.AssetSelection.groups("loops"))
    assert isinstance(root_cause(caught.value), GateRefusedError)


def test_the_guard_lets_unchanged_data_through(workspace: Workspace, snapshot_before: str) -> None:
    """The counter-proof: the same selection runs when nothing was touched."""
    before = order_facts_total(workspace)
    materialise(dg.AssetSelection.groups("loops"))
    assert order_facts_total(workspace) == before


def test_resource_holds_the_workspace_lock_during_a_run(workspace: Workspace) -> None:
    context = dg.build_init_resource_context()
    with WorkspaceResource(path=str(workspace.root)).yield_for_execution(context):
        other = subprocess.run(
            [
                sys.executable,
                "-c",
                "import sys; from orchestration.lib.workspace import Workspace\n"
                "with Workspace.open(sys.argv[1]).writer_lock('test', wait_seconds=0.2): print('got it')",
                str(workspace.root),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        assert other.returncode != 0
        assert f"process {os.getpid()}" in other.stderr
