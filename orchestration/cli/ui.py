"""``triloop ui``: Dagster's web interface and daemon on the workspace's own instance."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from orchestration.cli.run import WorkspaceOption
from orchestration.lib.dagster_home import ensure_dagster_home
from orchestration.lib.workspace import PROJECT_ROOT, Workspace


def ui(
    workspace: WorkspaceOption = None,
    port: Annotated[int, typer.Option(help="the port to listen on")] = 3000,
    host: Annotated[str, typer.Option(help="the address to listen on; loopback unless you put a proxy before it")] = (
        "127.0.0.1"
    ),
) -> None:
    """Open Dagster on this workspace: graph, runs, gates, schedules, sensors / 打开 Dagster 界面."""
    opened = Workspace.open(workspace)
    ensure_dagster_home(opened)
    typer.echo(f"Dagster for {opened.root} on http://{host}:{port} (Ctrl-C ends it)", err=True)
    # dg dev, which Dagster advises instead, is a package of its own that would add nothing here.
    quiet = ["-W", "ignore:Function `dev_command` is superseded"]
    command = [sys.executable, *quiet, "-m", "dagster", "dev", "-w", str(PROJECT_ROOT / "workspace.yaml")]
    os.chdir(PROJECT_ROOT)  # workspace.yaml names its working directory relative to the project
    os.execv(sys.executable, [*command, "--host", host, "--port", str(port)])
