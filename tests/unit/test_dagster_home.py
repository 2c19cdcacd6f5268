"""A run writes its events over one connection per file of the event log, and nothing else about them changes."""

import sqlite3
from contextlib import closing
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.event_log.sqlite import sqlite_event_log

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


def test_a_run_writes_over_one_connection_and_others_see_each_event(
    instance: dg.DagsterInstance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = run_of(instance)  # the files exist from here on
    files = [tmp_path / "history" / "runs" / f"{name}.db" for name in (run_id, "index")]
    logs = [file.with_name(f"{file.name}-wal") for file in files]
    assert not any(log.exists() for log in logs)  # as Dagster leaves it: closed, folded in
    with event_log_held_open(instance):
        instance.report_engine_event("first", job_name="short", run_id=run_id)
        run_of(instance)
        assert all(log.exists() and log.stat().st_size for log in logs[1:])
        monkeypatch.setattr(sqlite_event_log, "create_engine", refused)
        instance.report_engine_event("second", job_name="short", run_id=run_id)
        with closing(sqlite3.connect(files[0])) as other:
            (seen,) = other.execute("select count(*) from event_logs where event like '%\"second\"%'").fetchone()
        assert seen == 1
        monkeypatch.undo()
    assert not any(log.exists() for log in logs)
    told = [entry.dagster_event.message for entry in instance.all_logs(run_id) if entry.dagster_event]
    assert {"first", "second"} <= set(told)


def test_held_twice_is_held_once_and_then_as_it_was(instance: dg.DagsterInstance) -> None:
    with event_log_held_open(instance):
        first = run_of(instance)
        with event_log_held_open(instance):
            second = run_of(instance)
        third = run_of(instance)
    assert "_connect" not in vars(instance.event_log_storage)
    fourth = run_of(instance)
    kinds = [[entry.dagster_event_type for entry in instance.all_logs(one)] for one in (first, second, third, fourth)]
    assert kinds[0].count(dg.DagsterEventType.ASSET_MATERIALIZATION) == 1
    assert all(each == kinds[0] for each in kinds)
    assert len(instance.fetch_materializations(dg.AssetKey("anything"), limit=10).records) == 4


def test_a_failed_transaction_leaves_nothing_and_the_next_goes_through(instance: dg.DagsterInstance) -> None:
    run_id = run_of(instance)
    storage = instance.event_log_storage
    assert isinstance(storage, sqlite_event_log.SqliteEventLogStorage)
    with event_log_held_open(instance):
        before = len(instance.all_logs(run_id))
        with pytest.raises(KeyError):
            _half_a_transaction(storage, run_id)
        instance.report_engine_event("after", job_name="short", run_id=run_id)
        assert len(instance.all_logs(run_id)) == before + 1


def _half_a_transaction(storage: sqlite_event_log.SqliteEventLogStorage, run_id: str) -> None:
    with storage.run_connection(run_id) as connection:
        connection.exec_driver_sql("delete from event_logs")
        raise KeyError("halfway")


def refused(*_given: object, **_named: object) -> None:
    raise AssertionError("Dagster makes an engine of its own")


def test_a_storage_without_files_needs_nothing() -> None:
    with dg.DagsterInstance.ephemeral() as instance, event_log_held_open(instance):
        second = run_of(instance)
        assert instance.get_run_by_id(second) is not None
