"""The Dagster instance of a workspace: its settings file, and the one way to get at it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING

from orchestration.lib.workspace import Workspace

if TYPE_CHECKING:
    import dagster as dg

_INSTANCE_FILE = """\
# Written by triloop when it is missing; edit freely, for instance to keep runs in PostgreSQL (docs/how-to/operate.md).
telemetry:
  enabled: false
nux:
  enabled: false   # no sign-up window at the first visit
concurrency:
  runs:
    max_concurrent_runs: 1   # only a queue; the truth is the workspace's kernel lock
run_monitoring:
  enabled: true
  start_timeout_seconds: 180
"""


def ensure_dagster_home(workspace: Workspace) -> None:
    """Point Dagster at the workspace's own instance folder, with telemetry off."""
    workspace.dagster_home.mkdir(parents=True, exist_ok=True)
    instance_file = workspace.dagster_home / "dagster.yaml"
    if not instance_file.exists():
        instance_file.write_text(_INSTANCE_FILE, encoding="utf-8")
    os.environ["DAGSTER_HOME"] = str(workspace.dagster_home)
    os.environ["DAGSTER_DISABLE_TELEMETRY"] = "1"


@contextmanager
def event_log_held_open(instance: dg.DagsterInstance, run_id: str) -> Iterator[None]:
    """Keep one idle connection to each SQLite file of the event log while a run writes to it.

    Dagster opens and closes a connection per event. The last connection to be closed folds SQLite's log back into the
    file and deletes it, which costs three times the write itself, a thousand times in a run. With another storage
    (PostgreSQL) there is nothing to hold.
    """
    from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME, SqliteEventLogStorage

    storage = instance.event_log_storage
    with ExitStack() as held:
        if isinstance(storage, SqliteEventLogStorage):
            for shard in (run_id, INDEX_SHARD_NAME):
                path = storage.path_for_shard(shard)
                if os.path.isfile(path):
                    connection = held.enter_context(closing(sqlite3.connect(path, check_same_thread=False)))
                    # Only a connection that has read something counts as being there.
                    connection.execute("pragma schema_version").fetchall()
        yield
