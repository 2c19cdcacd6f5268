"""What every op may ask for: the workspace with its settings, held by one writer at a time."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import dagster as dg
from pydantic import Field, PrivateAttr

from orchestration.defs.who_why import WHO_TAG, WHY_TAG, who_and_why
from orchestration.lib.build_id import code_version
from orchestration.lib.dagster_home import event_log_held_open
from orchestration.lib.errors import ConfigurationError
from orchestration.lib.landing import Ledger
from orchestration.lib.mapping import SourceMapping, load_mappings
from orchestration.lib.settings import Settings, load_settings
from orchestration.lib.workspace import PROJECT_ROOT, SETTINGS_FILE, WORKSPACE_VARIABLE, Workspace

if TYPE_CHECKING:
    from orchestration.lib.dbt_runner import DbtRunner


def active_workspace() -> Workspace:
    """``$TRILOOP_WORKSPACE``, else the current folder, else ``demo`` beside the code.

    Raises:
        ConfigurationError: none of them is a workspace.
    """
    named = os.environ.get(WORKSPACE_VARIABLE)
    if named:
        return Workspace.open(named)
    for folder in (os.getcwd(), str(PROJECT_ROOT / "demo")):
        if os.path.isfile(os.path.join(folder, SETTINGS_FILE)):
            return Workspace.open(folder)
    raise ConfigurationError(
        "Dagster does not know which workspace to show",
        hint=f"start it with 'triloop ui --workspace DIR', or set {WORKSPACE_VARIABLE}",
    )


class Active(NamedTuple):
    """The active workspace as its files say it is now."""

    workspace: Workspace
    settings: Settings
    mappings: list[SourceMapping]


_READ: dict[tuple[object, ...], Active] = {}


def active() -> Active:
    """The active workspace with its settings and mappings, read once for all modules that define something.

    Raises:
        ConfigurationError: there is none, or one of its files is wrong.
    """
    workspace = active_workspace()
    files = [workspace.settings_file, *sorted(workspace.mappings_dir.glob("*"))]
    stamps = [(str(file), found.st_mtime_ns, found.st_size) for file in files for found in [file.stat()]]
    key = (str(workspace.root), *stamps)
    if key not in _READ:
        settings = load_settings(workspace)
        mappings = load_mappings(workspace, settings)
        _READ.clear()
        _READ[key] = Active(workspace, settings, mappings)
    return _READ[key]


class WorkspaceResource(dg.ConfigurableResource):
    """The workspace of this code location / 此代码位置的工作区.

    It holds the workspace's kernel lock while a run executes, so that runs started by the CLI, the UI, a schedule and a
    sensor take turns whatever Dagster's own queue believes. It also notes who started a run and why, on the run and in
    the ledger.
    """

    path: str = Field(description="The folder that holds triloop.yml / triloop.yml 所在的文件夹")
    lock_wait_seconds: float = Field(
        default=60.0,
        description="How long a run waits for another one to end before it gives up / 等待其他运行结束的最长秒数",
    )
    _dbt: Any = PrivateAttr(default=None)

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[WorkspaceResource]:
        run_id = context.run.run_id if context.run else "a direct call"
        with self.workspace.writer_lock(f"Dagster run {run_id}", wait_seconds=self.lock_wait_seconds):
            if context.run is None or context.instance is None:
                yield self
                return
            ledger = Ledger(self.workspace)
            settings_hash = hashlib.sha256(self.workspace.settings_file.read_bytes()).hexdigest()
            who, why = who_and_why(context.run.tags)
            context.instance.add_run_tags(run_id, {WHO_TAG: who, WHY_TAG: why})
            ledger.record_run(run_id, why, who, code_version(), settings_hash)
            try:
                with event_log_held_open(context.instance):
                    yield self
            finally:
                # An op's failure does not reach a resource as an exception; the event log has it.
                failures = context.instance.all_logs(run_id, of_type=dg.DagsterEventType.STEP_FAILURE)
                failed = sorted({entry.step_key for entry in failures if entry.step_key})
                ledger.finish_run(run_id, "failed" if failed else "succeeded", json.dumps({"failed_steps": failed}))

    @cached_property
    def workspace(self) -> Workspace:
        return Workspace.open(self.path)

    @cached_property
    def settings(self) -> Settings:
        return load_settings(self.workspace)

    @cached_property
    def mappings(self) -> list[SourceMapping]:
        return load_mappings(self.workspace, self.settings)

    def dbt(self) -> DbtRunner:
        """The resident dbt runner, made at the first call because importing dbt takes seconds."""
        if self._dbt is None:
            from orchestration.lib.dbt_runner import DbtRunner

            self._dbt = DbtRunner(self.workspace, self.settings)
        return self._dbt


def default_resources() -> dict[str, Any]:
    return {"workspace": WorkspaceResource(path=str(active_workspace().root))}
