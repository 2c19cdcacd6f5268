"""Stages of a run from Dagster's step statistics: sources together, everything else by itself."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from orchestration.lib.stage_times import StageTime, stage_times


def _step(key: str, start: float | None, end: float | None) -> Any:
    return SimpleNamespace(step_key=key, start_time=start, end_time=end)


def test_landing_is_summed_and_stages_keep_their_order() -> None:
    steps = [
        _step("dbt_staging", 20.0, 24.5),
        _step("crm__leads", 10.0, 10.25),
        _step("erp__orders", 10.25, 11.0),
        _step("canonical", 11.0, 12.0),
        _step("published__snapshot", 30.0, 30.125),
        _step("gate_metrics", None, None),  # never began
    ]
    instance = SimpleNamespace(get_run_step_stats=lambda run_id: steps if run_id == "r" else [])
    found = stage_times(cast("Any", instance), "r", before=3.456, landing=["crm__leads", "erp__orders"])
    assert found == [
        StageTime("start", 3.46),
        StageTime("landing", 1.0),
        StageTime("canonical", 1.0),
        StageTime("dbt_staging", 4.5),
        StageTime("publish", 0.12),
    ]


def test_a_step_that_was_killed_counts_nothing() -> None:
    instance = SimpleNamespace(get_run_step_stats=lambda run_id: [_step("canonical", 5.0, None)])
    found = stage_times(cast("Any", instance), "r", before=1.0, landing=())
    assert found == [StageTime("start", 1.0), StageTime("canonical", 0.0)]
