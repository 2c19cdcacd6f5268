"""Verifying the workspaces that a test used."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from orchestration.lib.shared_cache import FOLDER_VARIABLE
from orchestration.lib.workspace import SETTINGS_FILE, Workspace

_DEPTH = 3  # folders below a test's own temporary folder


def used_workspaces(arguments: Mapping[str, Any]) -> list[Path]:
    """The workspaces among the arguments of a test, and those in its temporary folder, that hold data."""
    found: set[Path] = set()
    for value in arguments.values():
        place = getattr(value, "workspace", value)
        root = place.root if isinstance(place, Workspace) else place
        if isinstance(root, Path) and root.is_dir():
            found.update(file.parent for depth in range(_DEPTH) for file in root.glob("*/" * depth + SETTINGS_FILE))
    return sorted(root for root in found if Workspace(root).ledger_file.is_file())


def verify_once(root: Path, shared: Path) -> list[str]:
    """What does not hold in a workspace; a state that was found good by any worker is not looked at again."""
    folder = shared / "verified"
    folder.mkdir(exist_ok=True)
    with (folder / f"{hashlib.sha256(str(root).encode()).hexdigest()[:16]}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several workers share the demo
        good = folder / _state(Workspace(root))
        if good.exists():
            return []
        violations = _violations(root)
        if not violations:
            good.touch()
        return violations


def _violations(root: Path) -> list[str]:
    from orchestration.lib.verify import verify_workspace

    with _own_environment():
        outcomes = verify_workspace(Workspace.open(root))
    return [
        f"{one.invariant} {found.table} {found.file or ''}:{found.row or ''} {found.detail.en}"
        for one in outcomes
        for found in one.violations
    ]


def _state(workspace: Workspace) -> str:
    told = [str(workspace.root)]
    pointer = workspace.published_dir / "CURRENT"
    for path in (workspace.warehouse_file, workspace.ledger_file, workspace.vault_file, pointer):
        told.append(f"{path.stat().st_size} {path.stat().st_mtime_ns}" if path.is_file() else "-")
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


@contextmanager
def _own_environment() -> Iterator[None]:
    """A workspace's own secrets, not those of the one before."""
    before = dict(os.environ)
    for name in [one for one in os.environ if one.startswith("TRILOOP_") and one != FOLDER_VARIABLE]:
        del os.environ[name]
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
