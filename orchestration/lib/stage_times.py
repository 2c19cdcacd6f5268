"""How long each stage of a run took, from Dagster's own event log."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import dagster as dg

START, LANDING = "start", "landing"
_SHOWN = {"metrics__metric_value": "metrics", "published__snapshot": "publish"}


@dataclass(frozen=True)
class StageTime:
    """Seconds of one stage. ``landing`` is all sources together; ``start`` is what came before the first step."""

    stage: str
    seconds: float


def stage_times(instance: dg.DagsterInstance, run_id: str, *, before: float, landing: Iterable[str]) -> list[StageTime]:
    """The stages of a run in the order they began.

    Args:
        before: seconds that the process had spent when the run began (imports, definitions).
        landing: names of the steps that land a source object; every other step is a stage of its own.
    """
    together = set(landing)
    seconds: dict[str, float] = {START: before}
    steps = [step for step in instance.get_run_step_stats(run_id) if step.start_time is not None]
    for step in sorted(steps, key=lambda step: (step.start_time or 0.0, step.step_key)):
        stage = LANDING if step.step_key in together else _SHOWN.get(step.step_key, step.step_key)
        seconds[stage] = seconds.get(stage, 0.0) + (step.end_time or step.start_time or 0.0) - (step.start_time or 0.0)
    return [StageTime(stage, round(spent, 2)) for stage, spent in seconds.items()]
