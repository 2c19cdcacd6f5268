"""The Dagster instance of a workspace: its settings file, and the one way to get at it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from orchestration.lib.workspace import Workspace

if TYPE_CHECKING:
    import sqlite3

    import dagster as dg
    import sqlalchemy as sa
    from sqlalchemy.engine import Connection

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
def event_log_held_open(instance: dg.DagsterInstance) -> Iterator[None]:
    """Write the SQLite files of the event log over one connection each while a run lasts.

    Dagster makes an engine and a connection per event, three thousand times in a run: every statement is compiled anew,
    and the last connection to be closed folds SQLite's log back into the file and deletes it. Together that cost a
    quarter of a run. Each event is still a transaction of its own, seen at once by the UI; only the wait for the disk
    is left to SQLite's checkpoints, so a power cut may take the last events with it and never harms the file. What must
    outlive one is in the ledger. With another storage (PostgreSQL) there is nothing to hold; held twice is held once.
    """
    from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage

    storage = instance.event_log_storage
    if not isinstance(storage, SqliteEventLogStorage) or "_connect" in vars(storage):
        yield
        return
    with ExitStack() as held:
        vars(storage)["_connect"] = _one_connection_per_file(storage, held)
        held.callback(vars(storage).pop, "_connect")
        yield


def _one_connection_per_file(storage: Any, held: ExitStack) -> Callable[[str], AbstractContextManager[Connection]]:
    """What stands in for ``SqliteEventLogStorage._connect``: a transaction on the kept connection of a file."""

    opens = storage._connect  # creates the file and its tables
    engines: dict[str, sa.Engine] = {}

    @contextmanager
    def connect(shard: str) -> Iterator[Connection]:
        if shard not in engines:
            with opens(shard):
                pass
            engines[shard] = _engine(storage.conn_string_for_shard(shard))
            held.callback(engines[shard].dispose)
        with storage._db_lock, engines[shard].connect() as connection, connection.begin():
            yield connection

    return connect


def _engine(address: str) -> sa.Engine:
    import sqlalchemy as sa
    from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS

    engine = sa.create_engine(
        address,
        poolclass=sa.StaticPool,  # one connection for all threads; the storage's lock lets one in at a time
        connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
    )

    @sa.event.listens_for(engine, "connect")
    def _leave_the_disk_to_checkpoints(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("pragma synchronous = normal")

    return engine
