"""``triloop run``: the full job, in this process, on the same Dagster instance that the UI shows."""

from __future__ import annotations

import gc
import json
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from orchestration.cli.text import choose_language, say
from orchestration.lib.errors import TriloopError
from orchestration.lib.progress import listening
from orchestration.lib.stage_times import StageTime, stage_times
from orchestration.lib.workspace import Workspace

WorkspaceOption = Annotated[
    Path | None, typer.Option("--workspace", "-w", help="the workspace folder (default: the current folder)")
]


def run(
    workspace: WorkspaceOption = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="print the summary as JSON")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="no progress lines")] = False,
    lang: Annotated[str | None, typer.Option("--lang", help="en or zh (default: from the environment)")] = None,
    source: Annotated[str | None, typer.Option("--source", help="refresh one source and what follows from it")] = None,
    reason: Annotated[str, typer.Option("--reason", help="why it runs; kept with the run")] = "triloop run",
) -> None:
    """Run everything: land, map, check, build the loops, attribute, measure, publish / 完整运行."""
    opened = Workspace.open(workspace)
    # Settings and mappings are read before anything heavy is imported, so that a typing error is told at once.
    from orchestration.lib.doctor import refuse_unknown_thresholds
    from orchestration.lib.errors import ConfigurationError, nearest
    from orchestration.lib.mapping import load_mappings
    from orchestration.lib.settings import load_settings
    from orchestration.lib.settings_names import refuse_unknown_sources

    settings = load_settings(opened)
    refuse_unknown_thresholds(opened, settings)
    mappings = load_mappings(opened, settings)
    if not mappings:
        raise ConfigurationError(
            f"{opened.root} maps no source: there is no file in mappings/",
            hint="write mappings/<source>.yml (docs/reference/mapping.md), or start from 'triloop init DIR --demo'",
        )
    refuse_unknown_sources(opened, (f"{mapping.source}.{name}" for mapping in mappings for name in mapping.objects))
    if source is not None and source not in {mapping.source for mapping in mappings}:
        raise ConfigurationError(
            f"no mapping describes the source '{source}'", hint=nearest(source, [m.source for m in mappings])
        )
    started = time.monotonic()

    def show(text: str) -> None:
        if not quiet:
            typer.echo(f"[{time.monotonic() - started:6.1f} s] {text}", err=True)

    show(f"workspace {opened.root}; loading Dagster and dbt ...")
    try:
        with listening(show):
            outcome = execute(
                opened,
                job="full_run" if source is None else f"refresh_{source}",
                landing=[f"{mapping.source}__{name}" for mapping in mappings for name in mapping.objects],
                started=started,
                reason=reason,
            )
    except KeyboardInterrupt:
        typer.echo("\n" + say("run.stopped", choose_language(lang)), err=True)
        raise
    from orchestration.lib.summary import build_summary, render, to_json

    failure = outcome.failure
    summary = build_summary(opened, failure, outcome.stages)
    if as_json:
        typer.echo(json.dumps(to_json(summary), ensure_ascii=False, indent=2, default=str))
    else:
        render(summary, choose_language(lang))
    if failure is not None:
        raise failure


@dataclass(frozen=True)
class Outcome:
    """How a job ended: the error that a user can act on (None when it succeeded), and the time of each stage."""

    failure: TriloopError | None
    stages: list[StageTime]


def execute(
    workspace: Workspace, job: str, *, landing: Iterable[str], started: float, reason: str = "triloop run"
) -> Outcome:
    """Execute a job in this process.

    Args:
        landing: names of the steps that land a source object.
        started: ``time.monotonic()`` when the command began.
        reason: why, for the run's tags and the ledger.

    Raises:
        KeyboardInterrupt: the user stopped it.
        Exception: a fault of ours, unchanged.
    """
    from orchestration.lib.dagster_home import ensure_dagster_home, event_log_held_open

    ensure_dagster_home(workspace)
    import dagster as dg
    from dagster._core.errors import DagsterExecutionInterruptedError  # has no public name

    from orchestration.definitions import build_definitions
    from orchestration.defs.who_why import account, command_tags

    try:
        definitions = build_definitions()
    except Exception as error:
        readable = readable_cause(error)  # Dagster wraps what went wrong while its folder was read
        if readable is None:
            raise
        raise readable from error
    run_id, failure = str(uuid.uuid4()), None
    with dg.DagsterInstance.get() as instance, event_log_held_open(instance), seldom_collecting():
        before = time.monotonic() - started
        try:
            definitions.resolve_job_def(job).execute_in_process(
                instance=instance,
                run_id=run_id,
                tags=command_tags(account(), reason),
                # Dagster's console log would drown the progress; the UI and the event log keep every line.
                run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            )
        except DagsterExecutionInterruptedError as stop:
            raise KeyboardInterrupt from stop
        except Exception as error:
            failure = readable_cause(error)
            if failure is None:
                raise
        return Outcome(failure, stage_times(instance, run_id, before=before, landing=landing))


@contextmanager
def seldom_collecting() -> Iterator[None]:
    """Leave what is loaded out of the search for garbage while a run lasts, and search less often.

    Code, definitions and dbt's manifest are millions of objects that stay; looking through them took a twelfth of a
    run.
    """
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def readable_cause(error: BaseException) -> TriloopError | None:
    """The first error meant for the user behind one that Dagster wrapped; None when there is none.

    Causes and contexts may form a ring, so what was looked at is remembered.
    """
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        current = waiting.pop(0)
        if id(current) in seen:
            continue
        seen.add(id(current))
        if isinstance(current, TriloopError):
            return current
        waiting += [further for further in (current.__cause__, current.__context__) if further is not None]
    return None
