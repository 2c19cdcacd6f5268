"""Where things are in a user's workspace, its environment file and its writer lock."""

from __future__ import annotations

import fcntl
import json
import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from orchestration.lib.errors import ConfigurationError, WorkspaceBusyError
from orchestration.lib.progress import report

WORKSPACE_VARIABLE = "TRILOOP_WORKSPACE"
SETTINGS_FILE = "triloop.yml"
PROJECT_ROOT = Path(__file__).resolve().parents[2]
DBT_PROJECT_DIR = PROJECT_ROOT / "dbt_project"
EXPECTATIONS_DIR = PROJECT_ROOT / "expectations"


@dataclass(frozen=True)
class Workspace:
    """A folder made by ``triloop init``. Everything under ``.triloop`` is state and belongs to the program."""

    root: Path

    @property
    def settings_file(self) -> Path:
        return self.root / SETTINGS_FILE

    @property
    def mappings_dir(self) -> Path:
        return self.root / "mappings"

    @property
    def identity_file(self) -> Path:
        """What people decided about who is who; not there as long as nobody decided anything."""
        return self.root / "identity.yml"

    @property
    def inbox_dir(self) -> Path:
        return self.root / "inbox"

    @property
    def env_file(self) -> Path:
        return self.root / ".env"

    @property
    def state_dir(self) -> Path:
        return self.root / ".triloop"

    @property
    def landing_dir(self) -> Path:
        """Immutable Parquet, ``<source>/<object>/<content hash>-<privacy hash>.parquet``."""
        return self.state_dir / "landing"

    @property
    def archive_dir(self) -> Path:
        """Original files as received, readable by the owner only."""
        return self.state_dir / "archive"

    @property
    def ledger_file(self) -> Path:
        """SQLite: what was seen when, runs, row accounts of landing."""
        return self.state_dir / "ledger.sqlite"

    @property
    def vault_file(self) -> Path:
        """SQLite with encrypted personal values."""
        return self.state_dir / "vault.sqlite"

    @property
    def warehouse_file(self) -> Path:
        """The working DuckDB database: schemas canonical, staging, intermediate, marts, metrics, gate."""
        return self.state_dir / "work.duckdb"

    @property
    def published_dir(self) -> Path:
        return self.state_dir / "published"

    @property
    def dbt_target_dir(self) -> Path:
        return self.state_dir / "dbt"

    @property
    def dagster_home(self) -> Path:
        return self.state_dir / "dagster"

    @property
    def lock_file(self) -> Path:
        return self.state_dir / "lock"

    @classmethod
    def open(cls, path: str | Path | None = None) -> Workspace:
        """The workspace at ``path``, else at ``$TRILOOP_WORKSPACE``, else the current folder.

        Loads ``.env`` of the workspace into the environment (a variable already set wins) and makes the state folders.

        Raises:
            ConfigurationError: there is no ``triloop.yml``.
        """
        root = Path(path or os.environ.get(WORKSPACE_VARIABLE) or ".").expanduser().resolve()
        if not (root / SETTINGS_FILE).is_file():
            raise ConfigurationError(
                f"{root} is not a triloop workspace: it has no {SETTINGS_FILE}",
                hint="name the folder that holds triloop.yml with --workspace DIR"
                + ("" if root.is_file() else f", or make a workspace with 'triloop init {root} --demo'"),
            )
        workspace = cls(root)
        workspace.load_environment()
        for folder in (workspace.landing_dir, workspace.published_dir, workspace.dagster_home):
            folder.mkdir(parents=True, exist_ok=True)
        workspace.archive_dir.mkdir(mode=0o700, exist_ok=True)
        os.environ[WORKSPACE_VARIABLE] = str(root)
        return workspace

    def load_environment(self) -> None:
        """Read ``KEY=value`` lines of ``.env`` into the environment, never over a variable that is set."""
        if not self.env_file.is_file():
            return
        for number, raw in enumerate(self.env_file.read_text(encoding="utf-8").splitlines(), start=1):
            line = raw.strip()
            if not line or line.startswith("#"):
                continue
            key, separator, value = line.partition("=")
            if not separator:
                raise ConfigurationError(
                    f"'{line}' is not KEY=value", file=self.env_file, line=number, hint="write one KEY=value per line"
                )
            os.environ.setdefault(key.strip(), value.strip().strip("'\""))

    @contextmanager
    def writer_lock(self, purpose: str, *, wait_seconds: float = 30.0) -> Iterator[None]:
        """Hold the kernel lock that makes CLI, UI and daemon take turns at writing.

        The kernel frees it when the process dies, so a kill never leaves it held.

        Raises:
            WorkspaceBusyError: another process kept it longer than ``wait_seconds``; the text names it.
        """
        self.state_dir.mkdir(parents=True, exist_ok=True)
        deadline = time.monotonic() + wait_seconds
        told = False
        with self.lock_file.open("a+", encoding="utf-8") as handle:
            while True:
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() >= deadline:
                        raise WorkspaceBusyError(
                            f"another process is writing to {self.root}: {self._holder()}",
                            hint="wait for it to end, or stop it, then try again",
                        ) from None
                    if not told:
                        report(f"waiting up to {wait_seconds:.0f} s for {self._holder()} to end")
                        told = True
                    time.sleep(random.uniform(0.05, 0.25))
            handle.seek(0)
            handle.truncate()
            json.dump({"pid": os.getpid(), "purpose": purpose}, handle)
            handle.flush()
            try:
                yield
            finally:
                handle.seek(0)
                handle.truncate()

    def _holder(self) -> str:
        try:
            holder = json.loads(self.lock_file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return "an unknown process"
        return f"process {holder.get('pid')} ({holder.get('purpose')})"
