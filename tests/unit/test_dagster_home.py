"""The event log's files are held open for as long as a run lasts, so that SQLite keeps its log between events."""

from pathlib import Path

import dagster as dg
import pytest

from orchestration.lib.dagster_home import event_log_held_open


@dg.op
def told(context: dg.OpExecutionContext) -> None:
    context.log_event(dg.AssetMaterialization("anything"))


@dg.job
def short() -> None:
    told()


def run_of(instance: dg.DagsterInstance) -> str:
    return short.execute_in_process(instance=instance).run_id


@pytest.fixture
def instance(tmp_path: Path) -> dg.DagsterInstance:
    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}\n", encoding="utf-8")
    return dg.DagsterInstance.from_config(str(tmp_path))


def test_the_log_outlives_each_event_and_is_folded_in_at_the_end(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    run_id = run_of(instance)  # the files exist from here on
    logs = [tmp_path / "history" / "runs" / f"{name}.db-wal" for name in (run_id, "index")]
    assert not any(log.exists() for log in logs)  # as Dagster leaves it: closed, folded in
    with event_log_held_open(instance, run_id):
        instance.report_engine_event("held", job_name="short", run_id=run_id)
        run_of(instance)
        assert all(log.exists() and log.stat().st_size for log in logs)
    assert not any(log.exists() for log in logs)
    assert "held" in [entry.dagster_event.message for entry in instance.all_logs(run_id) if entry.dagster_event]


def test_a_storage_without_files_needs_nothing() -> None:
    with dg.DagsterInstance.ephemeral() as instance, event_log_held_open(instance, run_of(instance)):
        second = run_of(instance)
        assert instance.get_run_by_id(second) is not None
