"""The Dagster instance of a workspace: its settings file, and the one way to get at it."""

from __future__ import annotations

import os

from orchestration.lib.workspace import Workspace

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
