"""What a run of the command leaves in Dagster: who and why, among the runs of its job, and news of the sources."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from orchestration.lib.landing import Ledger
from orchestration.lib.workspace import Workspace

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def instance(demo_workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dg.DagsterInstance]:
    """The demo's own Dagster instance, copied, since opening its storage may write to it."""
    home = tmp_path_factory.mktemp("dagster") / "home"
    shutil.copytree(demo_workspace / ".triloop" / "dagster", home)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSTER_HOME", str(home))
        with dg.DagsterInstance.get() as opened:
            yield opened


def test_the_run_says_who_and_why_and_the_ledger_the_same(instance: dg.DagsterInstance, demo_workspace: Path) -> None:
    (run,) = instance.get_runs()
    (noted,) = Ledger(Workspace(demo_workspace)).runs()
    assert noted.run_id == run.run_id
    assert run.tags["triloop/why"] == noted.trigger == "triloop run"
    assert run.tags["triloop/who"] == run.tags["user"] == noted.user


def test_the_ui_finds_the_run_among_those_of_its_job(instance: dg.DagsterInstance) -> None:
    of_job = dg.RunsFilter(job_name="full_run", tags={".dagster/repository": "__repository__@triloop"})
    assert len(instance.get_runs(of_job)) == 1


def test_each_source_is_noted_when_it_brings_something_new(instance: dg.DagsterInstance, demo_workspace: Path) -> None:
    for file in (demo_workspace / "mappings").glob("*.yml"):
        event = instance.get_latest_materialization_event(dg.AssetKey(["sources", file.stem]))
        assert event is not None, file.stem
        assert event.asset_materialization is not None
        assert event.asset_materialization.metadata["new_batches"].value > 0


def test_checks_count_their_violations(instance: dg.DagsterInstance) -> None:
    records = instance.event_log_storage.get_asset_check_execution_history(
        dg.AssetCheckKey(dg.AssetKey(["gate", "gate_attribution"]), "money__attribution_credit"), limit=1
    )
    evaluation = records[0].event.dagster_event.asset_check_evaluation_data
    assert evaluation.passed
    assert evaluation.metadata["violations"].value == 0
    assert evaluation.description.endswith("× passed / 通过")
    assert "→" not in evaluation.description
